/** What is asked of the library, checked: it may have come over the control socket. */
import { isAbsolute, resolve } from 'node:path'
import { InvalidRequestError } from '../../errors.ts'
import { LEAST_PART_BYTES, isModelName } from '../../packages/index.ts'

/** @throws {InvalidRequestError} */
export function absolutePath(path: unknown): string {
  if (typeof path === 'string' && isAbsolute(path) && !path.includes('\0')) return resolve(path)
  throw new InvalidRequestError('A path is absolute here: one that begins at the root of the file system.')
}

/** @throws {InvalidRequestError} */
export function modelName(name: unknown): string {
  if (typeof name === 'string' && isModelName(name)) return name
  throw new InvalidRequestError(
    `${JSON.stringify(name)} cannot be a model's name: that is up to 100 letters, digits, ".", "_", "+" and "-", a letter or digit first. Give one with --name.`
  )
}

/** @throws {InvalidRequestError} */
export function partBytes(bytes: unknown): number | null {
  if (bytes === undefined) return null
  if (Number.isSafeInteger(bytes) && (bytes as number) >= LEAST_PART_BYTES) return bytes as number
  throw new InvalidRequestError(`A part has a whole number of bytes, at least ${LEAST_PART_BYTES}.`)
}
