import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InvalidPackageError, InvalidRequestError } from '../errors.ts'
import { codeOf, reading } from './disk.ts'
import { openToRead, type Stretch } from './keeping-copy.ts'
import {
  MANIFEST,
  MOST_FILES,
  MOST_MANIFEST_BYTES,
  damaged,
  decodeManifest,
  storedParts,
  totalBytes
} from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { foldersOf } from './package-path.ts'
import { FILE_ENDING, FOLDER_ENDING, isFolder } from './place.ts'
import { BLOCK, decodeHeader, padded } from './tar-header.ts'
import type { TarEntry } from './tar-header.ts'

/** A complete package: its manifest fits its files by name and by size. Their contents have not been read. */
export interface ModelPackage {
  path: string
  manifest: Manifest
  /** SHA-256 of the manifest as it was read, hexadecimal: equal for equal packages. */
  digest: string
  /** Of all files together. */
  bytes: number
  /** Where each file's contents lie, by its path in the model. */
  contents: ReadonlyMap<string, Stretch[]>
}

/** @throws {InvalidPackageError} {InvalidRequestError} {FileUnusableError} */
export async function openPackage(path: string): Promise<ModelPackage> {
  if (!(await isFolder(path))) return openFile(path)
  return openFolder((await isPackage(path)) ? path : await packageIn(path))
}

/** Whether a folder holds a manifest: whatever else it holds, its export came to an end. */
export async function isPackage(folder: string): Promise<boolean> {
  try {
    await lstat(join(folder, MANIFEST))
    return true
  } catch (err) {
    if (codeOf(err) === 'ENOENT') return false
    return reading(folder, () => Promise.reject(err as Error))
  }
}

/** The one package in a folder, such as that of a stick. */
async function packageIn(folder: string): Promise<string> {
  if (folder.endsWith(FOLDER_ENDING)) {
    throw new InvalidPackageError(
      `${folder} is not complete: its export was interrupted. Repeat the export, which goes on where it ended.`
    )
  }
  const names = await reading(folder, () => readdir(folder))
  const found = names
    .filter((name) => !name.startsWith('.') && name.endsWith(FOLDER_ENDING))
    .map((name) => join(folder, name))
  const [only] = found
  if (only !== undefined && found.length === 1) return (await isPackage(only)) ? only : packageIn(only)
  throw new InvalidRequestError(
    only === undefined
      ? `There is no model package in ${folder}. mesh model export makes one; a plain folder of a model is for mesh model add.`
      : `There are several model packages in ${folder}. Name one: ${found.join(', ')}.`
  )
}

async function openFolder(path: string): Promise<ModelPackage> {
  const root = await reading(path, () => realpath(path))
  const { manifest, encoded } = await readFolderManifest(path, root)
  const contents = new Map<string, Stretch[]>()
  for (const each of manifest.files) {
    const parts = storedParts(each, manifest.partBytes)
    contents.set(each.path, await Promise.all(parts.map((part) => stretchOf(path, root, part))))
  }
  return { path, manifest, digest: digestOf(encoded), bytes: totalBytes(manifest.files), contents }
}

/** @throws {InvalidPackageError} {FileUnusableError} */
export async function readFolderManifest(path: string, root = path): Promise<{ manifest: Manifest; encoded: Buffer }> {
  const file = join(root, MANIFEST)
  const handle = await openToRead(file, (_, problem) => damaged(path, `${MANIFEST}: ${problem}`))
  try {
    const encoded = await readAtMost(handle, MOST_MANIFEST_BYTES + 1, 0, file)
    return { manifest: decodeManifest(encoded, path), encoded }
  } finally {
    await handle.close()
  }
}

/** A stored file, which lies in the package itself and has the size that it should have. */
async function stretchOf(where: string, root: string, part: { path: string; bytes: number }): Promise<Stretch> {
  for (const folder of foldersOf(part.path)) {
    if (!(await statOf(where, root, folder)).isDirectory()) throw damaged(where, `${folder} is no folder`)
  }
  const found = await statOf(where, root, part.path)
  if (!found.isFile()) throw damaged(where, `${part.path} is no regular file`)
  if (found.size !== part.bytes) throw damaged(where, `${part.path} has ${found.size} bytes in place of ${part.bytes}`)
  return { path: join(root, part.path), fileBytes: part.bytes, start: 0, bytes: part.bytes }
}

