import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { UsageError } from './exit-codes.ts'

/** Readable by its owner only. */
const PRIVATE = 0o600

/**
 * A new file that only its owner can read, made before what belongs into it: nothing shall be made that then has no
 * place to stay. The file goes again where `contents` throws.
 *
 * @throws {UsageError} when there is one already, or it cannot be made
 */
export async function writeNewFile(path: string, contents: () => Promise<Uint8Array | string>): Promise<void> {
  const file = opened(path, 'wx', 'written')
  try {
    writeSync(file, Buffer.from(await contents()))
    fsyncSync(file)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

/** @throws {UsageError} when the file cannot be read, or is larger than any that is meant */
export function readWholeFile(path: string, mostBytes: number): Uint8Array {
  const file = opened(path, 'r', 'read')
  try {
    const bytes = Buffer.alloc(mostBytes + 1)
    let length = 0
    for (let read = -1; read !== 0 && length <= mostBytes; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null)
    }
    if (length > mostBytes) {
      throw new UsageError(`${path} is larger than any file of this kind; it is probably another one.`)
    }
    return new Uint8Array(bytes.subarray(0, length))
  } catch (error) {
    throw error instanceof UsageError ? error : unusable(path, 'read', error)
  } finally {
    closeSync(file)
  }
}

/** The first bytes of a file as a text, fewer where there are no more. @throws {UsageError} when it cannot be read */
export function readBeginning(path: string, bytes: number): string {
  const file = opened(path, 'r', 'read')
  try {
    const beginning = Buffer.alloc(bytes)
    return beginning.toString('latin1', 0, readSync(file, beginning, 0, bytes, 0))
  } catch (error) {
    throw unusable(path, 'read', error)
  } finally {
    closeSync(file)
  }
}

function opened(path: string, flags: 'r' | 'wx', purpose: 'read' | 'written'): number {
  try {
    return openSync(path, flags, PRIVATE)
  } catch (error) {
    throw unusable(path, purpose, error)
  }
}

function unusable(path: string, purpose: 'read' | 'written', error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const reason =
    code === 'EEXIST'
      ? 'it is there already; move it away, or take another name'
      : code === 'ENOENT'
        ? 'there is no such file or folder'
        : error instanceof Error
          ? error.message
          : String(error)
  return new UsageError(`${path} cannot be ${purpose}: ${reason}.`)
}
