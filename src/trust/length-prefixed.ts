/**
 * Texts one after another, each behind its length in bytes (32 bits, big end first), so that no two lists of texts give
 * the same bytes. What is hashed or authenticated goes through here; the first text says what it is for.
 */
export function lengthPrefixed(...texts: readonly string[]): Uint8Array {
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text, 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat(parts)
}
