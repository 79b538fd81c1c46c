import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { Stanza, type Identity, type Recipient } from 'age-encryption'
import { SCRYPT_LOG_N } from './limits.ts'

/**
 * age's passphrase stanza (age-encryption.org/v1, "The scrypt recipient type"). The library's own stretches in JavaScript
 * and holds the event loop for seconds; this one does it in the system's thread pool.
 */

const TYPE = 'scrypt'
const LABEL = 'age-encryption.org/v1/scrypt'
const SALT_BYTES = 16
const KEY_BYTES = 32
const TAG_BYTES = 16
const BLOCK = 8
const CIPHER = 'chacha20-poly1305'
/** A key that was derived for this file is used once. */
const ONCE = new Uint8Array(12)

/** @param logN the work, as a power of two. @default as age does */
export function passphraseRecipient(passphrase: string, logN = SCRYPT_LOG_N): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(SALT_BYTES)
      const cipher = createCipheriv(CIPHER, await stretched(passphrase, salt, logN), ONCE, { authTagLength: TAG_BYTES })
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
      return [new Stanza([TYPE, base64(salt), String(logN)], Uint8Array.from(body))]
    }
  }
}

export function passphraseIdentity(passphrase: string): Identity {
  return {
    async unwrapFileKey([stanza, ...others]) {
      const [type, salt = '', work = ''] = stanza?.args ?? []
      const body = stanza?.body ?? ONCE
      const isOne = type === TYPE && stanza?.args.length === 3 && others.length === 0 && body.length === KEY_BYTES
      const logN = /^[1-9]\d?$/.test(work) ? Number(work) : Infinity
      const salted = Buffer.from(salt, 'base64')
      if (!isOne || logN > SCRYPT_LOG_N || salted.length !== SALT_BYTES) throw new Error('malformed')
      const key = await stretched(passphrase, salted, logN)
      const decipher = createDecipheriv(CIPHER, key, ONCE, { authTagLength: TAG_BYTES })
      decipher.setAuthTag(body.subarray(-TAG_BYTES))
      const fileKey = decipher.update(body.subarray(0, -TAG_BYTES))
      try {
        decipher.final()
        return Uint8Array.from(fileKey)
      } catch {
        return null
      }
    }
  }
}

/** Accents are typed in two ways on different systems, and shall be one. */
function stretched(passphrase: string, salt: Uint8Array, logN: number): Promise<Buffer> {
  const N = 2 ** logN
  const options = { N, r: BLOCK, p: 1, maxmem: 129 * N * BLOCK + 2 ** 20 }
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), Buffer.concat([Buffer.from(LABEL), salt]), KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
