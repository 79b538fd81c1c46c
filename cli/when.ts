import { UsageError } from './exit-codes.ts'
import { readDuration } from './human.ts'

/** A week is what people count in, and no other duration here lasts one. */
const WEEK = /^(\d+)\s*w$/
const WEEK_MS = 7 * 86_400_000
/** Milliseconds since 1970, as a snapshot tells when it was begun: from 2001 on. */
const MOMENT = /^\d{12,15}$/
const DATE = /^\d{4}-\d{2}-\d{2}(?:T.*)?$/

/**
 * A moment as people write it: a day (`2026-11-01`, by this device's calendar), a date with a time in ISO 8601, how long
 * ago (`7d`, `2w`, `12h`), or what an earlier export's `time` was.
 *
 * @returns milliseconds since 1970 @throws {UsageError}
 */
export function readWhen(text: string, flag: string, now = Date.now()): number {
  const trimmed = text.trim()
  const weeks = WEEK.exec(trimmed)?.[1]
  const ago = weeks === undefined ? readDuration(trimmed) : Number(weeks) * WEEK_MS
  if (ago !== undefined) return Math.max(0, Math.round(now - ago))
  const moment = MOMENT.test(trimmed)
    ? Number(trimmed)
    : DATE.test(trimmed)
      ? Date.parse(trimmed.includes('T') ? trimmed : `${trimmed}T00:00`)
      : NaN
  if (Number.isNaN(moment)) {
    throw new UsageError(`${flag} takes a day (2026-11-01), or how long ago (7d, 2w, 12h); “${text}” is neither.`)
  }
  if (moment > now) throw new UsageError(`${flag} ${text} is in the future: nothing was changed since.`)
  return moment
}
