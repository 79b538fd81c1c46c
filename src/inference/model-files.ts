import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenModelError } from '../errors.ts'

/** The first line of a git-lfs pointer (git-lfs, docs/spec.md), which is what a clone without git-lfs holds. */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/'
/** A pointer has three short lines. */
const MAX_POINTER_BYTES = 1024

/**
 * Deeper than any of these files is; a file of brackets alone would fill the memory (each takes some fifty bytes) and
 * whoever walks over what it makes would run out of stack.
 */
const MAX_DEPTH = 64

/**
 * Reads a text of a model's folder that is small by nature, or null where there is none.
 * @param limit bytes above which it is not read
 * @throws {BrokenModelError} naming the file and what to do
 */
export async function readText(folder: string, name: string, limit: number): Promise<string | null> {
  const path = join(folder, name)
  let bytes: Buffer
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size > limit) {
        throw new BrokenModelError(
          `${path} is ${Math.ceil(size / 2 ** 20)} MB large, which none is; copy or download it again.`
        )
      }
      bytes = await file.readFile()
    } finally {
      await file.close()
    }
  } catch (err) {
    if (err instanceof BrokenModelError) throw err
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new BrokenModelError(`${path} cannot be read: ${(err as Error).message}.`, { cause: err })
  }
  if (bytes.length === 0) throw new BrokenModelError(`${path} is empty; copy or download it again.`)
  const text = bytes.toString('utf8')
  if (text.startsWith(LFS_POINTER)) throw pointer(path)
  return text
}

/** @throws {BrokenModelError} naming the file and what to do */
export async function readJson<T extends object>(folder: string, name: string, limit: number): Promise<T | null> {
  const text = await readText(folder, name, limit)
  if (text === null) return null
  const path = join(folder, name)
  if (depthOf(text) > MAX_DEPTH) {
    throw new BrokenModelError(`${path} is nested deeper than any such file; copy or download it again.`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (err) {
    throw new BrokenModelError(`${path} is not valid JSON: ${(err as Error).message}.`, { cause: err })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BrokenModelError(`${path} does not hold a JSON object.`)
  }
  return value as T
}

/** How deep a JSON text is nested, found without building any of it. */
function depthOf(text: string): number {
  const [quote, backslash, opening, closing] = [0x22, 0x5c, [0x5b, 0x7b], [0x5d, 0x7d]]
  let [depth, deepest, inString] = [0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === backslash) at++
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    else if (code === opening[0] || code === opening[1]) deepest = Math.max(deepest, ++depth)
    else if (code === closing[0] || code === closing[1]) depth--
  }
  return deepest
}

/** @throws {BrokenModelError} when git-lfs has left only its note in the place of a large file */
export async function refusePointer(path: string): Promise<void> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > MAX_POINTER_BYTES) return
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LFS_POINTER.length), 0, LFS_POINTER.length, 0)
    if (buffer.toString('latin1', 0, bytesRead) === LFS_POINTER) throw pointer(path)
  } finally {
    await file.close()
  }
}

function pointer(path: string): BrokenModelError {
  return new BrokenModelError(
    `${path} is a note of git-lfs about the file, not the file itself. In the folder it was cloned into: git lfs pull`
  )
}
