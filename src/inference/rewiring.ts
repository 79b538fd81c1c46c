/**
 * What of a graph can be wired otherwise so that less is computed and copied for each token, decided from its nodes
 * alone. Pure; `graph-rewrite.ts` does it, and `DecoderSession` tries whether the result computes the same.
 *
 * - Last row: of the tokens that are read at once only the last one's logits are wanted. What leads to them is cut to its
 *   last row before the product with the vocabulary, the largest of most graphs; else the logits themselves are.
 * - New rows: beside `present.*`, all keys and values, the graph gives those of the new tokens alone, at the places that
 *   it is told. Whoever keeps the others needs nothing else of it.
 */
import { PAST, presentOf } from './graph-fit.ts'
import type { KvLayout } from './kv-buffers.ts'
import type { GraphValue } from './onnx-file.ts'

export interface GraphNode {
  operator: string
  inputs: readonly string[]
  outputs: readonly string[]
}

export interface GraphFacts {
  nodes: readonly GraphNode[]
  /** Names of the weights. */
  weights: ReadonlySet<string>
  inputs: readonly GraphValue[]
  outputs: readonly GraphValue[]
}

/** Where the last row is taken, by the index of a node. */
export interface LastRow {
  node: number
  /** `input`: of its first input, before it computes; `output`: of its output, the logits. */
  at: 'input' | 'output'
  /** Values that have one row in the place of all of them from there on. */
  narrowed: readonly string[]
}

export interface NewRows {
  layout: KvLayout
  caches: readonly { present: string; heads: number; type: number }[]
}

/** Inputs by which a graph already gives the last row. */
const LAST_ROW_INPUTS = ['num_logits_to_keep', 'logits_to_keep']

/** Products whose first input has one row for each token, and each row of whose output is made of that row. */
const PRODUCTS = ['MatMul', 'MatMulNBits', 'MatMulInteger', 'MatMulBnb4', 'MatMulIntegerToFloat', 'QLinearMatMul']

/** What exporters put between that product and the logits: each number is made of its own. */
const ELEMENTWISE = ['Cast', 'Identity', 'Mul', 'Div', 'Add', 'Sub', 'Tanh', 'Clip', 'DequantizeLinear']

/** The longest known way (soft capping behind an 8 bit product) has six. */
const LONGEST_WAY = 12

/** Where to take the last row; null where the graph gives no more than that, or where nothing fits. */
export function planLastRow({ nodes, weights, inputs, outputs }: GraphFacts): LastRow | null {
  if (inputs.some(({ name }) => LAST_ROW_INPUTS.includes(name))) return null
  const producers = new Map(nodes.flatMap((node, index) => node.outputs.map((name) => [name, index] as const)))
  const uses = new Map<string, number>()
  for (const name of [...nodes.flatMap((node) => node.inputs), ...outputs.map((output) => output.name)]) {
    uses.set(name, (uses.get(name) ?? 0) + 1)
  }
  const back = (name: string, way: readonly string[]): LastRow | null => {
    const index = producers.get(name)
    const node = nodes[index ?? -1]
    // What something else needs too cannot be narrowed.
    if (index === undefined || node === undefined || uses.get(name) !== 1 || way.length > LONGEST_WAY) return null
    const narrowed = [...way, name]
    const [first = ''] = node.inputs
    if (PRODUCTS.includes(node.operator)) return weights.has(first) ? null : { node: index, at: 'input', narrowed }
    if (!ELEMENTWISE.includes(node.operator)) return null
    for (const input of node.inputs) {
      const found = back(input, narrowed)
      if (found !== null) return found
    }
    return null
  }
  const node = producers.get('logits')
  if (node === undefined || uses.get('logits') !== 1) return null
  return back('logits', []) ?? { node, at: 'output', narrowed: ['logits'] }
}

/** Which keys and values to give apart; null where the graph does not tell how many heads they have. */
export function planNewRows({ nodes, inputs, outputs }: GraphFacts): NewRows | null {
  const caches: NewRows['caches'][number][] = []
  let layout: KvLayout = 'padded'
  for (const { name, type, shape } of inputs.filter((input) => PAST.test(input.name))) {
    const present = presentOf(name)
    const [, heads = null] = shape
    if (heads === null || shape.length !== 4 || !outputs.some((output) => output.name === present)) return null
    const users = nodes.filter((node) => node.inputs.includes(name))
    // It takes the number of tokens apart from the shape of the cache (onnxruntime, ContribOperators.md).
    if (!users.every(({ operator, outputs: made }) => operator === 'GroupQueryAttention' && made.includes(present))) {
      layout = 'packed'
    }
    caches.push({ present, heads, type })
  }
  return caches.length === 0 ? null : { layout, caches }
}
