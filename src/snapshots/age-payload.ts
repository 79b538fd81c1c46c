import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

/**
 * The payload of an age file (age-encryption.org/v1, "Payload"): chunks of 64 KiB under ChaCha20-Poly1305, each with its
 * place as its nonce, the last one marked. By the system's own cipher, which is twenty times as fast as the library's, and
 * chunk by chunk, so that damage has a place.
 */

export const CHUNK_BYTES = 64 * 1024
export const NONCE_BYTES = 16
const TAG_BYTES = 16
export const SEALED_BYTES = CHUNK_BYTES + TAG_BYTES
const CIPHER = 'chacha20-poly1305'
const KEY_BYTES = 32

/** @param nonce the 16 bytes that stand before the payload */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', KEY_BYTES))
}

export function sealChunk(key: Uint8Array, index: number, plain: Uint8Array, isLast: boolean): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(index, isLast), { authTagLength: TAG_BYTES })
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @returns null for what was not sealed so */
export function openChunk(key: Uint8Array, index: number, sealed: Uint8Array, isLast: boolean): Buffer | null {
  if (sealed.length < TAG_BYTES) return null
  const decipher = createDecipheriv(CIPHER, key, nonceOf(index, isLast), { authTagLength: TAG_BYTES })
  const end = sealed.length - TAG_BYTES
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(0, end))
  try {
    decipher.final()
    return plain
  } catch {
    return null
  }
}

/** Bytes of a payload without its nonce. */
export function sealedSize(plainBytes: number): number {
  return plainBytes + TAG_BYTES * Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES))
}

/** Eleven bytes that count, and one that says whether it is the last. */
function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce[11] = isLast ? 1 : 0
  return nonce
}
