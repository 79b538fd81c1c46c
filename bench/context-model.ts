import { randomFillSync } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as onnx from '../src/inference/onnx-fields.ts'
import { field, integerField, message } from '../src/inference/protobuf-bytes.ts'

/** A Llama of 71 million parameters, as small chat models are built: half of it is the table of words, twice. */
const [VOCABULARY, HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, INNER] = [32_000, 512, 12, 8, 4, 64, 1408]
/** Rows of the rotary tables: the longest context. */
const CONTEXT = 2048
/** Weights that share a scale in 4 bits. */
const BLOCK = 32
const [FLOAT, UINT8, INT64, INT32_CAST] = [1, 2, 7, 6]
const FLOAT_BYTES = 4
/** ONNX itself, and onnxruntime's own operators. */
const OPSETS = { '': 14, 'com.microsoft': 1 }
const IR_VERSION = 8
/** Of onnx.proto, what only this file writes. */
const [MODEL_IR, MODEL_OPSET, OPSET_DOMAIN, OPSET_VERSION, NODE_DOMAIN, DIMENSION_NAME] = [1, 8, 1, 2, 7, 2]

export const CONTEXT_VOCABULARY = VOCABULARY
export const CONTEXT_PARAMETERS =
  2 * VOCABULARY * HIDDEN + LAYERS * HIDDEN * (2 * HEADS * HEAD + 2 * KV_HEADS * HEAD + 3 * INNER)

/** How the matrices are stored. */
export type Stored = 'fp32' | '4 bit'

/**
 * Writes a graph with weights of noise, in a file beside it: it says nothing, and takes as long as one that does.
 * @param path of the graph, in a folder of its own
 */
export async function makeContextModel(path: string, stored: Stored): Promise<void> {
  const [nodes, tensors, weights]: [Uint8Array[], Uint8Array[], Float32Array[] | Uint8Array[]] = [[], [], []]
  let offset = 0
  const outside = (name: string, type: number, shape: number[], bytes: Uint8Array): string => {
    const place = { location: 'weights.bin', offset: String(offset), length: String(bytes.length) }
    const entries = Object.entries(place).map(([key, value]) =>
      field(onnx.TENSOR_EXTERNAL, message(field(onnx.ENTRY_KEY, key), field(onnx.ENTRY_VALUE, value)))
    )
    const location = integerField(onnx.TENSOR_LOCATION, onnx.EXTERNAL_LOCATION)
    tensors.push(tensor(name, type, shape, ...entries, location))
    ;(weights as Uint8Array[]).push(bytes)
    offset += bytes.length
    return name
  }
  const floats = (name: string, shape: number[], scale: number): string =>
    outside(name, FLOAT, shape, bytesOf(noise(product(shape), scale)))
  const inside = (name: string, type: number, shape: number[], raw: Uint8Array): string => {
    tensors.push(tensor(name, type, shape, field(onnx.TENSOR_RAW, raw)))
    return name
  }
  const add = (
    operator: string,
    inputs: string[],
    outputs: string[],
    attributes: Record<string, number> = {}
  ): string => {
    const own = ['GroupQueryAttention', 'MatMulNBits', 'SimplifiedLayerNormalization'].includes(operator)
    const domain = own && operator !== 'SimplifiedLayerNormalization' ? [field(NODE_DOMAIN, 'com.microsoft')] : []
    nodes.push(node(operator, inputs, outputs, attributes, domain))
    return outputs[0] ?? ''
  }
  const matrix = (x: string, name: string, rows: number, columns: number, out = `${name}.out`): string => {
    if (stored === 'fp32') return add('MatMul', [x, floats(name, [rows, columns], rows ** -0.5)], [out])
    const bytes = randomFillSync(new Uint8Array((columns * rows) / 2))
    const quantized = outside(name, UINT8, [columns, rows / BLOCK, BLOCK / 2], bytes)
    const scale = floats(`${name}.scale`, [(columns * rows) / BLOCK], 0.2 * rows ** -0.5)
    return add('MatMulNBits', [x, quantized, scale], [out], { K: rows, N: columns, bits: 4, block_size: BLOCK })
  }
  const norm = (x: string, name: string): string => {
    const ones = inside(`${name}.weight`, FLOAT, [HIDDEN], bytesOf(new Float32Array(HIDDEN).fill(1)))
    return add('SimplifiedLayerNormalization', [x, ones], [name])
  }

  const one = inside('one', INT64, [1], new Uint8Array(BigInt64Array.of(1n).buffer))
  const second = inside('second', INT64, [], new Uint8Array(BigInt64Array.of(1n).buffer))
  add('ReduceSum', ['attention_mask', one], ['lengths'], { keepdims: 0 })
  add('Sub', ['lengths', one], ['lengths.last'])
  add('Cast', ['lengths.last'], ['lengths.int32'], { to: INT32_CAST })
  add('Shape', ['attention_mask'], ['mask.shape'])
  add('Gather', ['mask.shape', second], ['total'])
  add('Cast', ['total'], ['total.int32'], { to: INT32_CAST })
  for (const name of ['cos', 'sin'] as const) {
    const table = Float32Array.from({ length: (CONTEXT * HEAD) / 2 }, (_, index) => {
      const [position, pair] = [Math.floor(index / (HEAD / 2)), index % (HEAD / 2)]
      return Math[name](position / 10_000 ** ((2 * pair) / HEAD))
    })
    inside(name, FLOAT, [CONTEXT, HEAD / 2], bytesOf(table))
  }
  let x = add('Gather', [floats('embedding', [VOCABULARY, HIDDEN], 1), 'input_ids'], ['embedded'])
  const [inputs, outputs]: [Uint8Array[], Uint8Array[]] = [
    [value('input_ids', INT64, ['batch', 'sequence']), value('attention_mask', INT64, ['batch', 'total'])],
    [value('logits', FLOAT, ['batch', 'sequence', VOCABULARY])]
  ]
  for (let layer = 0; layer < LAYERS; layer++) {
    const packed = matrix(norm(x, `${layer}.norm`), `${layer}.qkv`, HIDDEN, (HEADS + 2 * KV_HEADS) * HEAD)
    const caches = ['key', 'value'].map((kind) => `${layer}.${kind}`)
    const past = caches.map((name) => `past_key_values.${name}`)
    const present = caches.map((name) => `present.${name}`)
    add(
      'GroupQueryAttention',
      [packed, '', '', ...past, 'lengths.int32', 'total.int32', 'cos', 'sin'],
      [`${layer}.attention`, ...present],
      { num_heads: HEADS, kv_num_heads: KV_HEADS, do_rotary: 1 }
    )
    x = add('Add', [x, matrix(`${layer}.attention`, `${layer}.o`, HEADS * HEAD, HIDDEN)], [`${layer}.middle`])
    const h = norm(x, `${layer}.norm2`)
    const gate = matrix(h, `${layer}.gate`, HIDDEN, INNER)
    const active = add('Mul', [gate, add('Sigmoid', [gate], [`${layer}.sigmoid`])], [`${layer}.silu`])
    const inner = add('Mul', [active, matrix(h, `${layer}.up`, HIDDEN, INNER)], [`${layer}.inner`])
    x = add('Add', [x, matrix(inner, `${layer}.down`, INNER, HIDDEN)], [`${layer}.out`])
    inputs.push(...past.map((name) => value(name, FLOAT, ['batch', KV_HEADS, 'past', HEAD])))
    outputs.push(...present.map((name) => value(name, FLOAT, ['batch', KV_HEADS, 'total', HEAD])))
  }
  matrix(norm(x, 'norm'), 'head', HIDDEN, VOCABULARY, 'logits')

  const graph = message(
    ...nodes.map((each) => field(onnx.GRAPH_NODE, each)),
    ...tensors.map((each) => field(onnx.GRAPH_INITIALIZER, each)),
    ...inputs.map((each) => field(onnx.GRAPH_INPUT, each)),
    ...outputs.map((each) => field(onnx.GRAPH_OUTPUT, each))
  )
  const opsets = Object.entries(OPSETS).map(([domain, version]) =>
    field(MODEL_OPSET, message(field(OPSET_DOMAIN, domain), integerField(OPSET_VERSION, version)))
  )
  await pipeline(Readable.from(weights), createWriteStream(join(dirname(path), 'weights.bin')))
  await writeFile(path, message(integerField(MODEL_IR, IR_VERSION), ...opsets, field(onnx.MODEL_GRAPH, graph)))
}