/** Of a link itself, which could lead anywhere. */
async function statOf(where: string, root: string, path: string): Promise<Stats> {
  const full = join(root, path)
  try {
    return await lstat(full)
  } catch (err) {
    const code = codeOf(err)
    if (code === 'ENOENT' || code === 'ENOTDIR') throw damaged(where, `${path} is missing`)
    return reading(full, () => Promise.reject(err as Error))
  }
}

async function openFile(path: string): Promise<ModelPackage> {
  const found = await lstat(path).catch((err: unknown) => {
    if (codeOf(err) === 'ENOENT') throw new InvalidRequestError(`There is no file or folder ${path}.`)
    return reading(path, () => Promise.reject(err as Error))
  })
  const target = found.isSymbolicLink() ? await reading(path, () => realpath(path)) : path
  const handle = await openToRead(target, (_, problem) => damaged(path, problem))
  try {
    const { size } = await reading(target, () => handle.stat())
    const entries = await readEntries(handle, target, path, size)
    const last = [...entries].at(-1)
    if (last?.[0] !== MANIFEST) throw incomplete(path)
    const [, { at, bytes }] = last
    if (bytes > MOST_MANIFEST_BYTES) throw damaged(path, `${MANIFEST} is larger than ${MOST_MANIFEST_BYTES} bytes`)
    const encoded = await readAtMost(handle, bytes, at, target)
    const manifest = decodeManifest(encoded, path)
    if (manifest.partBytes !== null) throw damaged(path, 'files are in parts, which a single file has not')
    if (entries.size !== manifest.files.length + 1) throw damaged(path, `it holds other files than ${MANIFEST} says`)
    const contents = new Map<string, Stretch[]>()
    for (const { path: name, bytes: wanted } of manifest.files) {
      const entry = entries.get(name)
      if (entry === undefined) throw damaged(path, `${name} is missing`)
      if (entry.bytes !== wanted) throw damaged(path, `${name} has ${entry.bytes} bytes in place of ${wanted}`)
      contents.set(name, [{ path: target, fileBytes: size, start: entry.at, bytes: wanted }])
    }
    return { path, manifest, digest: digestOf(encoded), bytes: totalBytes(manifest.files), contents }
  } finally {
    await handle.close()
  }
}

/** The entries by their path in the package, in order; headers alone are read. */
async function readEntries(
  handle: Awaited<ReturnType<typeof openToRead>>,
  file: string,
  where: string,
  size: number
): Promise<Map<string, { at: number; bytes: number }>> {
  const entries = new Map<string, { at: number; bytes: number }>()
  let folder: string | undefined
  for (let at = 0; ;) {
    const header = await readAtMost(handle, BLOCK, at, file)
    if (header.length < BLOCK) throw at === 0 ? notOurs(where) : incomplete(where)
    if (header.every((byte) => byte === 0)) return entries
    const entry = decodeHeader(header)
    const parts = entry === null ? null : withinFolder(entry)
    if (entry === null || parts === null || parts.folder !== (folder ??= parts.folder)) {
      throw at === 0 ? notOurs(where) : damaged(where, `what stands at byte ${at} is no file of a package`)
    }
    if (entries.has(parts.path)) throw damaged(where, `${parts.path} is there twice`)
    if (entries.size > MOST_FILES) throw damaged(where, `it has more than ${MOST_FILES} files`)
    entries.set(parts.path, { at: at + BLOCK, bytes: entry.bytes })
    at += BLOCK + padded(entry.bytes)
    if (at > size) throw incomplete(where)
  }
}

/** `NAME.meshmodel/PATH`, as all entries are called; so that unpacking by any tool makes a package of the folder form. */
export function withinFolder({ path }: TarEntry): { folder: string; path: string } | null {
  const at = path.indexOf('/')
  const folder = path.slice(0, at)
  return at > 0 && folder.endsWith(FOLDER_ENDING) ? { folder, path: path.slice(at + 1) } : null
}

function notOurs(path: string): InvalidPackageError {
  return new InvalidPackageError(
    `${basename(path)} is no model package: that is a folder NAME${FOLDER_ENDING}, or a ${FILE_ENDING} file that mesh model export wrote.`
  )
}

function incomplete(path: string): InvalidPackageError {
  return new InvalidPackageError(
    `${path} is not complete: its export was interrupted, or it was cut. Repeat the export, which goes on where it ended.`
  )
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function readAtMost(
  handle: Awaited<ReturnType<typeof openToRead>>,
  most: number,
  at: number,
  path: string
): Promise<Buffer> {
  const buffer = Buffer.alloc(most)
  let length = 0
  while (length < most) {
    const { bytesRead } = await reading(path, () => handle.read(buffer, length, most - length, at + length))
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}
