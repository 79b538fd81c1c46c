/**
 * Makes a model as large as a test needs out of the small `plain` one, which answers as that does: beside it stand
 * weights in a file of their own through which every token goes, and a key/value cache of any width.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { FIXTURES } from './fixture.ts'

export interface BigModel {
  /** Bytes of the weights beside the graph. */
  weights: number
  /** Bytes that each token adds to the cache, beside the few of `plain`. @default 0 */
  cachePerToken?: number
  /** What it says that it can do, in tokens; beyond 256 it fails. @default 256 */
  contextLength?: number
  /** Makes two models of one size different ones. @default 0 */
  seed?: number
}

const HIDDEN = 1024
const VOCABULARY = 268
const FLOAT = 1
const INT64 = 7
const INT32_BYTES = 4
/** Width of a head of the wide cache, and over how many tensors it is spread, as the layers of a real one are. */
const HEAD = 64
const CACHES = Array.from({ length: 32 }, (_, index) => `${9 + (index >> 1)}.${index % 2 === 0 ? 'key' : 'value'}`)

/** Writes the model's folder. */
export async function makeBigModel(
  path: string,
  { weights, cachePerToken = 0, contextLength = 256, seed = 0 }: BigModel
): Promise<void> {
  mkdirSync(join(path, 'onnx'), { recursive: true })
  const plain = join(FIXTURES, 'models', 'plain')
  for (const name of ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    cpSync(join(plain, name), join(path, name))
  }
  const config = JSON.parse(readFileSync(join(plain, 'config.json'), 'utf8')) as { num_hidden_layers: number }
  const columns = Math.max(1, Math.floor(weights / INT32_BYTES / HIDDEN))
  const heads = Math.floor(cachePerToken / INT32_BYTES / HEAD / CACHES.length)
  const caches = heads === 0 ? [] : CACHES
  // Keys and values of each layer.
  const num_hidden_layers = config.num_hidden_layers + caches.length / 2
  writeFileSync(
    join(path, 'config.json'),
    JSON.stringify({ ...config, num_hidden_layers, max_position_embeddings: contextLength })
  )
  const tensors = [
    tensor('big.embedding', [VOCABULARY, HIDDEN], 0),
    tensor('big.weights', [HIDDEN, columns], VOCABULARY * HIDDEN * INT32_BYTES),
    ...(heads === 0 ? [] : [rawInts('big.shape', [0, 0, heads, HEAD]), rawFloats('big.row', heads * HEAD)])
  ]
  const nodes = [
    node('Gather', ['big.embedding', 'input_ids'], 'big.x'),
    node('MatMul', ['big.x', 'big.weights'], 'big.y'),
    node('ReduceMean', ['big.y'], 'big.mean', [attribute('axes', [-1])]),
    node('Sub', ['big.mean', 'big.mean'], 'big.nothing'),
    node('Add', ['logits.plain', 'big.nothing'], 'logits'),
    ...(heads === 0
      ? []
      : [
          node('Add', ['big.nothing', 'big.row'], 'big.flat'),
          node('Reshape', ['big.flat', 'big.shape'], 'big.heads'),
          node('Transpose', ['big.heads'], 'big.new', [attribute('perm', [0, 2, 1, 3])]),
          ...caches.map((name) =>
            node('Concat', [`past_key_values.${name}`, 'big.new'], `present.${name}`, [attribute('axis', 2)])
          )
        ])
  ]
  const graph = [
    ...nodes.map((each) => field(1, each)),
    ...tensors.map((each) => field(5, each)),
    ...caches.flatMap((name) => [
      field(11, cache(`past_key_values.${name}`, heads)),
      field(12, cache(`present.${name}`, heads))
    ])
  ]
  const model = readFileSync(join(plain, 'onnx', 'model.onnx'))
  writeFileSync(
    join(path, 'onnx', 'model.onnx'),
    rewrite(model, (number, value) => (number === 7 ? Buffer.concat([rewrite(value, renamed), ...graph]) : value))
  )
  await writeWeights(join(path, 'onnx', 'weights.bin'), (VOCABULARY + columns) * HIDDEN * INT32_BYTES, seed)
}

