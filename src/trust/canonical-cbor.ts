import { decode, encode, rfc8949EncodeOptions } from 'cborg'

/** One meaning, one encoding (RFC 8949, section 4.2.1): a record that could be written in two ways would have two hashes. */

/** For `decode`: what has no place in a record or a file, whoever wrote it. */
export const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true
}

export function encodeCanonical(value: unknown): Uint8Array {
  return Uint8Array.from(encode(value, rfc8949EncodeOptions))
}

/**
 * Bound the length of the bytes before: a list nested into itself may use up the stack, which is thrown like all else.
 *
 * @throws when the bytes are not one value in its deterministic encoding
 */
export function decodeCanonical(bytes: Uint8Array): unknown {
  const value: unknown = decode(bytes, STRICT)
  // Order of keys and width of floats are what the decoder does not look at.
  if (!Buffer.from(encodeCanonical(value)).equals(bytes)) throw new TypeError('not in its deterministic encoding')
  return value
}
