import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FileUnusableError, HubBytesError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { wrong, type FilesReader } from './files-reader.ts'
import type { Disk, DownloadStep, HubFile } from './index.ts'

/** The owner's alone, and never executable. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** Large enough that the calls do not count, small enough that hashing one holds the event loop a few milliseconds. */
const CHUNK_BYTES = 2 ** 20
/** So much is handed to the disk before it is waited for, so that the progress is that of the disk too. */
const SYNC_EVERY_BYTES = 64 * 2 ** 20

export async function* download(
  reader: FilesReader,
  files: readonly HubFile[],
  into: string,
  disk: Disk,
  options: AbortOptions
): AsyncGenerator<DownloadStep, void> {
  await disk.makeFolder(into, FOLDER_MODE)
  const there = await Promise.all(
    files.map(async ({ path, bytes }) => Math.min(bytes, await bytesAt(join(into, path))))
  )
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  await disk.checkRoom(into, total - there.reduce((sum, bytes) => sum + bytes, 0))
  const folders = new Set<string>([into])
  // Whoever is not let in, or takes the wrong model, learns it from a small file.
  for (const file of [...files].sort((a, b) => a.bytes - b.bytes)) {
    const path = join(into, file.path)
    for (const folder of foldersBetween(into, dirname(path))) {
      if (!folders.has(folder)) await disk.makeFolder(folder, FOLDER_MODE)
      folders.add(folder)
    }
    yield* fetchFile(reader, file, path, disk, options)
  }
  // Deepest first, and last the folder in which it all lies.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) await disk.syncFolder(folder)
  await disk.syncFolder(dirname(into))
}

/** Makes a file right: what is there is kept, and what is wrong among it is found by the digest and fetched anew. */
async function* fetchFile(
  reader: FilesReader,
  file: HubFile,
  path: string,
  disk: Disk,
  options: AbortOptions
): AsyncGenerator<DownloadStep, void> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
  const handle = await disk.writing(path, () => open(path, O_RDWR | O_CREAT | O_NOFOLLOW, FILE_MODE))
  try {
    const stat = await disk.writing(path, () => handle.stat())
    if (!stat.isFile()) throw new FileUnusableError(`${path} is no regular file; take it away first.`)
    let kept = stat.size > file.bytes ? 0 : stat.size
    while (!(yield* completed(reader, file, handle, path, kept, disk, options))) {
      if (kept === 0) throw wrong(file, reader.host, 'its digest is another one')
      yield { bytes: -file.bytes, kept: -kept }
      yield { remark: `What was there of ${file.path} was damaged; it is fetched anew.` }
      kept = 0
    }
  } catch (err) {
    if (err instanceof HubBytesError) await disk.writing(path, () => rm(path, { force: true }))
    throw err
  } finally {
    await handle.close()
  }
}

/** Adds to the first `kept` bytes of a file what is missing. Returns whether it is right then. */
async function* completed(
  reader: FilesReader,
  file: HubFile,
  handle: FileHandle,
  path: string,
  kept: number,
  disk: Disk,
  options: AbortOptions
): AsyncGenerator<DownloadStep, boolean> {
  const hash = hashFor(file)
  const buffer = Buffer.allocUnsafe(kept === 0 ? 0 : CHUNK_BYTES)
  let position = 0
  while (position < kept) {
    options.signal?.throwIfAborted()
    const most = Math.min(buffer.length, kept - position)
    const { bytesRead } = await disk.writing(path, () => handle.read(buffer, 0, most, position))
    if (bytesRead === 0) return false
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
    yield { bytes: bytesRead, kept: bytesRead }
  }
  await disk.writing(path, () => handle.truncate(kept))
  let unsynced = 0
  for await (const chunk of reader.read(file, kept, options)) {
    if ('remark' in chunk) {
      yield chunk
      continue
    }
    await disk.writing(path, () => writeAll(handle, chunk, position))
    hash.update(chunk)
    position += chunk.length
    unsynced += chunk.length
    if (unsynced >= SYNC_EVERY_BYTES) {
      unsynced = 0
      await disk.writing(path, () => handle.datasync())
    }
    yield { bytes: chunk.length, kept: 0 }
  }
  if (hash.digest('hex') !== file.digest.hex) return false
  await disk.writing(path, () => handle.sync())
  return true
}

/** Git's object id of a blob is SHA-1 over its kind, its size and its contents. */
function hashFor({ bytes, digest }: HubFile): Hash {
  return digest.kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`)
}

async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done)
    done += bytesWritten
  }
}

/** Size of a regular file; 0 for whatever else is there, or nothing. */
async function bytesAt(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null)
  return found?.isFile() === true ? found.size : 0
}

/** `a/b/c` under `a`: `a/b`, `a/b/c`. */
function foldersBetween(top: string, folder: string): string[] {
  return folder === top ? [] : [...foldersBetween(top, dirname(folder)), folder]
}
