import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FileUnusableError, InvalidPackageError, InvalidRequestError, ModelExistsError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { LARGEST_ON_FAT, checkRoom, makeFolder, reading, roomOn, syncFolder, writing, type AskDisk } from './disk.ts'
import { keepingCopy, readStretches, type Copied } from './keeping-copy.ts'
import {
  MANIFEST,
  MANIFEST_VERSION,
  MOST_MANIFEST_BYTES,
  encodeManifest,
  filesProblem,
  storedParts,
  totalBytes
} from './manifest.ts'
import type { Manifest, ManifestFile } from './manifest.ts'
import { listModelFiles, type ModelFile } from './model-files.ts'
import { isPackage, openPackage, readFolderManifest, withinFolder } from './open-package.ts'
import { foldersOf } from './package-path.ts'
import { FOLDER_ENDING, bytesThere, isFolder, placeFor, type Place } from './place.ts'
import { BLOCK, decodeHeader, encodeHeader, padded } from './tar-header.ts'
import { hashed } from './unpack.ts'

export interface WritePackageInit {
  /** The model's folder, absolute. */
  folder: string
  /** The name in the package. */
  name: string
  /** The model's hash, as the catalogue has it. */
  hash: string
  /** Where to: absolute; see `placeFor`. */
  path: string
  /** @default what the disk takes */
  partBytes: number | null
  /** Whether a package of another model gives way. */
  replace: boolean
  /** Throws when the files, as they were read, are not the model that they were taken for. */
  check: (files: readonly ManifestFile[]) => void
  askDisk?: AskDisk
}

export interface Writing {
  path: string
  /** All that the package will have. */
  bytes: number
  files: number
  /** The work; when it ends the package is complete and on the disk. */
  copy: AsyncGenerator<Copied, void>
}

/** @throws {InvalidRequestError} {BrokenModelError} {ModelExistsError} {DiskFullError} {FileUnusableError} */
export async function writePackage(init: WritePackageInit, options: AbortOptions = {}): Promise<Writing> {
  const { folder, name, path, askDisk } = init
  const place = await placeFor(path, name)
  const files = await listModelFiles(folder)
  const { isFat } = await roomOn(place.around, askDisk)
  const partBytes = place.form === 'file' ? null : (init.partBytes ?? (isFat ? LARGEST_ON_FAT : null))
  const problem = filesProblem(files, partBytes)
  if (problem !== null) throw new InvalidRequestError(`The model cannot be exported so: ${problem}.`)
  // Hashes are of one length, so the manifest's size is known before they are.
  const draft: Manifest = {
    ...{ version: MANIFEST_VERSION, name, hash: init.hash, partBytes },
    files: files.map(({ path, bytes }) => ({ path, bytes, sha256: '0'.repeat(64) }))
  }
  if (encodeManifest(draft).length > MOST_MANIFEST_BYTES) {
    throw new InvalidRequestError('The paths of this model are too long for a package. Shorten them.')
  }
  const plan = { ...init, place, files, draft }
  return place.form === 'file' ? toFile(plan, isFat, options) : toFolder(plan, options)
}

interface Plan extends WritePackageInit {
  place: Place
  files: ModelFile[]
  draft: Manifest
}

async function toFolder(plan: Plan, options: AbortOptions): Promise<Writing> {
  const { place, files, draft, askDisk } = plan
  await clearFolder(plan)
  const parts = files.flatMap((file) => storedParts(file, draft.partBytes))
  const there = await Promise.all(
    parts.map(async ({ path, bytes }) => Math.min(bytes, await bytesThere(join(place.path, path))))
  )
  const bytes = totalBytes(files)
  const missing = bytes - there.reduce((sum, each) => sum + each, 0) + encodeManifest(draft).length
  await checkRoom(place.around, missing, askDisk)
  return { path: place.path, bytes, files: files.length, copy: copyToFolder(plan, options) }
}

async function* copyToFolder(plan: Plan, options: AbortOptions): AsyncGenerator<Copied, void> {
  const { place, files, draft } = plan
  const folders = new Set<string>([place.path])
  await makeFolder(place.path)
  const read: ManifestFile[] = []
  for (const file of files) {
    for (const folder of foldersOf(file.path)) {
      const full = join(place.path, folder)
      if (!folders.has(full)) await makeFolder(full)
      folders.add(full)
    }
    const hash = createHash('sha256')
    for (const part of storedParts(file, draft.partBytes)) {
      const chunks = readStretches([{ ...part, path: file.source, fileBytes: file.bytes }], changed, options)
      yield* keepingCopy(join(place.path, part.path), hashed(chunks, hash))
    }
    read.push({ path: file.path, bytes: file.bytes, sha256: hash.digest('hex') })
  }
  plan.check(read)
  for (const folder of [...folders].reverse()) await syncFolder(folder)
  await writeManifest(place.path, encodeManifest({ ...draft, files: read }))
  await syncFolder(place.around)
}

/** By a name that means nothing, so that a manifest is there whole or not at all. */
async function writeManifest(folder: string, bytes: Buffer): Promise<void> {
  const [file, temporary] = [join(folder, MANIFEST), join(folder, `.${MANIFEST}.tmp`)]
  await writing(file, async () => {
    const handle = await open(temporary, 'w')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  })
  await syncFolder(folder)
}