/** The small model's logits get another name: the big one's are made of them. */
function renamed(number: number, value: Buffer): Buffer {
  if (number !== 1) return value
  return rewrite(value, (part, name) =>
    part === 2 && name.toString() === 'logits' ? Buffer.from('logits.plain') : name
  )
}

/** Weights that no compression and no sparse file makes smaller than they are. */
async function writeWeights(path: string, bytes: number, seed: number): Promise<void> {
  const chunk = new Float32Array(2 ** 18)
  let state = seed + 1
  for (let index = 0; index < chunk.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    chunk[index] = state / 2 ** 32 - 0.5
  }
  const piece = Buffer.from(chunk.buffer)
  const file = await open(path, 'w')
  try {
    for (let left = bytes; left > 0; left -= piece.length) await file.write(piece, 0, Math.min(left, piece.length))
  } finally {
    await file.close()
  }
}

// ---- protocol buffers, as far as onnx.proto needs them here

function varint(value: number): Buffer {
  const bytes: number[] = []
  // Negative numbers are written as 64 bits.
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    const byte = Number(rest & 0x7fn)
    if (rest < 0x80n) return Buffer.from([...bytes, byte])
    bytes.push(byte | 0x80)
  }
}

function field(number: number, value: Buffer | string | number): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number * 8), varint(value)])
  const bytes = Buffer.from(value as Buffer)
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

/** Gives each length-delimited field to `change` and leaves the others as they are. */
function rewrite(message: Buffer, change: (number: number, value: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = []
  let at = 0
  const read = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
  while (at < message.length) {
    const start = at
    const key = read()
    const type = key % 8
    if (type === 2) {
      const length = read()
      parts.push(field(Math.floor(key / 8), change(Math.floor(key / 8), message.subarray(at, at + length))))
      at += length
      continue
    }
    if (type === 0) read()
    else at += type === 5 ? 4 : 8
    parts.push(message.subarray(start, at))
  }
  return Buffer.concat(parts)
}

function node(operator: string, inputs: string[], output: string, attributes: Buffer[] = []): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    field(4, operator),
    ...attributes.map((each) => field(5, each))
  ])
}

function attribute(name: string, value: number | number[]): Buffer {
  return typeof value === 'number'
    ? Buffer.concat([field(1, name), field(3, value), field(20, 2)])
    : Buffer.concat([field(1, name), ...value.map((each) => field(8, each)), field(20, 7)])
}

function tensor(name: string, shape: number[], offset: number): Buffer {
  const length = shape.reduce((product, size) => product * size, INT32_BYTES)
  const entry = (key: string, value: string): Buffer => field(13, Buffer.concat([field(1, key), field(2, value)]))
  return Buffer.concat([
    ...shape.map((size) => field(1, size)),
    field(2, FLOAT),
    field(8, name),
    entry('location', 'weights.bin'),
    entry('offset', String(offset)),
    entry('length', String(length)),
    field(14, 1)
  ])
}

function rawInts(name: string, values: number[]): Buffer {
  const raw = Buffer.from(BigInt64Array.from(values, BigInt).buffer)
  return Buffer.concat([field(1, values.length), field(2, INT64), field(8, name), field(9, raw)])
}

function rawFloats(name: string, count: number): Buffer {
  const raw = Buffer.from(new Float32Array(count).buffer)
  return Buffer.concat([field(1, count), field(2, FLOAT), field(8, name), field(9, raw)])
}

/** ValueInfoProto of one half of a cache. */
function cache(name: string, heads: number): Buffer {
  const named = (text: string): Buffer => field(1, field(2, text))
  const sized = (size: number): Buffer => field(1, field(1, size))
  const shape = Buffer.concat([named('batch_size'), sized(heads), named('past_sequence_length'), sized(HEAD)])
  return Buffer.concat([field(1, name), field(2, field(1, Buffer.concat([field(1, FLOAT), field(2, shape)])))])
}
