import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { makePrivateDirectory, readPrivateFile, replaceFile } from './files.ts'
import type { Paths } from './paths.ts'

/** The key length of HMAC-SHA-256, with which it is proved. */
const CONTROL_TOKEN_BYTES = 32

/**
 * The secret that both ends of the control socket prove to each other: 32 bytes, created by whoever serves the socket.
 * Null where none was created. @throws {IdentityError}
 */
export function loadControlToken(paths: Paths): Uint8Array | null {
  if (!existsSync(paths.controlToken)) return null
  const token = readPrivateFile(paths.controlToken)
  return token.length === CONTROL_TOKEN_BYTES ? token : null
}

/** The token of a home, created where there is none. */
export function loadOrCreateControlToken(paths: Paths): Uint8Array {
  const known = loadControlToken(paths)
  if (known !== null) return known
  const token = randomBytes(CONTROL_TOKEN_BYTES)
  makePrivateDirectory(paths.identity)
  replaceFile(paths.controlToken, token)
  return token
}
