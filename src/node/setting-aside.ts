import { consequenceOf } from './failure.ts'

/**
 * A device that fails is put aside with growing waits: the one that fails fastest has the shortest queue and would
 * otherwise attract every ask.
 */
export interface Aside {
  /** Failures since the last success. */
  failures: number
  /** When the last of them came. */
  failedAt: number
  until: number
}

/** Before the first failure, and after each answer that came to its end. */
export const NOT_ASIDE: Aside = { failures: 0, failedAt: -Infinity, until: -Infinity }

/** Long enough for a queue to move, short enough that a device is back within 3 s of waking from sleep. */
const FIRST_WAIT_MS = 1_000
const GROWTH = 2
/** A repaired device is back within five minutes without anybody telling us. */
const LONGEST_WAIT_MS = 5 * 60_000
/** Failures this old say nothing about now. */
const FORGOTTEN_AFTER_MS = 2 * LONGEST_WAIT_MS

/**
 * After a failure at `now` of an ask that was sent at `startedAt`. Asks that were under way together fail together and
 * count as one: of several, only those count that were sent after the last failure was known.
 */
export function asideAfterFailure(aside: Aside, error: unknown, startedAt: number, now: number): Aside {
  const { aside: how } = consequenceOf(error)
  if (how === 'no' || startedAt <= aside.failedAt) return aside
  if (how === 'briefly') return { ...aside, until: Math.max(aside.until, now + FIRST_WAIT_MS) }
  const earlier = now - aside.failedAt > FORGOTTEN_AFTER_MS ? 0 : aside.failures
  const wait = Math.min(FIRST_WAIT_MS * GROWTH ** earlier, LONGEST_WAIT_MS)
  return { failures: earlier + 1, failedAt: now, until: now + wait }
}
