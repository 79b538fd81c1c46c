import { createPrivateKey, createPublicKey, sign, verify as verifyWith } from 'node:crypto'
import type { Signer, Verify } from '../../src/trust/index.ts'

/** What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
/** The same before a public key in SPKI. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** A device of the tests, known by a number. */
export function signerOf(number: number): Signer {
  const seed = Buffer.alloc(32, 0xa5)
  seed.writeUInt32BE(number)
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const key = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
  return { key, sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)) }
}

export const verify: Verify = (key, bytes, signature) => {
  try {
    const publicKey = createPublicKey({
      key: Buffer.concat([SPKI, Buffer.from(key, 'hex')]),
      format: 'der',
      type: 'spki'
    })
    return verifyWith(null, bytes, publicKey, signature)
  } catch {
    return false
  }
}
