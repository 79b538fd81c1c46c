/** A token bucket: `tokens` of `capacity` are left at `at` (monotonic milliseconds). */
export interface Bucket {
  tokens: number
  at: number
}

export interface Rate {
  /** How many may come at once. */
  capacity: number
  /** How many come back in a second. */
  perSecond: number
}

/** Takes one token, or says that there is none. Pure; the bucket of a newcomer is `undefined`. */
export function take(bucket: Bucket | undefined, rate: Rate, now: number): { bucket: Bucket; allowed: boolean } {
  const before = bucket ?? { tokens: rate.capacity, at: now }
  const refilled = before.tokens + ((now - before.at) / 1000) * rate.perSecond
  const tokens = Math.min(rate.capacity, refilled)
  const allowed = tokens >= 1
  return { bucket: { tokens: allowed ? tokens - 1 : tokens, at: now }, allowed }
}
