/** Copying that leaves alone what is there already: so an interrupted copy goes on, and a damaged one is mended. */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { FileUnusableError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { reading, writing } from './disk.ts'

/** Large enough that the calls do not count, small enough that hashing one holds the event loop a few milliseconds. */
const CHUNK_BYTES = 2 ** 20
/**
 * So much is handed to the disk before it is waited for: otherwise the progress would stand at 100 % for the minutes
 * in which a slow stick takes what the kernel had kept for it.
 */
export const SYNC_EVERY_BYTES = 64 * 2 ** 20

/** A step of a copy: bytes that are now where they belong, and how many of them were before. */
export interface Copied {
  bytes: number
  kept: number
}

/** A stretch of a file. */
export interface Stretch {
  /** Absolute; no link. */
  path: string
  /** The whole file's size, exactly. */
  fileBytes: number
  start: number
  bytes: number
}

/**
 * Reads stretches one after another. A chunk is valid until the next is asked for.
 *
 * @param wrong makes the error for a file that is not what it was taken for
 */
export async function* readStretches(
  stretches: readonly Stretch[],
  wrong: (path: string, problem: string) => Error,
  { signal }: AbortOptions = {}
): AsyncGenerator<Buffer, void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (const { path, fileBytes, start, bytes } of stretches) {
    const file = await openToRead(path, wrong)
    try {
      const { size } = await reading(path, () => file.stat())
      if (size !== fileBytes) throw wrong(path, `it has ${size} bytes in place of ${fileBytes}`)
      for (let done = 0; done < bytes;) {
        signal?.throwIfAborted()
        const most = Math.min(buffer.length, bytes - done)
        const { bytesRead } = await reading(path, () => file.read(buffer, 0, most, start + done))
        if (bytesRead === 0) throw wrong(path, 'it ended while it was read')
        yield buffer.subarray(0, bytesRead)
        done += bytesRead
      }
    } finally {
      await file.close()
    }
  }
}

/** A regular file and no link: a pipe would be waited for for ever, and a device has no end. */
export async function openToRead(path: string, wrong: (path: string, problem: string) => Error): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = await reading(path, () =>
    open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((err: unknown) => {
      throw (err as NodeJS.ErrnoException).code === 'ELOOP' ? wrong(path, 'it is a link') : err
    })
  )
  try {
    if ((await file.stat()).isFile()) return file
    throw wrong(path, 'it is no regular file')
  } catch (err) {
    await file.close()
    throw err
  }
}

/** Makes the file hold the chunks and nothing else, and waits until the disk has it. Its folder must be there. */
export async function* keepingCopy(
  path: string,
  chunks: AsyncIterable<Buffer>,
  { mode = 0o666 }: { mode?: number } = {}
): AsyncGenerator<Copied, void> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
  const file = await writing(path, () => open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode))
  try {
    const stat = await writing(path, () => file.stat())
    if (!stat.isFile()) throw new FileUnusableError(`${path} is no regular file; take it away first.`)
    const before = stat.size
    const there = Buffer.allocUnsafe(before === 0 ? 0 : CHUNK_BYTES)
    let position = 0
    let unsynced = 0
    for await (const chunk of chunks) {
      const kept = position + chunk.length <= before && (await holds(file, path, chunk, position, there))
      if (!kept) {
        await writing(path, () => writeAll(file, chunk, position))
        unsynced += chunk.length
      }
      position += chunk.length
      if (unsynced >= SYNC_EVERY_BYTES) {
        unsynced = 0
        await writing(path, () => file.datasync())
      }
      yield { bytes: chunk.length, kept: kept ? chunk.length : 0 }
    }
    if (before > position) await writing(path, () => file.truncate(position))
    await writing(path, () => file.sync())
  } finally {
    await file.close()
  }
}

async function holds(file: FileHandle, path: string, chunk: Buffer, position: number, there: Buffer): Promise<boolean> {
  for (let done = 0; done < chunk.length;) {
    const { bytesRead } = await reading(path, () => file.read(there, done, chunk.length - done, position + done))
    if (bytesRead === 0) return false
    done += bytesRead
  }
  return chunk.equals(there.subarray(0, chunk.length))
}

export async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done)
    done += bytesWritten
  }
}
