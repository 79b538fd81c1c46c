import { isUtf8 } from 'node:buffer'
import * as decoding from 'lib0/decoding'
import { ProtocolError } from '../errors.ts'
import { entryOf, isKey } from './keys.ts'
import { MAX_CLOCK, MAX_CLOCK_STEP, MAX_ENTRY_BYTES, MAX_STRUCTS, MAX_UPDATE_BYTES } from './limits.ts'
import { readValue, type JsonObject } from './value.ts'

/**
 * Reads an update before Yjs does (invariant 4). `Y.applyUpdate` allocates what a length claims, integrates part of what
 * it throws at later, and takes any content; `Y.decodeUpdate` is safe and has no bound. So this reads the same format
 * (update encoding V1 of Yjs 13, `UpdateDecoder.js` and `readItemContent`) without building anything, and passes only what a
 * flat map of JSON texts needs. Whatever else comes is refused whole.
 */

/** The name of the one map in every document. Short, as each new entry carries it. */
export const ROOT = 'e'

/** What an update brings, as far as it can be told before it is applied. */
export interface Inspected {
  /** Per writer the clocks it covers, first and behind the last. */
  covers: Map<number, Span>
  /** Clocks of others that it builds on or deletes, behind the last, per writer. */
  needs: Map<number, number>
  structs: number
  /** Ids of the entries that it writes by name; a rewritten key does not name its entry. */
  entries: Set<string>
  /** Keys it writes by name: at most so many are new. */
  keys: Set<string>
  /** What it writes, where it does nothing but write entries that follow on nothing, none of them twice; else null. */
  plain: PlainEntry[] | null
}

/** An entry as it was first written. */
export interface PlainEntry {
  id: string
  text: string
  value: JsonObject
}

export interface Span {
  from: number
  to: number
}

const CONTENT = 0b11111
const DELETED = 1
const ANY = 8
const STRING = 119
const HAS_KEY = 0b100000
const HAS_RIGHT = 0b1000000
const HAS_LEFT = 0b10000000

/** What is read, and how far it was. */
interface Reader {
  decoder: decoding.Decoder
  bytes: Buffer
}

/** Stands for each byte that is no text, and may itself be meant. */
const REPLACEMENT = '\ufffd'

/** @throws {ProtocolError} when it is no update that a document of ours can take */
export function inspectUpdate(update: Uint8Array): Inspected {
  if (update.length > MAX_UPDATE_BYTES) throw refusal(`it has ${update.length} bytes, above ${MAX_UPDATE_BYTES}`)
  const bytes = Buffer.from(update.buffer, update.byteOffset, update.length)
  const decoder = decoding.createDecoder(bytes)
  const plain: PlainEntry[] = []
  const inspected: Inspected = {
    ...{ covers: new Map(), needs: new Map(), structs: 0, entries: new Set(), keys: new Set() },
    plain
  }
  try {
    readStructs({ decoder, bytes }, inspected)
    readDeletes(decoder, inspected)
  } catch (error) {
    if (error instanceof ProtocolError) throw error
    throw refusal('it ends too early', error)
  }
  if (decoding.hasContent(decoder)) throw refusal('more follows its end')
  // Each struct and each deletion that is something else has left one out.
  if (inspected.needs.size > 0 || plain.length < inspected.structs || inspected.entries.size < plain.length) {
    inspected.plain = null
  }
  return inspected
}

/** Whether it can be applied over a state without a gap (invariant 5). */
export function fits({ covers, needs }: Inspected, clockOf: (writer: number) => number): boolean {
  for (const [writer, { from }] of covers) if (from > clockOf(writer)) return false
  for (const [writer, clock] of needs) {
    if (clock > Math.max(clockOf(writer), covers.get(writer)?.to ?? 0)) return false
  }
  return true
}

function readStructs(reader: Reader, inspected: Inspected): void {
  const { decoder } = reader
  const writers = decoding.readVarUint(decoder)
  for (let section = 0; section < writers; section++) {
    const count = decoding.readVarUint(decoder)
    inspected.structs += count
    if (inspected.structs > MAX_STRUCTS) throw refusal(`it has more than ${MAX_STRUCTS} structs`)
    const writer = decoding.readVarUint(decoder)
    const from = decoding.readVarUint(decoder)
    // Yjs would let the second section take the place of the first.
    if (inspected.covers.has(writer)) throw refusal('a writer comes twice')
    if (count === 0 || writer > 0xffffffff) throw refusal('a writer is none')
    let to = from
    for (let index = 0; index < count; index++) to += readStruct(reader, inspected)
    if (to - from > MAX_CLOCK_STEP || to > MAX_CLOCK) throw refusal('it moves a clock too far')
    inspected.covers.set(writer, { from, to })
  }
}

