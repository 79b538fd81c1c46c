import { existsSync } from 'node:fs'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { IdentityError } from '../errors.ts'
import { makePrivateDirectory, readPrivateFile, reasonOf, replaceFile } from './files.ts'
import type { Paths } from './paths.ts'

/** One device: its Ed25519 key and the PeerId that follows from it. */
export interface Identity {
  privateKey: Ed25519PrivateKey
  /** PeerId in base58. */
  id: string
}

/** The identity of a home, or null where none was created. @throws {IdentityError} */
export function loadIdentity(paths: Paths): Identity | null {
  if (!existsSync(paths.privateKey)) return null
  const bytes = readPrivateFile(paths.privateKey)
  try {
    const key = privateKeyFromProtobuf(bytes)
    if (key.type !== 'Ed25519') throw new Error(`a key of type ${key.type}`)
    return identityOf(key)
  } catch (err) {
    throw new IdentityError(
      `The identity ${paths.privateKey} is damaged (${reasonOf(err)}). Restore it from a backup, or move it away: ` +
        'mesh join then makes a new one, and this device is a new device to the others.',
      { cause: err }
    )
  }
}

/** The identity of a home, created where there is none. Only `join` may call it. @throws {IdentityError} */
export async function loadOrCreateIdentity(paths: Paths): Promise<Identity> {
  const known = loadIdentity(paths)
  if (known !== null) return known
  const key = await generateKeyPair('Ed25519')
  makePrivateDirectory(paths.identity)
  replaceFile(paths.privateKey, privateKeyToProtobuf(key))
  return identityOf(key)
}

function identityOf(privateKey: Ed25519PrivateKey): Identity {
  return { privateKey, id: peerIdFromPrivateKey(privateKey).toString() }
}
