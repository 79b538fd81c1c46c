/** Protocol buffers in memory: small messages, read at once and written (protobuf.dev, programming-guides/encoding). */
import { LENGTH_DELIMITED, VARINT } from './protobuf-reader.ts'

/** One field of a message in memory. */
export interface Part {
  number: number
  /** Of a varint: its value. */
  value: number
  /** What a field of bytes, text or a message holds; empty for all others. */
  content: Uint8Array
  /** The field with its key, as it stands in the message. */
  whole: Uint8Array
}

const NOTHING = new Uint8Array(0)

/** The largest published graphs have some 10,000 nodes; a message of nothing but fields would fill the memory. */
const MAX_PARTS = 1_000_000

/** Bytes of the values whose length their type tells. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 }

/** @throws {Error} when the bytes end within a field or are no fields */
export function partsOf(bytes: Uint8Array): Part[] {
  const parts: Part[] = []
  let at = 0
  /** Integers of up to 53 bits; larger and negative ones come out wrong and are not asked for. */
  const varint = (): number => {
    let value = 0
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) break
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new Error('it ends too early or is not an ONNX file')
  }
  while (at < bytes.length) {
    if (parts.length === MAX_PARTS) throw new Error('it has more parts than any model')
    const from = at
    const key = varint()
    const type = key % 8
    const value = type === VARINT || type === LENGTH_DELIMITED ? varint() : 0
    const length = type === VARINT ? 0 : type === LENGTH_DELIMITED ? value : FIXED[type]
    if (length === undefined || at + length > bytes.length) throw new Error('it ends too early or is not an ONNX file')
    const content = type === LENGTH_DELIMITED ? bytes.subarray(at, at + length) : NOTHING
    at += length
    parts.push({ number: Math.floor(key / 8), value, content, whole: bytes.subarray(from, at) })
  }
  return parts
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** A field that holds an integer from 0. */
export function integerField(number: number, value: number): Uint8Array {
  return Buffer.concat([varintOf(number * 8 + VARINT), varintOf(value)])
}

/** A field that holds bytes, a text or a message. */
export function field(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return Buffer.concat([varintOf(number * 8 + LENGTH_DELIMITED), varintOf(bytes.length), bytes])
}

export function message(...fields: Uint8Array[]): Uint8Array {
  return Buffer.concat(fields)
}

function varintOf(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Uint8Array.from([...bytes, rest])
}
