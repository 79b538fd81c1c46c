import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** What the head of an ONNX file tells without loading it. */
export interface OnnxSummary {
  /** Names of files beside it that hold weights. */
  externalFiles: string[]
  /** How often each operator occurs. */
  operators: Map<string, number>
  /** Bits of the `MatMulNBits` weights, or null where there are none. */
  matMulBits: number | null
  /** Element count of the initializers by ONNX data type (1 float, 10 float16, 16 bfloat16, …). */
  elements: Map<number, number>
  /** Bytes that one token adds to the key/value cache, by the inputs that take it; 0 where there are none. */
  cachePerToken: number
}

/** Field numbers of onnx.proto (github.com/onnx/onnx, `onnx/onnx.proto`). */
const MODEL_GRAPH = 7
const GRAPH_NODE = 1
const GRAPH_INITIALIZER = 5
const GRAPH_INPUT = 11
const INPUT_NAME = 1
const INPUT_TYPE = 2
const TYPE_TENSOR = 1
const TENSOR_TYPE_ELEMENT = 1
const TENSOR_TYPE_SHAPE = 2
const SHAPE_DIMENSION = 1
const DIMENSION_VALUE = 1
const NODE_OPERATOR = 4
const NODE_ATTRIBUTE = 5
const ATTRIBUTE_NAME = 1
const ATTRIBUTE_INT = 3
const TENSOR_DIMS = 1
const TENSOR_TYPE = 2
const TENSOR_EXTERNAL = 13
const ENTRY_KEY = 1
const ENTRY_VALUE = 2

/** Wire types of protocol buffers. */
const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5

/** Weights are skipped, not read: one window serves the many small fields between them. */
const WINDOW = 64 * 1024

/**
 * Walks over an ONNX file (a protocol buffer) and reads only what is small.
 * @throws {Error} with a message for a person when the file ends too early or is none of this kind
 */
export async function summarizeOnnx(path: string): Promise<OnnxSummary> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const reader = new Reader(file)
    const summary: OnnxSummary = {
      externalFiles: [],
      operators: new Map(),
      matMulBits: null,
      elements: new Map(),
      cachePerToken: 0
    }
    let graphs = 0
    for await (const field of reader.fields(0, size)) {
      if (field.number !== MODEL_GRAPH || field.type !== LENGTH_DELIMITED) continue
      graphs++
      for await (const part of reader.fields(field.start, field.end)) {
        if (part.number === GRAPH_NODE) await readNode(reader, part, summary)
        if (part.number === GRAPH_INITIALIZER) await readInitializer(reader, part, summary)
        if (part.number === GRAPH_INPUT) await readInput(reader, part, summary)
      }
    }
    if (graphs === 0) throw new Error('it holds no graph, so it is not an ONNX file')
    return summary
  } finally {
    await file.close()
  }
}

interface Field {
  number: number
  type: number
  /** Of a varint: its value. */
  value: number
  start: number
  end: number
}

class Reader {
  readonly #file: FileHandle
  readonly #window = Buffer.alloc(WINDOW)
  #from = 0
  #length = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async *fields(start: number, end: number): AsyncGenerator<Field> {
    let at = start
    while (at < end) {
      const key = await this.#varint(at, end)
      const number = Math.floor(key.value / 8)
      const type = key.value % 8
      at = key.end
      let field: Field
      if (type === VARINT) {
        const { value, end: after } = await this.#varint(at, end)
        field = { number, type, value, start: at, end: after }
      } else if (type === LENGTH_DELIMITED) {
        const { value: length, end: from } = await this.#varint(at, end)
        field = { number, type, value: 0, start: from, end: from + length }
      } else if (type === FIXED32 || type === FIXED64) {
        field = { number, type, value: 0, start: at, end: at + (type === FIXED32 ? 4 : 8) }
      } else {
        throw new Error('it is not an ONNX file')
      }
      if (field.end > end) throw new Error('it ends too early; copy or download it again')
      yield field
      at = field.end
    }
  }

  async *packed({ start, end }: Field): AsyncGenerator<number> {
    let at = start
    while (at < end) {
      const { value, end: after } = await this.#varint(at, end)
      yield value
      at = after
    }
  }

  async text({ start, end }: Field): Promise<string> {
    const bytes = Buffer.alloc(end - start)
    await this.#file.read(bytes, 0, bytes.length, start)
    return bytes.toString('utf8')
  }

  /** Integers of up to 53 bits; a negative one (never a size here) comes out wrong and is not asked for. */
  async #varint(start: number, limit: number): Promise<{ value: number; end: number }> {
    let value = 0
    let scale = 1
    for (let at = start; at < limit && at < start + 10; at++) {
      const byte = await this.#byte(at)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return { value, end: at + 1 }
      scale *= 128
    }
    throw new Error('it ends too early or is not an ONNX file')
  }

  async #byte(at: number): Promise<number> {
    if (at < this.#from || at >= this.#from + this.#length) {
      const { bytesRead } = await this.#file.read(this.#window, 0, WINDOW, at)
      this.#from = at
      this.#length = bytesRead
    }
    const byte = this.#window[at - this.#from]
    if (byte === undefined || at >= this.#from + this.#length) throw new Error('it ends too early')
    return byte
  }
}

