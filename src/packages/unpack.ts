import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { AbortOptions } from '../interface.ts'
import { checkRoom, makeFolder, syncFolder, type AskDisk } from './disk.ts'
import { keepingCopy, readStretches, type Copied } from './keeping-copy.ts'
import { damaged } from './manifest.ts'
import type { ModelPackage } from './open-package.ts'
import { foldersOf } from './package-path.ts'
import { bytesThere } from './place.ts'

/** The owner's alone, and never executable, whatever the stick said. */
export const FILE_MODE = 0o600
export const FOLDER_MODE = 0o700

/**
 * Copies the files of a package into a folder, which is made. Each is hashed while it is copied. When it ends, all of
 * it is right and on the disk.
 *
 * @throws {DiskFullError} before anything is copied
 * @throws {InvalidPackageError} naming the file whose contents are not what the manifest says
 */
export async function* unpackPackage(
  { path: where, bytes: total, manifest, contents }: ModelPackage,
  into: string,
  { signal, askDisk }: AbortOptions & { askDisk?: AskDisk } = {}
): AsyncGenerator<Copied, void> {
  await makeFolder(into, FOLDER_MODE)
  const there = await Promise.all(
    manifest.files.map(async ({ path, bytes }) => Math.min(bytes, await bytesThere(join(into, path))))
  )
  await checkRoom(into, total - there.reduce((sum, each) => sum + each, 0), askDisk)
  const folders = new Set<string>([into])
  for (const { path, sha256 } of manifest.files) {
    for (const folder of foldersOf(path)) {
      const full = join(into, folder)
      if (!folders.has(full)) await makeFolder(full, FOLDER_MODE)
      folders.add(full)
    }
    const hash = createHash('sha256')
    const wrong = (file: string, problem: string): Error => damaged(where, `${file}: ${problem}`)
    const chunks = hashed(readStretches(contents.get(path) ?? [], wrong, signal === undefined ? {} : { signal }), hash)
    yield* keepingCopy(join(into, path), chunks, { mode: FILE_MODE })
    if (hash.digest('hex') !== sha256) throw damaged(where, `${path} is damaged: its SHA-256 is another one`)
  }
  // Deepest first, and last the folder in which it all lies.
  for (const folder of [...folders].reverse()) await syncFolder(folder)
  await syncFolder(dirname(into))
}

/** The same chunks; the hash has seen each before it is handed on. */
export async function* hashed(
  chunks: AsyncIterable<Buffer>,
  hash: { update: (bytes: Buffer) => unknown }
): AsyncGenerator<Buffer, void> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}
