import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'libsql'
import { HomeInUseError, HomeUnusableError } from '../errors.ts'
import { makePrivateDirectory, reasonOf, replaceFile } from './files.ts'
import type { Paths } from './paths.ts'

/** What the holder of a home does with it, for the error that another gets. */
export type LockPurpose = 'join' | 'ask'

export interface Lock {
  release(): void
}

interface Holder {
  pid: number
  purpose: LockPurpose
}

/**
 * Takes the home for this process. The lock is an exclusive SQLite transaction on a file of its own: the kernel frees
 * it at any death, so there is no stale lock to mend. @throws {HomeInUseError} naming the holder
 */
export function takeLock(paths: Paths, purpose: LockPurpose): Lock {
  makePrivateDirectory(paths.home)
  const database = openLock(paths)
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (err) {
    database.close()
    if ((err as { code?: string }).code?.startsWith('SQLITE_BUSY') !== true) {
      throw new HomeUnusableError(`Cannot lock ${paths.lock}: ${reasonOf(err)}.`, { cause: err })
    }
    throw inUse(paths)
  }
  replaceFile(paths.lockHolder, JSON.stringify({ pid: process.pid, purpose } satisfies Holder))
  return {
    release() {
      rmSync(paths.lockHolder, { force: true })
      database.close()
    }
  }
}

/** How long a node that starts waits for a verb that only passes by: most are gone within a second. */
const VISIT_MS = 5_000
const LOOK_AGAIN_MS = 50

/**
 * As `takeLock`, but waits for a verb that only passes by, such as `mesh status` while no node runs: who started the
 * node at the same moment did not mean it to fail.
 */
export async function takeLockSoon(paths: Paths, purpose: LockPurpose): Promise<Lock> {
  const started = performance.now()
  for (;;) {
    try {
      return takeLock(paths, purpose)
    } catch (err) {
      const waiting = performance.now() - started < VISIT_MS
      // A holder that is not named is about to be, or is just going.
      if (!waiting || !(err instanceof HomeInUseError) || readHolder(paths)?.purpose === 'join') throw err
    }
    await delay(LOOK_AGAIN_MS)
  }
}

function openLock(paths: Paths): Database.Database {
  try {
    return new Database(paths.lock, { timeout: 0 })
  } catch (err) {
    throw new HomeUnusableError(`Cannot open ${paths.lock}: ${reasonOf(err)}. Choose another home with --home.`, {
      cause: err
    })
  }
}

function inUse(paths: Paths): HomeInUseError {
  const holder = readHolder(paths)
  const who = holder === null ? 'Another process' : `Process ${holder.pid} (mesh ${holder.purpose})`
  return new HomeInUseError(
    `${who} already serves ${paths.home}. Use it as it is, end it with mesh stop, or choose another home with --home.`,
    { details: { ...holder, home: paths.home } }
  )
}

function readHolder(paths: Paths): Holder | null {
  try {
    return JSON.parse(readFileSync(paths.lockHolder, 'utf8')) as Holder
  } catch {
    return null
  }
}
