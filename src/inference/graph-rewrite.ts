import { open, realpath } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { KvLayout } from './kv-buffers.ts'
import * as onnx from './onnx-fields.ts'
import { cacheBytesPerToken, readValue } from './onnx-file.ts'
import type { GraphValue } from './onnx-file.ts'
import { field, integerField, message, partsOf, textOf } from './protobuf-bytes.ts'
import type { Part } from './protobuf-bytes.ts'
import { LENGTH_DELIMITED, ProtobufReader } from './protobuf-reader.ts'
import type { Field } from './protobuf-reader.ts'
import { planLastRow, planNewRows } from './rewiring.ts'
import type { GraphNode, LastRow, NewRows } from './rewiring.ts'

/** What is wanted of `rewire`. */
export interface Wishes {
  lastRow: boolean
  /** New keys and values alone, where a token adds at least so many bytes of them; `Infinity` for never. */
  newRowsFrom: number
}

/**
 * With less than this, as the smallest models have, the additional outputs cost as much as copying all of some hundred
 * tokens does: with 2 and 3 KB a token they lost 5 to 10 % up to 500 tokens and won from there, with 6 and more they lost
 * nothing from 100 tokens on and won up to half of the time.
 */
export const WORTH_BYTES = 4096

export interface RewiredGraph {
  /** An ONNX file without weights of its own. */
  model: Uint8Array
  /** Where the files lie that it takes its weights from. */
  folder: string
  /** How the keys and values are to be kept of which it gives the new ones; null where it gives all of them only. */
  newRows: KvLayout | null
}

/** Input that says where the new keys and values stand: int64 [rows, 1, tokens, 1]. */
export const PLACES = 'ownmesh.places'

/** The output with the new keys or values of what `present` gives all of. */
export function newOf(present: string): string {
  return `ownmesh.new.${present}`
}

/** Weights smaller than this stay in the graph: shapes and constants, which onnxruntime wants to see while it plans. */
const SMALL_BYTES = 1024

/** The graphs of the largest published models have some 10 MB without their weights. */
const MAX_GRAPH_BYTES = 64 * 2 ** 20

/** A file, and how much may still be read of it. */
interface Source {
  handle: FileHandle
  left: number
}

/** A piece of the graph: bytes that are there, or where they stand in the file. */
type Piece = { field: Field; bytes: Uint8Array } | { field: Field; bytes: null }

/**
 * Makes of a graph one that computes the same and gives less (see `rewiring.ts`). Weights are not read: those that stand
 * in the file itself are named as lying in that file, at their place, as the format allows for files beside it.
 *
 * @returns null where there is nothing to gain
 * @throws {Error} when the file cannot be read, or is not built as expected
 */
export async function rewire(path: string, wishes: Wishes): Promise<RewiredGraph | null> {
  const place = await placeOf(path)
  const handle = await open(path)
  try {
    const reader = new ProtobufReader(handle)
    const file: Source = { handle, left: MAX_GRAPH_BYTES }
    const { size } = await handle.stat()
    const graphs: Field[] = []
    const around: Field[] = []
    for await (const part of reader.fields({ start: 0, end: size })) {
      const isGraph = part.number === onnx.MODEL_GRAPH && part.type === LENGTH_DELIMITED
      if (isGraph) graphs.push(part)
      else around.push(part)
    }
    const [graph] = graphs
    if (graph === undefined || graphs.length > 1) throw new Error(`it holds ${graphs.length} graphs`)
    const [inputs, outputs]: [GraphValue[], GraphValue[]] = [[], []]
    const pieces: Piece[] = []
    for await (const part of reader.fields(graph)) {
      const isWeight = part.number === onnx.GRAPH_INITIALIZER
      const bytes = isWeight ? await outsideOf(reader, file, part, place.name) : null
      if (part.number === onnx.GRAPH_INPUT) inputs.push(await readValue(reader, part))
      if (part.number === onnx.GRAPH_OUTPUT) outputs.push(await readValue(reader, part))
      pieces.push({ field: part, bytes })
    }
    const parts = await readPieces(file, pieces)
    const contents = (wanted: number): Uint8Array[] =>
      parts.filter(({ number }) => number === wanted).map(({ content }) => content)
    const nodes = contents(onnx.GRAPH_NODE).map(nodeOf)
    const weights = new Set(contents(onnx.GRAPH_INITIALIZER).map((content) => nameOf(content, onnx.TENSOR_NAME)))
    const facts = { nodes, weights, inputs, outputs }
    const lastRow = wishes.lastRow ? planLastRow(facts) : null
    const newRows = cacheBytesPerToken(inputs) >= wishes.newRowsFrom ? planNewRows(facts) : null
    if (lastRow === null && newRows === null) return null
    const logits = outputs.find(({ name }) => name === 'logits')
    const body = message(
      ...(lastRow === null || logits === undefined
        ? parts.map(({ whole }) => whole)
        : withLastRow(parts, lastRow, logits)),
      ...(newRows === null ? [] : newRowsFields(newRows))
    )
    const rest = await Promise.all(around.map(({ from, end }) => read(file, from, end)))
    return {
      model: message(...rest, field(onnx.MODEL_GRAPH, body)),
      folder: place.folder,
      newRows: newRows?.layout ?? null
    }
  } finally {
    await handle.close()
  }
}

