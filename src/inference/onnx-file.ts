import { open } from 'node:fs/promises'
import {
  ATTRIBUTE_INT,
  ATTRIBUTE_NAME,
  DIMENSION_VALUE,
  ENTRY_KEY,
  ENTRY_VALUE,
  GRAPH_INITIALIZER,
  GRAPH_INPUT,
  GRAPH_NODE,
  GRAPH_OUTPUT,
  MODEL_GRAPH,
  NODE_ATTRIBUTE,
  NODE_INPUT,
  NODE_OPERATOR,
  SHAPE_DIMENSION,
  TENSOR_DIMS,
  TENSOR_ELEMENT,
  TENSOR_EXTERNAL,
  TENSOR_NAME,
  TENSOR_SHAPE,
  TENSOR_TYPE,
  TYPE_TENSOR,
  VALUE_NAME,
  VALUE_TYPE
} from './onnx-fields.ts'
import { LENGTH_DELIMITED, ProtobufReader, VARINT } from './protobuf-reader.ts'
import type { Field } from './protobuf-reader.ts'

/** What the head of an ONNX file tells without loading it. */
export interface OnnxSummary {
  /** Files beside it that hold weights, and how long each must be at least. */
  externalFiles: { name: string; bytes: number }[]
  /** How often each operator occurs. */
  operators: Map<string, number>
  /** Bits of the `MatMulNBits` weights, or null where there are none. */
  matMulBits: number | null
  /** Whether a `MatMulNBits` computes with 8 bits: what it is given is rounded, by blocks of a row. */
  roundsActivations: boolean
  /** Element count of the initializers by ONNX data type (1 float, 10 float16, 16 bfloat16, …). */
  elements: Map<number, number>
  inputs: GraphValue[]
  outputs: GraphValue[]
  /** Rows of the table that `input_ids` chooses from, or null where that is no plain table. */
  embeddingRows: number | null
}

/** An input or output of the graph. */
export interface GraphValue {
  name: string
  /** ONNX data type; 0 where it is none of a tensor. */
  type: number
  /** Null for a dimension without a fixed size. */
  shape: (number | null)[]
}

/** Of `MatMulNBits` (onnxruntime, ContribOperators.md). */
const INT8_ACCURACY = 4

/** Bits of an element by ONNX data type, for tensors that do not say how long they are (TensorProto.DataType). */
const BITS: Readonly<Record<number, number>> = {
  ...{ 1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16 },
  ...{ 11: 64, 12: 32, 13: 64, 16: 16, 21: 4, 22: 4 }
}

/** Of the types that a cache has: float, int8, float16, bfloat16. */
const CACHE_BITS: Readonly<Record<number, number>> = { 1: 32, 3: 8, 10: 16, 16: 16 }

/** Exporters write one file of weights, or one for each two gigabytes. */
const MAX_EXTERNAL_FILES = 1000

/** ONNX and the domains of onnxruntime have some 300 operators together. */
const MAX_OPERATORS = 2000

/** What is remembered while the file is read. */
interface Walk {
  reader: ProtobufReader
  summary: OnnxSummary
  external: Map<string, number>
  /** First dimension of each table (initializers of two dimensions), by name. */
  tables: Map<string, number>
  /** The table that `input_ids` chooses from. */
  embedding: string | null
}

/**
 * Walks over an ONNX file (a protocol buffer) and reads only what is small; the work is bounded whatever it holds.
 * @throws {Error} with a message for a person when the file ends too early or is none of this kind
 */
export async function summarizeOnnx(path: string): Promise<OnnxSummary> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size === 0) throw new Error('it is empty; copy or download it again')
    const summary: OnnxSummary = {
      ...{ externalFiles: [], operators: new Map(), matMulBits: null, roundsActivations: false, elements: new Map() },
      ...{ inputs: [], outputs: [], embeddingRows: null }
    }
    const reader = new ProtobufReader(file)
    const walk: Walk = { reader, summary, external: new Map(), tables: new Map(), embedding: null }
    let graphs = 0
    for await (const field of reader.fields({ start: 0, end: size })) {
      if (field.number !== MODEL_GRAPH || field.type !== LENGTH_DELIMITED) continue
      graphs++
      for await (const part of reader.fields(field)) await readPart(walk, part)
    }
    if (graphs === 0) throw new Error('it holds no graph, so it is not an ONNX file')
    summary.externalFiles = [...walk.external].map(([name, bytes]) => ({ name, bytes }))
    summary.embeddingRows = (walk.embedding === null ? null : walk.tables.get(walk.embedding)) ?? null
    return summary
  } finally {
    await file.close()
  }
}

async function readPart(walk: Walk, part: Field): Promise<void> {
  if (part.type !== LENGTH_DELIMITED) return
  if (part.number === GRAPH_NODE) await readNode(walk, part)
  if (part.number === GRAPH_INITIALIZER) await readInitializer(walk, part)
  if (part.number === GRAPH_INPUT) walk.summary.inputs.push(await readValue(walk.reader, part))
  if (part.number === GRAPH_OUTPUT) walk.summary.outputs.push(await readValue(walk.reader, part))
}

