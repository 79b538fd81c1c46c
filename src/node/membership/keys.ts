import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify, type KeyObject } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import type { BoxKey, DeviceKey, Signer, Verify } from '../../trust/index.ts'

/** What stands before the 32 bytes of a key in PKCS #8 (RFC 8410, section 7). */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const X25519_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')
const RAW_KEY_BYTES = 32

/** Signs as the Ed25519 key of this 32-byte seed. */
export function signerOf(seed: Uint8Array): Signer {
  const privateKey = privateKeyOf(ED25519_PREFIX, seed)
  return { key: publicHex(privateKey), sign: (bytes) => sign(null, bytes, privateKey) }
}

export const verifySignature: Verify = (key, bytes, signature) => {
  try {
    const x = Buffer.from(key, 'hex').toString('base64url')
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    return verify(null, bytes, publicKey, signature)
  } catch {
    // 32 bytes that are no point of the curve.
    return false
  }
}

/** A new 32-byte seed. */
export function newSeed(kind: 'ed25519' | 'x25519'): Uint8Array {
  // The overloads of node:crypto know each kind apart and not their union.
  const { privateKey } = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
  return privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-RAW_KEY_BYTES)
}

/** The public half of an X25519 key, as 64 hexadecimal digits. */
export function boxPublicOf(seed: Uint8Array): string {
  return publicHex(privateKeyOf(X25519_PREFIX, seed))
}

/**
 * The X25519 key of an Ed25519 one, by the map between their curves (RFC 7748, section 4.1): so a roster that names the
 * recovery key has told to what a snapshot is closed for it.
 */
export function recoveryBoxOf(recoveryKey: DeviceKey): BoxKey {
  return Buffer.from(ed25519.utils.toMontgomery(Buffer.from(recoveryKey, 'hex'))).toString('hex')
}

/** The secret half of that: Ed25519's own secret number (RFC 8032, section 5.1.5). */
export function recoverySecretOf(seed: Uint8Array): Uint8Array {
  return hash('sha512', seed, 'buffer').subarray(0, RAW_KEY_BYTES)
}

/** Whether it has a key with which it could be a member; libp2p's own nodes have other kinds too. */
export function isDevice({ type }: PeerId): boolean {
  return type === 'Ed25519'
}

/** A PeerId in base58 as the key that it is a function of. @throws when it is not Ed25519 */
export function deviceKeyOf(id: string): DeviceKey {
  const { publicKey } = peerIdFromString(id)
  if (publicKey?.type !== 'Ed25519') throw new Error(`${id} is no Ed25519 identity`)
  return Buffer.from(publicKey.raw).toString('hex')
}

export function peerIdOf(key: DeviceKey): string {
  return peerIdFromPublicKey(publicKeyFromRaw(Buffer.from(key, 'hex'))).toString()
}

function privateKeyOf(prefix: Buffer, seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' })
}

function publicHex(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return der.subarray(-RAW_KEY_BYTES).toString('hex')
}