/** A file that is a link has its weights where it leads, and onnxruntime follows none out of the folder. */
async function placeOf(path: string): Promise<{ folder: string; name: string }> {
  const real = await realpath(path)
  return { folder: dirname(real), name: basename(real) }
}

/** How a weight that is large and stands in the file is described from outside; null for any other. */
async function outsideOf(
  reader: ProtobufReader,
  file: Source,
  weight: Field,
  location: string
): Promise<Uint8Array | null> {
  if (weight.end - weight.start < SMALL_BYTES) return null
  let raw: Field | null = null
  for await (const part of reader.fields(weight)) {
    if (part.number === onnx.TENSOR_RAW && part.end - part.start >= SMALL_BYTES) raw = part
  }
  if (raw === null) return null
  const fields = [await read(file, weight.start, raw.from), await read(file, raw.end, weight.end)]
  const place = { location, offset: String(raw.start), length: String(raw.end - raw.start) }
  for (const [key, value] of Object.entries(place)) {
    fields.push(field(onnx.TENSOR_EXTERNAL, message(field(onnx.ENTRY_KEY, key), field(onnx.ENTRY_VALUE, value))))
  }
  fields.push(integerField(onnx.TENSOR_LOCATION, onnx.EXTERNAL_LOCATION))
  return field(onnx.GRAPH_INITIALIZER, message(...fields))
}

/** Brings what is not there yet into memory: neighbours together, for there are thousands. */
async function readPieces(file: Source, pieces: readonly Piece[]): Promise<Part[]> {
  const parts: Part[] = []
  for (let first = 0; first < pieces.length;) {
    const piece = pieces[first] as Piece
    if (piece.bytes !== null) {
      parts.push(...partsOf(piece.bytes))
      first++
      continue
    }
    let after = first
    while (pieces[after]?.bytes === null) after++
    const last = pieces[after - 1] as Piece
    parts.push(...partsOf(await read(file, piece.field.from, last.field.end)))
    first = after
  }
  return parts
}

async function read(file: Source, start: number, end: number): Promise<Uint8Array> {
  file.left -= end - start
  if (file.left < 0) throw new Error('it holds more beside its weights than any graph')
  const bytes = Buffer.alloc(end - start)
  const { bytesRead } = await file.handle.read(bytes, 0, bytes.length, start)
  if (bytesRead < bytes.length) throw new Error('it ends too early')
  return bytes
}

function nodeOf(content: Uint8Array): GraphNode {
  const parts = partsOf(content)
  const texts = (wanted: number): string[] =>
    parts.filter(({ number }) => number === wanted).map((part) => textOf(part.content))
  const [operator = ''] = texts(onnx.NODE_OPERATOR)
  return { operator, inputs: texts(onnx.NODE_INPUT), outputs: texts(onnx.NODE_OUTPUT) }
}

const LAST = 'ownmesh.last'
const LAST_SLICE = { starts: [-1n], ends: [2n ** 63n - 1n], axes: [1n] }

