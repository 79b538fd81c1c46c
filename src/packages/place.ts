import { lstat, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { InvalidRequestError } from '../errors.ts'
import { codeOf, reading } from './disk.ts'

/** The ending of a package's folder, by which `import` finds it on a stick. */
export const FOLDER_ENDING = '.meshmodel'
export const FILE_ENDING = '.tar'

/** Where a package is to be written. */
export interface Place {
  form: 'folder' | 'file'
  path: string
  /** The folder around it, which is there. */
  around: string
}

/**
 * What was meant by a path: a folder takes `NAME.meshmodel`, a path with that ending is the package itself, and one
 * that ends in `.tar` is a file.
 *
 * @throws {InvalidRequestError} for any other, and where the folder around it is missing
 */
export async function placeFor(path: string, name: string): Promise<Place> {
  const around = dirname(path)
  const ending = extname(path).toLowerCase()
  if (ending === FILE_ENDING || ending === FOLDER_ENDING) {
    if (!(await isFolder(around))) throw new InvalidRequestError(`There is no folder ${around}. Make it first.`)
    return { form: ending === FILE_ENDING ? 'file' : 'folder', path, around }
  }
  if (await isFolder(path)) return { form: 'folder', path: join(path, `${name}${FOLDER_ENDING}`), around: path }
  throw new InvalidRequestError(
    `There is no folder ${path}. Name one that is there, such as that of the stick, or a file that ends in ${FILE_ENDING}.`
  )
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (err) {
    if (codeOf(err) === 'ENOENT' || codeOf(err) === 'ENOTDIR') return false
    return reading(path, () => Promise.reject(err as Error))
  }
}

/** Size of a regular file; 0 for whatever else is there, or nothing. */
export async function bytesThere(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null)
  return found?.isFile() === true ? found.size : 0
}
