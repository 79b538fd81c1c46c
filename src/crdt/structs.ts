import * as decoding from 'lib0/decoding'

/**
 * The parts of an update (encoding V1 of Yjs 13) as they stand in it. Each struct says all of itself, so that its bytes can
 * be put into another update as they are: that takes a fraction of the time in which Yjs builds and writes them.
 */

/** One write, or that there was one. */
export interface Struct extends Bytes {
  writer: number
  clock: number
  /** Clock ticks: more than one only where writes are left out. */
  length: number
  /** The write that it follows on, or null. */
  origin: { writer: number; clock: number } | null
}

/** A part of some bytes. */
export interface Bytes {
  bytes: Uint8Array
  start: number
  end: number
}

export interface Deletion {
  writer: number
  clock: number
  length: number
}

const CONTENT = 0b11111
const DELETED = 1
const ANY = 8
const STRING = 119
const HAS_RIGHT = 0b1000000
const HAS_LEFT = 0b10000000

/** @param update that was inspected, or made here: others are refused with an error that says so */
export function readUpdate(update: Uint8Array): { structs: Struct[]; deletions: Deletion[] } {
  const bytes = Buffer.from(update.buffer, update.byteOffset, update.length)
  const decoder = decoding.createDecoder(bytes)
  const structs: Struct[] = []
  for (let writers = decoding.readVarUint(decoder); writers > 0; writers--) {
    let count = decoding.readVarUint(decoder)
    const writer = decoding.readVarUint(decoder)
    let clock = decoding.readVarUint(decoder)
    for (; count > 0; count--) {
      const struct = readStruct(bytes, decoder, writer, clock)
      structs.push(struct)
      clock += struct.length
    }
  }
  const deletions: Deletion[] = []
  for (let writers = decoding.readVarUint(decoder); writers > 0; writers--) {
    const writer = decoding.readVarUint(decoder)
    for (let count = decoding.readVarUint(decoder); count > 0; count--) {
      const clock = decoding.readVarUint(decoder)
      deletions.push({ writer, clock, length: decoding.readVarUint(decoder) })
    }
  }
  return { structs, deletions }
}

function readStruct(bytes: Buffer, decoder: decoding.Decoder, writer: number, clock: number): Struct {
  const start = decoder.pos
  const info = decoding.readUint8(decoder)
  const content = info & CONTENT
  if ((info & HAS_RIGHT) !== 0 || (content !== DELETED && content !== ANY)) throw unknown()
  let origin: Struct['origin'] = null
  if ((info & HAS_LEFT) !== 0) {
    origin = { writer: decoding.readVarUint(decoder), clock: decoding.readVarUint(decoder) }
  } else {
    if (decoding.readVarUint(decoder) !== 1) throw unknown()
    skip(bytes, decoder)
    skip(bytes, decoder)
  }
  const length = decoding.readVarUint(decoder)
  if (content === ANY) {
    if (length !== 1 || decoding.readUint8(decoder) !== STRING) throw unknown()
    skip(bytes, decoder)
  }
  return { writer, clock, length, origin, bytes, start, end: decoder.pos }
}

/** Passes over a text. */
function skip(bytes: Buffer, decoder: decoding.Decoder): void {
  const length = decoding.readVarUint(decoder)
  decoder.pos += length
  if (decoder.pos > bytes.length) throw unknown()
}

function unknown(): Error {
  return new Error('an update is none of ours')
}
