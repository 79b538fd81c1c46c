const LENGTH_BYTES = 4

/**
 * Texts one after another, each behind its length in bytes (32 bits, big end first), so that no two lists of texts give
 * the same bytes. What is hashed or authenticated goes through here; the first text says what it is for.
 */
export function lengthPrefixed(...texts: readonly string[]): Uint8Array {
  const lengths = texts.map((text) => Buffer.byteLength(text, 'utf8'))
  const bytes = Buffer.alloc(lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0))
  let at = 0
  for (const [index, text] of texts.entries()) {
    at = bytes.writeUInt32BE(lengths[index] ?? 0, at)
    at += bytes.write(text, at, 'utf8')
  }
  return bytes
}
