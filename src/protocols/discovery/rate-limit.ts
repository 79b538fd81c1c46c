/** How many at once, and how many a second in the long run. */
export interface Rate {
  burst: number
  perSecond: number
}

interface Bucket {
  tokens: number
  at: number
}

/**
 * A token bucket for each key, for a bounded number of keys: beyond it the key that was quiet longest is forgotten,
 * so that a flood from invented sources costs no memory.
 */
export class KeyedRateLimit {
  readonly #rate: Rate
  readonly #maxKeys: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate, maxKeys: number) {
    this.#rate = rate
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#buckets.size
  }

  /** Whether one more is allowed at `now` (milliseconds, monotonic). */
  take(key: string, now: number): boolean {
    const { burst, perSecond } = this.#rate
    const before = this.#buckets.get(key) ?? { tokens: burst, at: now }
    const tokens = Math.min(burst, before.tokens + ((now - before.at) / 1000) * perSecond)
    const allowed = tokens >= 1
    // Deleting first moves the key to the young end of the map's order.
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now })
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#maxKeys) break
      this.#buckets.delete(oldest)
    }
    return allowed
  }
}
