/** Files that come in pieces from elsewhere: what is there already and right is left alone, the rest is fetched. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FileUnusableError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { checkRoom, makeFolder, reading, syncFolder, writing, type AskDisk } from './disk.ts'
import { SYNC_EVERY_BYTES, writeAll, type Copied } from './keeping-copy.ts'
import { totalBytes, type ManifestFile } from './manifest.ts'
import { foldersOf } from './package-path.ts'
import { bytesThere } from './place.ts'
import { FILE_MODE, FOLDER_MODE } from './unpack.ts'

/** A file, and the SHA-256 of each of its pieces, in order. */
export interface PiecedFile extends ManifestFile {
  pieces: readonly string[]
}

export interface TakeInit<F extends PiecedFile> {
  /** Their paths are such as a package may hold: see `filesProblem`. */
  files: readonly F[]
  pieceBytes: number
  /**
   * Pieces of a file, in order, each of them right; one is valid until the next is asked for. What it says in words is
   * passed on.
   */
  fetch: (file: F, first: number, count: number) => AsyncIterable<Buffer | string>
  /** Makes the error for a file whose pieces are right and which is not: its list of pieces was another file's. */
  wrong: (file: F) => Error
  askDisk?: AskDisk
}

/**
 * Makes a folder hold the files and nothing else. Nothing is believed of what an earlier try left there but what its hashes prove. When
 * it ends, all of it is right and on the disk.
 *
 * @throws {DiskFullError} before anything is fetched, and when the disk fills meanwhile
 * @throws {FileUnusableError} and what `fetch` throws
 */
export async function* takeInPieces<F extends PiecedFile>(
  into: string,
  { files, askDisk, ...init }: TakeInit<F>,
  { signal }: AbortOptions = {}
): AsyncGenerator<Copied | string, void> {
  await makeFolder(into, FOLDER_MODE)
  const there = await Promise.all(
    files.map(async ({ path, bytes }) => Math.min(bytes, await bytesThere(join(into, path))))
  )
  await checkRoom(into, totalBytes(files) - there.reduce((sum, each) => sum + each, 0), askDisk)
  const folders = new Set<string>([into])
  for (const file of files) {
    for (const folder of foldersOf(file.path)) {
      const full = join(into, folder)
      if (!folders.has(full)) await makeFolder(full, FOLDER_MODE)
      folders.add(full)
    }
    yield* takeFile(join(into, file.path), file, init, signal)
  }
  await removeOthers(into, '', new Set(files.flatMap(({ path }) => [path, ...foldersOf(path)])))
  // Deepest first, and last the folder in which it all lies.
  for (const folder of [...folders].reverse()) await syncFolder(folder)
  await syncFolder(dirname(into))
}

async function* takeFile<F extends PiecedFile>(
  path: string,
  file: F,
  { pieceBytes, fetch, wrong }: Omit<TakeInit<F>, 'files' | 'askDisk'>,
  signal: AbortSignal | undefined
): AsyncGenerator<Copied | string, void> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants
  const handle = await writing(path, () => open(path, O_RDWR | O_CREAT | O_NOFOLLOW, FILE_MODE))
  try {
    const before = await writing(path, () => handle.stat())
    if (!before.isFile()) throw new FileUnusableError(`${path} is no regular file; take it away first.`)
    const buffer = Buffer.allocUnsafe(before.size === 0 ? 0 : pieceBytes)
    /** The piece as it lies there, if that is right. */
    const right = async (index: number): Promise<Buffer | null> => {
      signal?.throwIfAborted()
      const start = index * pieceBytes
      const bytes = Math.min(pieceBytes, file.bytes - start)
      if (start + bytes > before.size) return null
      const piece = buffer.subarray(0, bytes)
      return (await readAll(handle, path, piece, start)) && digestOf(piece) === file.pieces[index] ? piece : null
    }
    const hash = createHash('sha256')
    let unsynced = 0
    for (let index = 0; index < file.pieces.length;) {
      const kept = await right(index)
      if (kept !== null) {
        hash.update(kept)
        yield { bytes: kept.length, kept: kept.length }
        index++
        continue
      }
      let end = index + 1
      while (end < file.pieces.length && (await right(end)) === null) end++
      for await (const piece of fetch(file, index, end - index)) {
        if (typeof piece === 'string') {
          yield piece
          continue
        }
        hash.update(piece)
        const position = index * pieceBytes
        await writing(path, () => writeAll(handle, piece, position))
        unsynced += piece.length
        if (unsynced >= SYNC_EVERY_BYTES) {
          unsynced = 0
          await writing(path, () => handle.datasync())
        }
        index++
        yield { bytes: piece.length, kept: 0 }
      }
    }
    if (before.size > file.bytes) await writing(path, () => handle.truncate(file.bytes))
    if (hash.digest('hex') !== file.sha256) throw wrong(file)
    await writing(path, () => handle.sync())
  } finally {
    await handle.close()
  }
}

/** What an earlier try has brought that is not wanted any more. */
async function removeOthers(into: string, folder: string, wanted: ReadonlySet<string>): Promise<void> {
  const here = join(into, folder)
  for (const entry of await reading(here, () => readdir(here, { withFileTypes: true }))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (!wanted.has(path)) await writing(path, () => rm(join(into, path), { recursive: true }))
    else if (entry.isDirectory()) await removeOthers(into, path, wanted)
  }
}

/** False where the file ended before. */
async function readAll(handle: FileHandle, path: string, into: Buffer, start: number): Promise<boolean> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await reading(path, () => handle.read(into, done, into.length - done, start + done))
    if (bytesRead === 0) return false
    done += bytesRead
  }
  return true
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