/** @returns by how much it moves the clock */
function readStruct(reader: Reader, inspected: Inspected): number {
  const { decoder } = reader
  const info = decoding.readUint8(decoder)
  let key: string | null = null
  if ((info & HAS_RIGHT) !== 0) throw refusal('it holds a sequence')
  if ((info & HAS_LEFT) !== 0) {
    const writer = decoding.readVarUint(decoder)
    need(inspected, writer, decoding.readVarUint(decoder) + 1)
  } else {
    if ((info & HAS_KEY) === 0 || decoding.readVarUint(decoder) !== 1 || readName(reader) !== ROOT) {
      throw refusal('it writes outside the entries')
    }
    key = readName(reader)
    if (!isKey(key)) throw refusal('a key is none')
    inspected.keys.add(key)
    inspected.entries.add(entryOf(key))
  }
  const content = info & CONTENT
  const length = decoding.readVarUint(decoder)
  if (length === 0) throw refusal('a struct is empty')
  if (content === DELETED) return length
  // Two texts in one struct would be two values of one key, the first of which nobody can see.
  if (content !== ANY || length !== 1 || decoding.readUint8(decoder) !== STRING) throw refusal('a value is no text')
  const bytes = lengthOf(reader)
  if (bytes > MAX_ENTRY_BYTES) throw refusal(`a value has more than ${MAX_ENTRY_BYTES} bytes`)
  const start = decoder.pos
  const text = readText(reader, bytes, 'utf8')
  // Yjs throws at it, in the middle of what it applies. Nearly always the first look is enough.
  if (text.includes(REPLACEMENT) && !isUtf8(reader.bytes.subarray(start, decoder.pos))) {
    throw refusal('a value is no text')
  }
  const value = readValue(text)
  if (value === null) throw refusal('a value is no plain JSON object')
  if (key !== null && key === entryOf(key)) inspected.plain?.push({ id: key, text, value })
  return 1
}

/** A name or a key has ASCII alone: any other byte becomes a letter that none has. */
function readName(reader: Reader): string {
  return readText(reader, lengthOf(reader), 'latin1')
}

/** Of what follows: no more than there is. */
function lengthOf({ decoder, bytes }: Reader): number {
  const length = decoding.readVarUint(decoder)
  if (length > bytes.length - decoder.pos) throw refusal('it ends too early')
  return length
}

function readText({ decoder, bytes }: Reader, length: number, encoding: 'latin1' | 'utf8'): string {
  const start = decoder.pos
  decoder.pos += length
  return bytes.toString(encoding, start, decoder.pos)
}

function readDeletes(decoder: decoding.Decoder, inspected: Inspected): void {
  const writers = decoding.readVarUint(decoder)
  const seen = new Set<number>()
  for (let section = 0; section < writers; section++) {
    const writer = decoding.readVarUint(decoder)
    const count = decoding.readVarUint(decoder)
    if (seen.has(writer)) throw refusal('a writer comes twice')
    seen.add(writer)
    let behind = 0
    for (let index = 0; index < count; index++) {
      const clock = decoding.readVarUint(decoder)
      const length = decoding.readVarUint(decoder)
      // In order and apart: overlapping ones would walk the same structs again and again.
      if (clock < behind || length === 0) throw refusal('deletions are out of order')
      behind = clock + length
      if (behind > MAX_CLOCK) throw refusal('it deletes beyond any clock')
    }
    if (behind > 0) need(inspected, writer, behind)
  }
}

function need({ needs }: Inspected, writer: number, clock: number): void {
  if (clock > (needs.get(writer) ?? 0)) needs.set(writer, clock)
}

function refusal(reason: string, cause?: unknown): ProtocolError {
  return new ProtocolError(`An update was refused: ${reason}.`, cause === undefined ? {} : { cause })
}