function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number>>,
  domain: readonly Uint8Array[]
): Uint8Array {
  return message(
    ...inputs.map((name) => field(onnx.NODE_INPUT, name)),
    ...outputs.map((name) => field(onnx.NODE_OUTPUT, name)),
    field(onnx.NODE_OPERATOR, operator),
    ...Object.entries(attributes).map(([name, number]) => {
      const type = integerField(onnx.ATTRIBUTE_TYPE, onnx.INT_ATTRIBUTE)
      return field(
        onnx.NODE_ATTRIBUTE,
        message(field(onnx.ATTRIBUTE_NAME, name), integerField(onnx.ATTRIBUTE_INT, number), type)
      )
    }),
    ...domain
  )
}

function tensor(name: string, type: number, shape: readonly number[], ...data: Uint8Array[]): Uint8Array {
  const dimensions = shape.map((size) => integerField(onnx.TENSOR_DIMS, size))
  return message(...dimensions, integerField(onnx.TENSOR_TYPE, type), field(onnx.TENSOR_NAME, name), ...data)
}

/** A dimension without a fixed size has a name. */
function value(name: string, type: number, shape: readonly (string | number)[]): Uint8Array {
  const dimensions = shape.map((size) =>
    field(
      onnx.SHAPE_DIMENSION,
      typeof size === 'number' ? integerField(onnx.DIMENSION_VALUE, size) : field(DIMENSION_NAME, size)
    )
  )
  const kind = message(integerField(onnx.TENSOR_ELEMENT, type), field(onnx.TENSOR_SHAPE, message(...dimensions)))
  return message(field(onnx.VALUE_NAME, name), field(onnx.VALUE_TYPE, field(onnx.TYPE_TENSOR, kind)))
}

/** The same each time; even between ± the square root of 3, so that its variance is `scale` squared. */
function noise(count: number, scale: number): Float32Array {
  const numbers = new Float32Array(count)
  let state = count
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    numbers[index] = (state / 2 ** 32 - 0.5) * 2 * Math.sqrt(3) * scale
  }
  return numbers
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.length * FLOAT_BYTES)
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1)
}
