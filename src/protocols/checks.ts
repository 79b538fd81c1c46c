import { ProtocolError } from '../errors.ts'

/** Checks of what came over the wire. Each gives the value back or throws a ProtocolError that names the field. */

export function present<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw new ProtocolError(`${field} is missing.`)
  return value
}

export function atMost<T>(field: string, list: T[], limit: number): T[] {
  if (list.length > limit) throw new ProtocolError(`${field} has ${list.length} elements, the limit is ${limit}.`)
  return list
}

export function integer(field: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new ProtocolError(`${field} is ${value}, not a whole number from ${least} to ${most}.`)
  }
  return value
}

export function real(field: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) {
    throw new ProtocolError(`${field} is ${value}, not a number from ${least} to ${most}.`)
  }
  return value
}

/**
 * C0 and C1 control characters, which would steer the terminal on which a name is shown; line and paragraph separators;
 * and those that turn the direction of text, so that a name would read as another.
 */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

/** One line that may be shown on a terminal, 1 to `limit` UTF-16 units. */
export function label(field: string, value: string, limit: number): string {
  if (value.length === 0 || value.length > limit || CONTROL.test(value)) {
    throw new ProtocolError(`${field} is not a line of 1 to ${limit} characters.`)
  }
  return value
}

/** Text from another device for a person: control characters become spaces, and it is cut at `limit`. */
export function forPerson(text: string, limit: number): string {
  const line = text.slice(0, limit)
  return line.replace(new RegExp(CONTROL, 'g'), ' ')
}

/** Bytes of a fixed length, as lower-case hexadecimal digits. */
export function hexOf(field: string, bytes: Uint8Array, length: number): string {
  if (bytes.byteLength !== length) throw new ProtocolError(`${field} has ${bytes.byteLength} bytes, not ${length}.`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

export function bytesOf(field: string, hex: string, length: number): Uint8Array<ArrayBuffer> {
  if (hex.length !== 2 * length || !/^[0-9a-f]*$/.test(hex)) {
    throw new ProtocolError(`${field} is not ${2 * length} lower-case hexadecimal digits.`)
  }
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

/** Runs a decoder: whatever it throws, and a stack that overflows on nested groups too, means malformed bytes. */
export function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof ProtocolError) throw error
    throw new ProtocolError(`${what} cannot be decoded: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error
    })
  }
}
