import {
  DATA_BYTES,
  FIRST_DATA_BYTES,
  FRAMES_PER_SECOND,
  LEAST_DATA_BYTES,
  QUICK_FRAME_MS,
  SLOW_FRAME_MS
} from './limits.ts'

/** How much goes out at once, and when: functions of what was seen so far. Times are monotonic milliseconds. */

/** The size of the next frame, after one of `bytes` took so long to go out; null for the first. */
export function frameBytes(last: { bytes: number; tookMs: number } | null, maxUpload: number | null): number {
  const most =
    maxUpload === null
      ? DATA_BYTES
      : Math.min(DATA_BYTES, Math.max(LEAST_DATA_BYTES, Math.floor(maxUpload / FRAMES_PER_SECOND)))
  return Math.min(most, last === null ? FIRST_DATA_BYTES : bySpeed(last.bytes, last.tookMs))
}

function bySpeed(bytes: number, tookMs: number): number {
  if (tookMs > SLOW_FRAME_MS) return Math.max(LEAST_DATA_BYTES, Math.floor(bytes / 2))
  return tookMs < QUICK_FRAME_MS ? Math.min(DATA_BYTES, bytes * 2) : bytes
}

/**
 * So many bytes are to go out at `perSecond` in all: how long they wait, and when the next may go. What was not used in
 * quiet times is not saved for later.
 */
export function letGo(
  next: number,
  { bytes, perSecond, now }: { bytes: number; perSecond: number; now: number }
): { waitMs: number; next: number } {
  const from = Math.max(next, now)
  return { waitMs: from - now, next: from + (bytes / perSecond) * 1000 }
}
