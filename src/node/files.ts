import { randomBytes } from 'node:crypto'
import {
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { HomeUnusableError, IdentityError } from '../errors.ts'

/** Makes a directory that its owner alone may enter, and its parents. @throws {HomeUnusableError} */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (err) {
    throw new HomeUnusableError(`Cannot make the directory ${path}: ${reasonOf(err)}. Choose another with --home.`, {
      cause: err
    })
  }
}

/**
 * Replaces a file as a whole: temporary file, fsync, rename, fsync of the directory; so that a power cut leaves the
 * old one or the new one. Its owner alone may read it. @throws {HomeUnusableError}
 */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = openSync(temporary, 'wx', 0o600)
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
    syncDirectory(dirname(path))
  } catch (err) {
    rmSync(temporary, { force: true })
    throw new HomeUnusableError(`Cannot write ${path}: ${reasonOf(err)}.`, { cause: err })
  }
}

/**
 * Reads a secret. @throws {IdentityError} when it cannot be read, or others can read it too: then with the command that
 * mends it. Modes mean this on POSIX only.
 */
export function readPrivateFile(path: string): Uint8Array {
  try {
    const isOpen = process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0
    if (isOpen) throw new IdentityError(`Others can read ${path}. Make it yours alone: chmod 600 '${path}'`)
    return readFileSync(path)
  } catch (err) {
    if (err instanceof IdentityError) throw err
    throw new IdentityError(`Cannot read ${path}: ${reasonOf(err)}.`, { cause: err })
  }
}

/** A system error's own words without the call and the path: `permission denied`. */
export function reasonOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err)
  return /^[A-Z]+: (.*?), /.exec(err.message)?.[1] ?? err.message
}

/** Makes what was created, renamed or removed in a directory last through a power cut. */
export function syncDirectory(path: string): void {
  // Windows cannot open a directory; there the rename alone has to do.
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
