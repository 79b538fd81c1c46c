import { SILENCE_MS, WAITING_MS } from '../protocols/ask/constants.ts'
import { SILENT_MS } from '../protocols/capability/pulse.ts'

/**
 * A device that was not heard for this long is not chosen: as long as its stream of heartbeats takes to call it silent.
 * A device that wakes is back with its first heartbeat.
 */
export const NOTICE_FRESH_MS = SILENT_MS

/**
 * Never less than this: three `waiting` may be late, and between two tokens an engine may read another ask's prompt.
 * A killed device needs no limit, its connection is reset; a suspended one is found by its heartbeats at about this time.
 */
const SHORTEST_LIMIT_MS = 4 * WAITING_MS
/** A device is this much slower than it ever was in this answer before that counts as silence. */
const GAP_FACTOR = 6
/** The stream itself gives up then. */
const LONGEST_LIMIT_MS = SILENCE_MS

/** The rhythm of one answer. */
export interface Pace {
  /** The longest wait between two tokens so far in milliseconds; before the second token, what the device published. */
  longestGapMs: number
  roundTripMs: number
}

/**
 * How long nothing at all (no `accepted`, `waiting`, tokens or `done`) may come before the device counts as silent:
 *
 *     min(10 s, max(4 s, 6 × longest gap) + 2 × round trip)
 */
export function silenceLimit({ longestGapMs, roundTripMs }: Pace): number {
  return Math.min(LONGEST_LIMIT_MS, Math.max(SHORTEST_LIMIT_MS, GAP_FACTOR * longestGapMs) + 2 * roundTripMs)
}

/** After waiting `gapMs` for tokens: the limit adapts to what this answer has shown. */
export function paceAfter(pace: Pace, gapMs: number): Pace {
  return gapMs > pace.longestGapMs ? { ...pace, longestGapMs: gapMs } : pace
}

/**
 * Whether a timer that was set for `limitMs` rang so late that this process itself must have been asleep. What the
 * peer sent meanwhile lies unread then, and it gets the limit once more.
 */
export function overslept(limitMs: number, waitedMs: number): boolean {
  return waitedMs > limitMs + WAITING_MS
}
