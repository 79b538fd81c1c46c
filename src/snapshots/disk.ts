import { randomBytes } from 'node:crypto'
import { link, open, readdir, rename, rm, stat, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DiskFullError, FileUnusableError, MeshError } from '../errors.ts'

/** What can go wrong with a stick, in words that say what to do. @throws {FileUnusableError} */
export async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw inWords(error, path, 'read')
  }
}

/** @throws {FileUnusableError} {DiskFullError} */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw inWords(error, path, 'written')
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw inWords(error, path, 'read')
  }
}

/** Of a file that is being written. */
const TEMPORARY = /^\..*\.[0-9a-f]{8}\.snapshot-part$/
/** Who writes, writes every few seconds: what was not written to for an hour was left by a process that was killed. */
const LEFT_MS = 60 * 60_000

/** A new file beside the place where it is to lie; what earlier processes have left there goes. */
export async function makeTemporary(path: string): Promise<{ file: FileHandle; temporary: string }> {
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.${randomBytes(4).toString('hex')}.snapshot-part`)
  const file = await writing(path, () => open(temporary, 'wx', 0o600))
  // That a stick cannot be tidied up is no reason not to write to it.
  await tidy(folder).catch(() => undefined)
  return { file, temporary }
}

async function tidy(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!TEMPORARY.test(name)) continue
    const left = join(folder, name)
    if (Date.now() - (await stat(left)).mtimeMs > LEFT_MS) await rm(left, { force: true })
  }
}

/** Gives a finished file its name, and never takes it from another one. @throws {FileUnusableError} */
export async function giveName(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
    await unlink(temporary)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw taken(path)
    // Sticks with FAT know no second name for a file.
    if (await exists(path)) throw taken(path)
    await writing(path, () => rename(temporary, path))
  }
}

export function taken(path: string): FileUnusableError {
  return new FileUnusableError(`${path} is there already, and was left alone. Move it away, or take another name.`)
}

/** Makes what was created or renamed in a folder last through a power cut. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a directory.
  if (process.platform === 'win32') return
  await writing(path, async () => {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } catch (error) {
      // Some file systems for sticks cannot; the file itself was synchronised.
      if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'ENOTSUP') throw error
    } finally {
      await folder.close()
    }
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function inWords(error: unknown, path: string, done: 'read' | 'written'): unknown {
  const code = codeOf(error)
  if (error instanceof MeshError || code === undefined || code === 'ABORT_ERR') return error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DiskFullError(`There is no room left for ${path}. Nothing was left there; make room, then repeat.`, {
      cause: error
    })
  }
  if (code === 'EFBIG') {
    return new FileUnusableError(`${path} is larger than its disk takes: FAT ends at 4 GiB. Use --since.`, {
      cause: error
    })
  }
  if (code === 'EISDIR') return new FileUnusableError(`${path} is a folder. Name the file in it.`, { cause: error })
  const reason =
    code === 'ENOENT' ? 'it is not there' : (/^[A-Z0-9]+: (.*?),/.exec((error as Error).message)?.[1] ?? code)
  const hint = ['EIO', 'ENODEV', 'ENXIO', 'ENOENT'].includes(code) ? ' Is its disk connected?' : ''
  return new FileUnusableError(`${path} cannot be ${done}: ${reason}.${hint}`, { cause: error })
}
