import assert from 'node:assert/strict'
import { planLastRow, planNewRows } from '../../src/inference/rewiring.ts'
import type { GraphFacts, GraphNode } from '../../src/inference/rewiring.ts'

const FLOAT = 1
const value = (name: string, shape: (number | null)[] = []): GraphFacts['inputs'][number] => ({
  name,
  type: FLOAT,
  shape
})
const node = (operator: string, inputs: string[], outputs: string[]): GraphNode => ({ operator, inputs, outputs })

/** A graph that ends in these nodes. */
function ending(nodes: GraphNode[], inputs: string[] = ['input_ids']): GraphFacts {
  return {
    nodes: [node('Mul', ['x', 'norm'], ['hidden']), ...nodes],
    weights: new Set(['head', 'scale', 'norm']),
    inputs: inputs.map((name) => value(name)),
    outputs: [value('logits')]
  }
}

describe('where the last row is taken', () => {
  it('before the product with the vocabulary', () => {
    for (const product of ['MatMul', 'MatMulNBits']) {
      const plan = planLastRow(ending([node(product, ['hidden', 'head'], ['logits'])]))
      assert.deepEqual(plan, { node: 1, at: 'input', narrowed: ['logits'] })
    }
  })

  it('through what is made of each number by itself, whichever side it stands on', () => {
    const plan = planLastRow(
      ending([
        node('DynamicQuantizeLinear', ['hidden'], ['small', 'small.scale', 'small.zero']),
        node('MatMulInteger', ['small', 'head', 'small.zero'], ['product']),
        node('Cast', ['product'], ['floats']),
        node('Mul', ['small.scale', 'scale'], ['both']),
        node('Mul', ['both', 'floats'], ['capped']),
        node('Tanh', ['capped'], ['logits'])
      ])
    )
    assert.deepEqual(plan, { node: 2, at: 'input', narrowed: ['logits', 'capped', 'floats', 'product'] })
  })

  it('of the logits themselves, where what leads to them is not known or is needed elsewhere', () => {
    const output = (at: number): object => ({ node: at, at: 'output', narrowed: ['logits'] })
    assert.deepEqual(planLastRow(ending([node('Gemm', ['hidden', 'head'], ['logits'])])), output(1))
    const transposed = [node('MatMul', ['head', 'hidden'], ['logits'])]
    assert.deepEqual(planLastRow(ending(transposed)), output(1))
    const twice = [
      node('MatMul', ['hidden', 'head'], ['m']),
      node('Cast', ['m'], ['logits']),
      node('Sin', ['m'], ['n'])
    ]
    assert.deepEqual(planLastRow(ending(twice)), output(2))
  })

  it('nowhere, where the graph gives one row already or goes on with its logits', () => {
    const nodes = [node('MatMul', ['hidden', 'head'], ['logits'])]
    for (const name of ['num_logits_to_keep', 'logits_to_keep']) {
      assert.equal(planLastRow(ending(nodes, ['input_ids', name])), null)
    }
    assert.equal(planLastRow(ending([...nodes, node('Softmax', ['logits'], ['p'])])), null)
    assert.equal(planLastRow(ending([])), null)
  })

  it('within bounded work, however long the way is', () => {
    const way = Array.from({ length: 5000 }, (_, index) => node('Add', [`a${index}`, `b${index}`], [`a${index + 1}`]))
    const plan = planLastRow(ending([...way, node('Cast', ['a5000'], ['logits'])]))
    assert.deepEqual(plan, { node: 5001, at: 'output', narrowed: ['logits'] })
  })
})

describe('which keys and values are given apart', () => {
  const cache = (operators: string[], shape: (number | null)[] = [null, 2, null, 16]): GraphFacts => ({
    nodes: operators.map((operator, index) =>
      node(operator, ['qkv', `past_key_values.${index}.key`], ['attention', `present.${index}.key`])
    ),
    weights: new Set(),
    inputs: operators.map((_, index) => value(`past_key_values.${index}.key`, shape)),
    outputs: operators.map((_, index) => value(`present.${index}.key`))
  })

  it('all of them; with room for more only where every layer is told how many there are', () => {
    const caches = [0, 1].map((index) => ({ present: `present.${index}.key`, heads: 2, type: FLOAT }))
    const fused = cache(['GroupQueryAttention', 'GroupQueryAttention'])
    assert.deepEqual(planNewRows(fused), { layout: 'padded', caches })
    assert.deepEqual(planNewRows(cache(['GroupQueryAttention', 'Concat'])), { layout: 'packed', caches })
    const looked = { ...fused, nodes: [...fused.nodes, node('Shape', ['past_key_values.0.key'], ['length'])] }
    assert.equal(planNewRows(looked)?.layout, 'packed')
  })

  it('none, where the number of heads is not said, or an output is missing, or there is no cache', () => {
    assert.equal(planNewRows(cache(['Concat'], [null, null, null, 16])), null)
    assert.equal(planNewRows(cache(['Concat'], [null, 2, 16])), null)
    assert.equal(planNewRows({ ...cache(['Concat']), outputs: [] }), null)
    assert.equal(planNewRows(cache([])), null)
  })
})