async function readNode(reader: Reader, node: Field, summary: OnnxSummary): Promise<void> {
  const attributes: Field[] = []
  let operator = ''
  for await (const field of reader.fields(node.start, node.end)) {
    if (field.number === NODE_OPERATOR) operator = await reader.text(field)
    if (field.number === NODE_ATTRIBUTE) attributes.push(field)
  }
  summary.operators.set(operator, (summary.operators.get(operator) ?? 0) + 1)
  if (operator !== 'MatMulNBits') return
  for (const attribute of attributes) {
    let name = ''
    let value = 0
    for await (const field of reader.fields(attribute.start, attribute.end)) {
      if (field.number === ATTRIBUTE_NAME) name = await reader.text(field)
      if (field.number === ATTRIBUTE_INT) value = field.value
    }
    // Where bits differ (a finer output layer), the coarsest names the model.
    if (name === 'bits') summary.matMulBits = Math.min(value, summary.matMulBits ?? value)
  }
}

async function readInitializer(reader: Reader, tensor: Field, summary: OnnxSummary): Promise<void> {
  let elements = 1
  let type = 0
  for await (const field of reader.fields(tensor.start, tensor.end)) {
    if (field.number === TENSOR_DIMS && field.type === VARINT) elements *= field.value
    if (field.number === TENSOR_DIMS && field.type === LENGTH_DELIMITED) {
      for await (const dimension of reader.packed(field)) elements *= dimension
    }
    if (field.number === TENSOR_TYPE) type = field.value
    if (field.number !== TENSOR_EXTERNAL) continue
    let key = ''
    let value = ''
    for await (const entry of reader.fields(field.start, field.end)) {
      if (entry.number === ENTRY_KEY) key = await reader.text(entry)
      if (entry.number === ENTRY_VALUE) value = await reader.text(entry)
    }
    if (key === 'location' && !summary.externalFiles.includes(value)) summary.externalFiles.push(value)
  }
  summary.elements.set(type, (summary.elements.get(type) ?? 0) + elements)
}

/** Bytes of one number of a cache, by ONNX data type: float, int8, float16, bfloat16. */
const CACHE_NUMBER_BYTES: Readonly<Record<number, number>> = { 1: 4, 3: 1, 10: 2, 16: 2 }

/** Keys or values of one layer are [batch, heads, past, size of a head]: a token adds what the fixed dimensions say. */
async function readInput(reader: Reader, input: Field, summary: OnnxSummary): Promise<void> {
  let name = ''
  let numberBytes = 0
  let numbers = 1
  for await (const field of reader.fields(input.start, input.end)) {
    if (field.number === INPUT_NAME) name = await reader.text(field)
    if (field.number !== INPUT_TYPE) continue
    for await (const type of reader.fields(field.start, field.end)) {
      if (type.number !== TYPE_TENSOR) continue
      for await (const part of reader.fields(type.start, type.end)) {
        if (part.number === TENSOR_TYPE_ELEMENT) numberBytes = CACHE_NUMBER_BYTES[part.value] ?? 0
        if (part.number !== TENSOR_TYPE_SHAPE) continue
        for await (const dimension of reader.fields(part.start, part.end)) {
          if (dimension.number !== SHAPE_DIMENSION) continue
          for await (const { number, value } of reader.fields(dimension.start, dimension.end)) {
            if (number === DIMENSION_VALUE) numbers *= Math.max(value, 1)
          }
        }
      }
    }
  }
  if (name.startsWith('past_key_values.')) summary.cachePerToken += numbers * numberBytes
}
