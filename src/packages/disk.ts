/** What can go wrong with disks, in words that say what to do; and the room on them. */
import { lstat, mkdir, open, statfs } from 'node:fs/promises'
import { DiskFullError, FileUnusableError, MeshError } from '../errors.ts'

/** As statfs(2) tells it on Linux; other systems do not tell. */
const MSDOS_SUPER_MAGIC = 0x4d44
/** FAT32 keeps a file's size in 32 bits. */
export const LARGEST_ON_FAT = 2 ** 32 - 1

/** What the system says of the disk under a folder: `statfs`, or what a test lays into it. */
export type AskDisk = (folder: string) => Promise<{ bavail: number; bsize: number; type: number }>

export interface Room {
  /** Bytes that this user can still write. */
  free: number
  isFat: boolean
}

export async function roomOn(folder: string, ask: AskDisk = statfs): Promise<Room> {
  const { bavail, bsize, type } = await reading(folder, () => ask(folder))
  return { free: bavail * bsize, isFat: type === MSDOS_SUPER_MAGIC }
}

/** @throws {DiskFullError} when so much does not fit beside what is there */
export async function checkRoom(folder: string, bytes: number, ask?: AskDisk): Promise<void> {
  const { free } = await roomOn(folder, ask)
  if (bytes > free) {
    throw new DiskFullError(
      `The disk of ${folder} has ${inMegabytes(free)} free, and ${inMegabytes(bytes)} are needed. Make room, then repeat.`,
      { details: { folder, free, needed: bytes } }
    )
  }
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Runs what reads from a path. @throws {FileUnusableError} */
export async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (err) {
    throw inWords(err, path, 'read')
  }
}

/** Runs what writes to a path. @throws {FileUnusableError} @throws {DiskFullError} */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (err) {
    throw inWords(err, path, 'written')
  }
}

/** Makes a folder, or finds one that is no link: behind a link would be the files of somebody else. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  await writing(path, async () => {
    await mkdir(path, { mode }).catch((err: unknown) => {
      if (codeOf(err) !== 'EEXIST') throw err
    })
    if (!(await lstat(path)).isDirectory()) throw new FileUnusableError(`${path} is no folder; take it away first.`)
  })
}

/** Makes what was created, renamed or removed in a folder last through a power cut. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a directory.
  if (process.platform === 'win32') return
  await writing(path, async () => {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } catch (err) {
      // Some file systems for sticks cannot; their files were synchronised one by one.
      if (codeOf(err) !== 'EINVAL' && codeOf(err) !== 'ENOTSUP') throw err
    } finally {
      await folder.close()
    }
  })
}

export function codeOf(err: unknown): string | undefined {
  return err instanceof Error && 'code' in err ? String(err.code) : undefined
}

function inWords(err: unknown, path: string, done: 'read' | 'written'): unknown {
  const code = codeOf(err)
  if (err instanceof MeshError || code === undefined || code === 'ABORT_ERR') return err
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DiskFullError(
      `There is no room left to write ${path}. What was written is kept: make room, then repeat.`,
      { cause: err }
    )
  }
  if (code === 'EFBIG') {
    return new FileUnusableError(`${path} is larger than its disk takes. Repeat with --split 4G.`, { cause: err })
  }
  const reason =
    code === 'ENOENT' ? 'it is not there' : (/^[A-Z0-9]+: (.*?),/.exec((err as Error).message)?.[1] ?? code)
  const hint = ['EIO', 'ENODEV', 'ENXIO', 'ENOENT'].includes(code) ? ' Is its disk connected?' : ''
  return new FileUnusableError(`${path} cannot be ${done}: ${reason}.${hint}`, { cause: err })
}
