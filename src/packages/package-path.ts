import { posix } from 'node:path'
import { RESERVED } from './model-name.ts'

/** What file systems take at most for one part of a path, in bytes. */
const MOST_PART_BYTES = 255
/** The layout of a model has two levels; some add one. */
const MOST_DEPTH = 8

/** Windows takes none of these in a name; `:` would also name a hidden stream there, and `\` a folder. */
const FORBIDDEN = /[<>:"|?*\\]/
/** Controls, invisible and unassigned characters, halves of a pair. */
const UNPRINTABLE = /\p{C}/u

/** Why no package may hold this path, in words; null when it may. The rules are the same on all systems. */
export function pathProblem(path: string): string | null {
  const parts = path.split('/')
  if (parts.length > MOST_DEPTH) return `it lies deeper than ${MOST_DEPTH} folders`
  for (const part of parts) {
    if (part === '') return 'it is not relative, or has an empty part'
    if (part.startsWith('.')) return 'a part of it begins with a dot'
    if (FORBIDDEN.test(part) || RESERVED.test(part) || /[. ]$/.test(part)) return 'not every system takes its name'
    if (UNPRINTABLE.test(part)) return 'it holds characters that cannot be shown'
    if (Buffer.byteLength(part) > MOST_PART_BYTES) return `a part of it is longer than ${MOST_PART_BYTES} bytes`
  }
  return null
}

/**
 * Two of the paths that are one on a file system that does not tell capitals or composed letters apart, or of which one
 * would have to be a file and a folder; null where there are none.
 */
export function collision(paths: readonly string[]): [string, string] | null {
  /** By the folded path of a file or a folder: its spelling, and whose it was. */
  const seen = new Map<string, { spelling: string; isFile: boolean; path: string }>()
  for (const path of paths) {
    const parts = path.split('/')
    for (let depth = 1; depth <= parts.length; depth++) {
      const spelling = parts.slice(0, depth).join('/')
      const isFile = depth === parts.length
      const folded = spelling.normalize('NFC').toLowerCase()
      const other = seen.get(folded)
      if (other === undefined) seen.set(folded, { spelling, isFile, path })
      else if (isFile || other.isFile || other.spelling !== spelling) return [other.path, path]
    }
  }
  return null
}

/** `a/b/c` lies in `a` and `a/b`. */
export function foldersOf(path: string): string[] {
  const parts = posix.dirname(path).split('/')
  return parts[0] === '.' ? [] : parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}