/** The graph's fields, with the last row in place of all where the plan says so. */
function* withLastRow(
  parts: readonly Part[],
  { node: target, at, narrowed }: LastRow,
  logits: GraphValue
): Generator<Uint8Array> {
  const inputs = Object.keys(LAST_SLICE).map((name) => `${LAST}.${name}`)
  const slice = (from: string, to: string): Uint8Array => nodeField('Slice', [from, ...inputs], [to])
  let node = -1
  for (const { number, content, whole } of parts) {
    if (number === onnx.GRAPH_NODE) node++
    if (number === onnx.GRAPH_NODE && node === target) {
      const name = at === 'input' ? (nodeOf(content).inputs[0] ?? '') : 'logits'
      const changed = at === 'input' ? onnx.NODE_INPUT : onnx.NODE_OUTPUT
      if (at === 'input') yield slice(name, LAST)
      yield renamed(content, changed, name, LAST)
      if (at === 'output') yield slice(LAST, name)
    } else if (number === onnx.GRAPH_OUTPUT && nameOf(content, onnx.VALUE_NAME) === 'logits') {
      const [rows = null, , ...rest] = logits.shape
      yield valueField(onnx.GRAPH_OUTPUT, { ...logits, shape: [rows, 1, ...rest] })
    } else if (number !== onnx.GRAPH_VALUE_INFO || !narrowed.includes(nameOf(content, onnx.VALUE_NAME))) {
      // What the file says of a shape that is another now is left out.
      yield whole
    }
  }
  for (const [name, values] of Object.entries(LAST_SLICE)) yield integersField(`${LAST}.${name}`, values)
}

/** A node in which the first input or output of that name is called otherwise. */
function renamed(content: Uint8Array, number: number, from: string, to: string): Uint8Array {
  let done = false
  const fields = partsOf(content).map((part) => {
    if (done || part.number !== number || textOf(part.content) !== from) return part.whole
    done = true
    return field(number, to)
  })
  return field(onnx.GRAPH_NODE, message(...fields))
}

function nameOf(content: Uint8Array, wanted: number): string {
  const name = partsOf(content).find(({ number }) => number === wanted)
  return name === undefined ? '' : textOf(name.content)
}

/** What gives the new keys and values beside all of them. Fields of one kind may stand anywhere in a message. */
function newRowsFields({ caches }: NewRows): Uint8Array[] {
  // Rows may be of different length, so each says where its own stand; all its heads do alike.
  const fields = [valueField(onnx.GRAPH_INPUT, { name: PLACES, type: onnx.INT64_TYPE, shape: [null, 1, null, 1] })]
  for (const heads of new Set(caches.map((cache) => cache.heads))) {
    fields.push(integersField(`${PLACES}.shape.${heads}`, [1n, BigInt(heads), 1n, 1n]))
    fields.push(nodeField('Expand', [PLACES, `${PLACES}.shape.${heads}`], [`${PLACES}.${heads}`]))
  }
  for (const { present, heads, type } of caches) {
    fields.push(nodeField('GatherND', [present, `${PLACES}.${heads}`], [newOf(present)], { batch_dims: 2 }))
    fields.push(valueField(onnx.GRAPH_OUTPUT, { name: newOf(present), type, shape: [null, heads, null, null] }))
  }
  return fields
}

function nodeField(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number>> = {}
): Uint8Array {
  const fields = [
    ...inputs.map((name) => field(onnx.NODE_INPUT, name)),
    ...outputs.map((name) => field(onnx.NODE_OUTPUT, name)),
    field(onnx.NODE_OPERATOR, operator)
  ]
  for (const [name, value] of Object.entries(attributes)) {
    const type = integerField(onnx.ATTRIBUTE_TYPE, onnx.INT_ATTRIBUTE)
    const attribute = message(field(onnx.ATTRIBUTE_NAME, name), integerField(onnx.ATTRIBUTE_INT, value), type)
    fields.push(field(onnx.NODE_ATTRIBUTE, attribute))
  }
  return field(onnx.GRAPH_NODE, message(...fields))
}

/** A weight of one dimension. */
function integersField(name: string, values: readonly bigint[]): Uint8Array {
  return field(
    onnx.GRAPH_INITIALIZER,
    message(
      integerField(onnx.TENSOR_DIMS, values.length),
      integerField(onnx.TENSOR_TYPE, onnx.INT64_TYPE),
      field(onnx.TENSOR_NAME, name),
      field(onnx.TENSOR_RAW, new Uint8Array(BigInt64Array.from(values).buffer))
    )
  )
}

function valueField(number: number, { name, type, shape }: GraphValue): Uint8Array {
  const dimensions = shape.map((size) =>
    field(onnx.SHAPE_DIMENSION, size === null ? new Uint8Array(0) : integerField(onnx.DIMENSION_VALUE, size))
  )
  const tensor = message(integerField(onnx.TENSOR_ELEMENT, type), field(onnx.TENSOR_SHAPE, message(...dimensions)))
  return field(number, message(field(onnx.VALUE_NAME, name), field(onnx.VALUE_TYPE, field(onnx.TYPE_TENSOR, tensor))))
}