async function toFile(plan: Plan, isFat: boolean, options: AbortOptions): Promise<Writing> {
  const { place, files, draft, askDisk } = plan
  if (plan.partBytes !== null) {
    throw new InvalidRequestError('One file is not split; name the folder in place of it, there files are.')
  }
  const headers = files.map((file) => headerOf(draft.name, file))
  const manifestBytes = encodeManifest(draft).length
  // Two empty blocks are a tar file's end.
  const bytes = files.reduce((sum, file) => sum + BLOCK + padded(file.bytes), BLOCK + padded(manifestBytes) + 2 * BLOCK)
  if (isFat && bytes > LARGEST_ON_FAT) {
    throw new InvalidRequestError(
      `${place.around} is on a FAT32 disk, where one file has at most 4 GB. Name the folder ${place.around}: there the model is split.`
    )
  }
  await clearFile(plan, headers[0] ?? Buffer.alloc(BLOCK))
  await checkRoom(place.around, bytes - Math.min(bytes, await bytesThere(place.path)), askDisk)
  const copy = async function* (): AsyncGenerator<Copied, void> {
    yield* keepingCopy(place.path, tarOf(plan, headers, options))
    await syncFolder(place.around)
  }
  return { path: place.path, bytes, files: files.length, copy: copy() }
}

async function* tarOf({ files, draft, check }: Plan, headers: Buffer[], options: AbortOptions): AsyncGenerator<Buffer> {
  const read: ManifestFile[] = []
  for (const [index, { path, bytes, source }] of files.entries()) {
    const hash = createHash('sha256')
    yield headers[index] ?? Buffer.alloc(0)
    yield* hashed(readStretches([{ path: source, fileBytes: bytes, start: 0, bytes }], changed, options), hash)
    yield Buffer.alloc(padded(bytes) - bytes)
    read.push({ path, bytes, sha256: hash.digest('hex') })
  }
  check(read)
  const manifest = encodeManifest({ ...draft, files: read })
  yield headerOf(draft.name, { path: MANIFEST, bytes: manifest.length })
  yield Buffer.concat([manifest, Buffer.alloc(padded(manifest.length) - manifest.length + 2 * BLOCK)])
}

/** @throws {InvalidRequestError} */
function headerOf(name: string, { path, bytes }: { path: string; bytes: number }): Buffer {
  const header = encodeHeader({ path: `${name}${FOLDER_ENDING}/${path}`, bytes })
  if (header !== null) return header
  throw new InvalidRequestError(`The path ${path} is too long for one file; name a folder in place of it.`)
}

/** Makes way in the package's folder, or finds what can be gone on from. */
async function clearFolder({ place: { path }, draft, replace }: Plan): Promise<void> {
  if (!(await isFolder(path))) {
    if ((await bytesThere(path)) > 0) throw new FileUnusableError(`${path} is a file; take it away first.`)
    return
  }
  const manifest = (await isPackage(path)) ? await unlessDamaged(readFolderManifest(path)) : null
  if (manifest === null) return
  const isSame = manifest.hash === draft.hash
  if (!isSame && !replace) throw taken(path, manifest.name)
  // The same model, in the same parts: what is there is proved and mended as it is copied over.
  if (isSame && manifest.name === draft.name && manifest.partBytes === draft.partBytes) return
  await writing(path, () => rm(path, { recursive: true }))
}

/** As `clearFolder`. What is no package of ours is never written over. */
async function clearFile({ place: { path }, draft, replace }: Plan, beginning: Buffer): Promise<void> {
  if (await isFolder(path)) throw new FileUnusableError(`${path} is a folder; take it away first.`)
  if ((await bytesThere(path)) === 0) return
  const block = await firstBlock(path)
  // A death can tear even the first header.
  if (block.length < BLOCK && block.equals(beginning.subarray(0, block.length))) return
  const entry = block.length < BLOCK ? null : decodeHeader(block)
  const first = entry === null ? undefined : withinFolder(entry)?.folder
  if (first === undefined) {
    throw new FileUnusableError(`${path} is another file, and no model package. Choose another name, or take it away.`)
  }
  const manifest = await unlessDamaged(openPackage(path))
  const isOther = manifest === null ? first !== `${draft.name}${FOLDER_ENDING}` : manifest.hash !== draft.hash
  if (isOther && !replace) throw taken(path, basename(first, FOLDER_ENDING))
  if (isOther) await writing(path, () => rm(path))
}

/** Null for a package that cannot be used, and may as well be mended. */
async function unlessDamaged(opening: Promise<{ manifest: Manifest }>): Promise<Manifest | null> {
  try {
    return (await opening).manifest
  } catch (err) {
    if (err instanceof InvalidPackageError) return null
    throw err
  }
}

async function firstBlock(path: string): Promise<Buffer> {
  const block = Buffer.alloc(BLOCK)
  const handle = await reading(path, () => open(path, 'r'))
  try {
    const { bytesRead } = await reading(path, () => handle.read(block, 0, BLOCK, 0))
    return block.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

function taken(path: string, name: string): ModelExistsError {
  return new ModelExistsError(
    `${path} holds another model, ${name}. Replace it with --replace, or export this one by another name with --name.`
  )
}

function changed(path: string, problem: string): Error {
  return new FileUnusableError(`${path} changed while it was copied: ${problem}. Repeat when nothing writes there.`)
}
