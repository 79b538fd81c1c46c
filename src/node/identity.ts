import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { IdentityError } from '../errors.ts'
import { isReadableByOthers, makePrivateDirectory, reasonOf, replaceFile } from './files.ts'
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
  refuseIfReadableByOthers(paths.privateKey)
  const bytes = readPrivate(paths.privateKey)
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

/**
 * The secret that both ends of the control socket prove to each other: 32 bytes, created by whoever serves the socket.
 * Null where none was created. @throws {IdentityError}
 */
export function loadControlToken(paths: Paths): Uint8Array | null {
  if (!existsSync(paths.controlToken)) return null
  refuseIfReadableByOthers(paths.controlToken)
  const token = readPrivate(paths.controlToken)
  return token.length === CONTROL_TOKEN_BYTES ? token : null
}

export function loadOrCreateControlToken(paths: Paths): Uint8Array {
  const known = loadControlToken(paths)
  if (known !== null) return known
  const token = randomBytes(CONTROL_TOKEN_BYTES)
  makePrivateDirectory(paths.identity)
  replaceFile(paths.controlToken, token)
  return token
}

/** The key length of HMAC-SHA-256, with which it is proved. */
const CONTROL_TOKEN_BYTES = 32

function identityOf(privateKey: Ed25519PrivateKey): Identity {
  return { privateKey, id: peerIdFromPrivateKey(privateKey).toString() }
}

function readPrivate(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (err) {
    throw new IdentityError(`Cannot read ${path}: ${reasonOf(err)}.`, { cause: err })
  }
}

function refuseIfReadableByOthers(path: string): void {
  if (isReadableByOthers(path)) {
    throw new IdentityError(`Others can read ${path}. Make it yours alone: chmod 600 '${path}'`)
  }
}
