import { existsSync, rmSync } from 'node:fs'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { IdentityError } from '../errors.ts'
import type { BoxKey, Signer } from '../trust/index.ts'
import { makePrivateDirectory, readPrivateFile, reasonOf, replaceFile } from './files.ts'
import { boxPublicOf, newSeed, signerOf } from './membership/keys.ts'
import type { Paths } from './paths.ts'

/** One device: its Ed25519 key, the PeerId that follows from it, and its X25519 key. */
export interface Identity {
  privateKey: Ed25519PrivateKey
  /** PeerId in base58. */
  id: string
  signer: Signer
  /** Public half, for snapshots that this device shall be able to read. */
  box: BoxKey
}

/** The identity of a home, or null where none was created. @throws {IdentityError} */
export function loadIdentity(paths: Paths): Identity | null {
  if (!existsSync(paths.privateKey)) return null
  const bytes = readPrivateFile(paths.privateKey)
  try {
    const key = privateKeyFromProtobuf(bytes)
    if (key.type !== 'Ed25519') throw new Error(`a key of type ${key.type}`)
    return identityOf(key, boxKeyOf(paths))
  } catch (err) {
    if (err instanceof IdentityError) throw err
    throw new IdentityError(
      `The identity in ${paths.identity} is damaged (${reasonOf(err)}). Restore it from a backup, or make a new one with ` +
        'mesh join --new-key: this device is then a new one to the others.',
      { cause: err }
    )
  }
}

/** The identity of a home, created where there is none. Only `join` and `recover` may call it. @throws {IdentityError} */
export async function loadOrCreateIdentity(paths: Paths): Promise<Identity> {
  const known = loadIdentity(paths)
  if (known !== null) return known
  const key = await generateKeyPair('Ed25519')
  makePrivateDirectory(paths.identity)
  const box = boxKeyOf(paths)
  // Last, since it is what makes an identity: a power cut before leaves none.
  replaceFile(paths.privateKey, privateKeyToProtobuf(key))
  return identityOf(key, box)
}

/** The X25519 seed: the secret half of `Identity.box`, read when it is needed. @throws {IdentityError} */
export function loadBoxSecret(paths: Paths): Uint8Array {
  return readPrivateFile(paths.boxKey)
}

/** Forgets the keys: whoever starts here next is a new device. */
export function eraseIdentity(paths: Paths): void {
  for (const file of [paths.privateKey, paths.boxKey, paths.recoveryKey]) rmSync(file, { force: true })
}

/** The X25519 seed, made where there is none. */
function boxKeyOf(paths: Paths): Uint8Array {
  if (existsSync(paths.boxKey)) return readPrivateFile(paths.boxKey)
  const seed = newSeed('x25519')
  replaceFile(paths.boxKey, seed)
  return seed
}

function identityOf(privateKey: Ed25519PrivateKey, box: Uint8Array): Identity {
  return {
    privateKey,
    id: peerIdFromPrivateKey(privateKey).toString(),
    // libp2p keeps the seed and the public key behind it.
    signer: signerOf(privateKey.raw.subarray(0, 32)),
    box: boxPublicOf(box)
  }
}
