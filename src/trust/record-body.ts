import { decodeCanonical, encodeCanonical } from './canonical-cbor.ts'
import { isHex } from './hex.ts'
import { isLabel } from './label.ts'
import type { RosterBody } from './record.ts'

/** What a record says, as CBOR: a flat map of texts and byte strings. */

type Fields = Readonly<Record<string, unknown>>

const KEY_BYTES = 32
const NONCE_BYTES = 16
const TYPE = /^[a-z][a-z0-9-]{0,31}$/

/** What a record calls the type of its body. */
export function typeOf(body: RosterBody): string {
  return body.type === 'unknown' ? body.name : body.type
}

export function encodeBody(body: RosterBody): Uint8Array {
  return encodeCanonical(fieldsOf(body))
}

/**
 * A body of an unknown type is not looked into. In one of a known type, fields that a later release added are left
 * aside, as long as they are plain values.
 *
 * @throws {TypeError} naming the field
 */
export function decodeBody(type: unknown, bytes: Uint8Array): RosterBody {
  if (typeof type !== 'string' || !TYPE.test(type)) throw new TypeError('its type is not a word')
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined
  if (read === undefined) return { type: 'unknown', name: type }
  const content = decodeCanonical(bytes)
  if (!isPlainMap(content)) throw new TypeError('its body is not a map of plain values')
  return read(content)
}

function fieldsOf(body: RosterBody): Fields {
  switch (body.type) {
    case 'genesis': {
      const { device, box, name, recovery, nonce } = body
      return {
        device: bytesOf(device),
        box: bytesOf(box),
        name,
        recovery: bytesOf(recovery),
        nonce: bytesOf(nonce)
      }
    }
    case 'admit': {
      const { device, box, role, name } = body
      return { device: bytesOf(device), box: bytesOf(box), role, name }
    }
    case 'rename':
      return { device: bytesOf(body.device), name: body.name }
    case 'remove':
      return { device: bytesOf(body.device) }
    case 'recovery':
      return { key: bytesOf(body.key) }
    case 'unknown':
      return {}
  }
}

const READERS: Readonly<Record<string, (fields: Fields) => RosterBody>> = {
  genesis: (fields) => ({
    type: 'genesis',
    device: key(fields, 'device'),
    box: key(fields, 'box'),
    name: label(fields, 'name'),
    recovery: key(fields, 'recovery'),
    nonce: hex(fields, 'nonce', NONCE_BYTES)
  }),
  admit: (fields) => ({
    type: 'admit',
    device: key(fields, 'device'),
    box: key(fields, 'box'),
    role: label(fields, 'role'),
    name: label(fields, 'name')
  }),
  rename: (fields) => ({ type: 'rename', device: key(fields, 'device'), name: label(fields, 'name') }),
  remove: (fields) => ({ type: 'remove', device: key(fields, 'device') }),
  recovery: (fields) => ({ type: 'recovery', key: key(fields, 'key') })
}

function key(fields: Fields, field: string): string {
  return hex(fields, field, KEY_BYTES)
}

function hex(fields: Fields, field: string, bytes: number): string {
  const value = fields[field]
  if (!(value instanceof Uint8Array) || value.length !== bytes) {
    throw new TypeError(`its ${field} is not a string of ${String(bytes)} bytes`)
  }
  return Buffer.from(value).toString('hex')
}

function label(fields: Fields, field: string): string {
  const value = fields[field]
  if (!isLabel(value)) throw new TypeError(`its ${field} is not a line of text`)
  return value
}

function isPlainMap(content: unknown): content is Fields {
  if (typeof content !== 'object' || content === null || Array.isArray(content) || content instanceof Uint8Array) {
    return false
  }
  return Object.values(content).every(
    (value) => typeof value !== 'object' || value === null || value instanceof Uint8Array
  )
}

/** @throws {TypeError} when it is not hexadecimal */
function bytesOf(value: string): Uint8Array {
  if (!isHex(value, value.length / 2)) throw new TypeError(`${JSON.stringify(value)} is not hexadecimal`)
  return Uint8Array.from(Buffer.from(value, 'hex'))
}
