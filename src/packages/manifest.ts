import { InvalidPackageError } from '../errors.ts'
import { isModelName } from './model-name.ts'
import { collision, pathProblem } from './package-path.ts'

/** A file of the model, whole: in the package it may lie in parts. */
export interface ManifestFile {
  /** Relative, with `/`. */
  path: string
  bytes: number
  /** 64 lower-case hexadecimal digits. */
  sha256: string
}

export interface Manifest {
  version: 1
  /** The model's name. */
  name: string
  /** The model's hash, as `ModelInfo` has it. */
  hash: string
  /** Files larger than this lie in parts of this size; null where none does. */
  partBytes: number | null
  files: ManifestFile[]
}

export const MANIFEST = 'manifest.json'
export const MANIFEST_VERSION = 1
/** A thousand files at their longest paths stay below it. */
export const MOST_MANIFEST_BYTES = 2 ** 20
/** The largest models come in some two hundred files. */
export const MOST_FILES = 1000
/** Smaller parts would be more names than contents. */
export const LEAST_PART_BYTES = 2 ** 16
/** `.001` to `.999`. */
const MOST_PARTS = 999

const DIGEST = /^[0-9a-f]{64}$/

export function encodeManifest(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
}

export function totalBytes(files: readonly { bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Where the contents of a file lie in a package of the folder form, in order. */
export function storedParts(
  { path, bytes }: { path: string; bytes: number },
  partBytes: number | null
): { path: string; start: number; bytes: number }[] {
  if (partBytes === null || bytes <= partBytes) return [{ path, start: 0, bytes }]
  return Array.from({ length: Math.ceil(bytes / partBytes) }, (_, index) => ({
    path: `${path}.${String(index + 1).padStart(3, '0')}`,
    start: index * partBytes,
    bytes: Math.min(partBytes, bytes - index * partBytes)
  }))
}

/**
 * Why no package may hold these files, naming one; null when it may. Everything that is said in a manifest is looked
 * at here, before any path in it is touched.
 */
export function filesProblem(
  files: readonly { path: string; bytes: number }[],
  partBytes: number | null
): string | null {
  if (files.length === 0) return 'it has no files'
  if (files.length > MOST_FILES) return `it has more than ${MOST_FILES} files`
  for (const { path, bytes } of files) {
    const problem = pathProblem(path)
    if (problem !== null) return `the path ${JSON.stringify(path.slice(0, 300))} cannot be used: ${problem}`
    if (partBytes !== null && bytes / partBytes > MOST_PARTS) return `${path} would need more than ${MOST_PARTS} parts`
  }
  if (!Number.isSafeInteger(totalBytes(files))) return 'its files are larger than any disk'
  const paths = files.flatMap((file) => storedParts(file, partBytes).map(({ path }) => path))
  const names = files.map(({ path }) => path)
  const clash = collision([MANIFEST, ...paths]) ?? collision([MANIFEST, ...names])
  return clash === null ? null : `${clash[0]} and ${clash[1]} are one file on some systems`
}

/** @throws {InvalidPackageError} */
export function decodeManifest(bytes: Uint8Array, where: string): Manifest {
  const refuse = (problem: string, cause?: unknown): InvalidPackageError =>
    damaged(where, `${MANIFEST}: ${problem}`, cause)
  if (bytes.length > MOST_MANIFEST_BYTES) throw refuse(`it is larger than ${MOST_MANIFEST_BYTES} bytes`)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (err) {
    throw refuse('it is not valid JSON', err)
  }
  if (!isObject(value)) throw refuse('it is not an object')
  const { version, name, hash, partBytes, files } = value
  if (version !== MANIFEST_VERSION) {
    throw new InvalidPackageError(
      `${where} is a package of version ${String(version).slice(0, 20)}, and this release knows version ${MANIFEST_VERSION}. Update this device.`
    )
  }
  if (typeof name !== 'string' || !isModelName(name)) throw refuse('the name is none that a model can have')
  if (typeof hash !== 'string' || !DIGEST.test(hash)) throw refuse('the hash is not 64 hexadecimal digits')
  if (!isPartBytes(partBytes)) throw refuse(`partBytes is neither null nor a number from ${LEAST_PART_BYTES}`)
  if (!Array.isArray(files) || !files.every(isFile)) throw refuse('files is not a list of paths, bytes and sha256')
  const problem = filesProblem(files, partBytes)
  if (problem !== null) throw refuse(problem)
  const known = files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }))
  return { version, name, hash, partBytes, files: known }
}

/** What is said of a package that is not as it should be. */
export function damaged(where: string, problem: string, cause?: unknown): InvalidPackageError {
  return new InvalidPackageError(
    `${where} cannot be used: ${problem}. Nothing of it was taken. Export the model again, where it is.`,
    { cause }
  )
}

function isPartBytes(value: unknown): value is number | null {
  return value === null || (Number.isSafeInteger(value) && (value as number) >= LEAST_PART_BYTES)
}

function isFile(value: unknown): value is ManifestFile {
  if (!isObject(value)) return false
  const { path, bytes, sha256 } = value
  const sized = Number.isSafeInteger(bytes) && (bytes as number) >= 0
  return typeof path === 'string' && sized && typeof sha256 === 'string' && DIGEST.test(sha256)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