async function readNode(walk: Walk, node: Field): Promise<void> {
  const { reader, summary } = walk
  const attributes: Field[] = []
  const inputs: Field[] = []
  let operator = ''
  for await (const field of reader.fields(node)) {
    if (field.number === NODE_INPUT) inputs.push(field)
    if (field.number === NODE_OPERATOR) operator = await reader.text(field)
    if (field.number === NODE_ATTRIBUTE) attributes.push(field)
  }
  summary.operators.set(operator, (summary.operators.get(operator) ?? 0) + 1)
  if (summary.operators.size > MAX_OPERATORS) throw new Error('it has more kinds of operators than there are')
  const [table, chosen] = inputs
  if (operator === 'Gather' && table !== undefined && chosen !== undefined) {
    if ((await reader.text(chosen)) === 'input_ids') walk.embedding = await reader.text(table)
  }
  if (operator !== 'MatMulNBits') return
  for (const attribute of attributes) {
    let name = ''
    let value = 0
    for await (const field of reader.fields(attribute)) {
      if (field.number === ATTRIBUTE_NAME) name = await reader.text(field)
      if (field.number === ATTRIBUTE_INT) value = field.value
    }
    if (name === 'accuracy_level' && value === INT8_ACCURACY) summary.roundsActivations = true
    // Where bits differ (a finer output layer), the coarsest names the model.
    if (name === 'bits') summary.matMulBits = Math.min(value, summary.matMulBits ?? value)
  }
}

async function readInitializer(walk: Walk, tensor: Field): Promise<void> {
  const { reader, summary, external, tables } = walk
  const dimensions: number[] = []
  const place = new Map<string, string>()
  let name = ''
  let type = 0
  for await (const field of reader.fields(tensor)) {
    if (field.number === TENSOR_DIMS && field.type === VARINT) dimensions.push(field.value)
    if (field.number === TENSOR_DIMS && field.type === LENGTH_DELIMITED) {
      for await (const dimension of reader.packed(field)) dimensions.push(dimension)
    }
    if (field.number === TENSOR_TYPE) type = field.value
    if (field.number === TENSOR_NAME) name = await reader.text(field)
    if (field.number !== TENSOR_EXTERNAL) continue
    let key = ''
    let value = ''
    for await (const entry of reader.fields(field)) {
      if (entry.number === ENTRY_KEY) key = await reader.text(entry)
      if (entry.number === ENTRY_VALUE) value = await reader.text(entry)
    }
    place.set(key, value)
  }
  const elements = dimensions.reduce((product, dimension) => product * dimension, 1)
  summary.elements.set(type, (summary.elements.get(type) ?? 0) + elements)
  if (dimensions.length === 2 && dimensions[0] !== undefined) tables.set(name, dimensions[0])
  const location = place.get('location')
  if (location === undefined) return
  // Both are optional in the format: from the beginning, and as long as the tensor is.
  const length = numberOr(place.get('length'), Math.ceil((elements * (BITS[type] ?? 8)) / 8))
  external.set(location, Math.max(external.get(location) ?? 0, numberOr(place.get('offset'), 0) + length))
  if (external.size > MAX_EXTERNAL_FILES) throw new Error('it keeps its weights in more files than any model')
}

function numberOr(text: string | undefined, otherwise: number): number {
  const value = Number(text)
  return text !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : otherwise
}

/** What an input or output says of itself. */
export async function readValue(reader: ProtobufReader, value: Field): Promise<GraphValue> {
  const result: GraphValue = { name: '', type: 0, shape: [] }
  for await (const field of reader.fields(value)) {
    if (field.number === VALUE_NAME) result.name = await reader.text(field)
    if (field.number !== VALUE_TYPE) continue
    for await (const type of reader.fields(field)) {
      if (type.number !== TYPE_TENSOR) continue
      for await (const part of reader.fields(type)) {
        if (part.number === TENSOR_ELEMENT && part.type === VARINT) result.type = part.value
        if (part.number === TENSOR_SHAPE && part.type === LENGTH_DELIMITED) result.shape = await readShape(reader, part)
      }
    }
  }
  return result
}

async function readShape(reader: ProtobufReader, shape: Field): Promise<(number | null)[]> {
  const sizes: (number | null)[] = []
  for await (const dimension of reader.fields(shape)) {
    if (dimension.number !== SHAPE_DIMENSION) continue
    let size: number | null = null
    for await (const field of reader.fields(dimension)) {
      if (field.number === DIMENSION_VALUE && field.type === VARINT) size = field.value
    }
    sizes.push(size)
  }
  return sizes
}

/**
 * Bytes that one token adds to the key/value cache, by the inputs that take it; 0 where there are none. Keys or values of
 * one layer are [batch, heads, past, size of a head]: a token adds what the fixed dimensions say.
 */
export function cacheBytesPerToken(inputs: readonly GraphValue[]): number {
  return inputs
    .filter(({ name }) => name.startsWith('past_key_values.'))
    .reduce((sum, { type, shape }) => {
      const numbers = shape.reduce<number>((product, size) => product * Math.max(size ?? 1, 1), 1)
      return sum + (numbers * (CACHE_BITS[type] ?? 0)) / 8
    }, 0)
}
