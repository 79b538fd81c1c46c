import { hash } from 'node:crypto'

/** What one key adds to the hash of a document's content. */
export function contentHash(key: string, value: string): Uint8Array {
  return hash('sha256', `${key}\n${value}`, 'buffer')
}

/** Exclusive or, in place: puts a hash in, and takes it out again. */
export function combine(content: Uint8Array, digest: Uint8Array): void {
  // Without an iterator: this is done for each key of each document that is opened.
  for (let index = 0; index < digest.length; index++) {
    content[index] = (content[index] ?? 0) ^ (digest[index] ?? 0)
  }
}
