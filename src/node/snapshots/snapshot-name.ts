import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { InvalidRequestError } from '../../errors.ts'

/** After a snapshot's name. */
const ENDING = '.snapshot'
/** Nobody exports so often in a day. */
const MOST_NAMES = 1000

/** @throws {InvalidRequestError} */
export function absolutePath(path: unknown): string {
  if (typeof path === 'string' && isAbsolute(path)) return path
  throw new InvalidRequestError('The path of a snapshot is absolute.')
}

/**
 * Where a snapshot goes: the file itself, or in a folder one that is not there yet, called by the mesh's words and the day:
 * `amber-otter-2026-11-21.snapshot`.
 *
 * @throws {InvalidRequestError} when all names of the day are taken
 */
export async function snapshotPath(path: string, words: string | null, now: number): Promise<string> {
  if ((await lookedAt(path))?.isDirectory() !== true) return path
  const name = `${words ?? 'memories'}-${dayOf(now)}`
  for (let number = 1; number <= MOST_NAMES; number++) {
    const file = join(path, `${name}${number === 1 ? '' : `-${number}`}${ENDING}`)
    if ((await lookedAt(file)) === null) return file
  }
  throw new InvalidRequestError(`There are ${MOST_NAMES} snapshots of this day in ${path}. Name the file yourself.`)
}

/** By this device's calendar. */
function dayOf(now: number): string {
  const date = new Date(now)
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** What cannot be looked at is told by whoever writes there. */
function lookedAt(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null)
}
