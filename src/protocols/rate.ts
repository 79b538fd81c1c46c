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

/** Far more than a home has devices; beyond it the one that has been quiet longest starts anew. */
const MOST_PEERS = 1024

/** A bucket for each peer, of a bounded number of peers. */
export class PeerRates {
  readonly #rate: Rate
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  take(peer: string, now: number): boolean {
    const { bucket, allowed } = take(this.#buckets.get(peer), this.#rate, now)
    // Set anew, so that the Map's order is that of the last use.
    this.#buckets.delete(peer)
    this.#buckets.set(peer, bucket)
    const [quietest] = this.#buckets.keys()
    if (this.#buckets.size > MOST_PEERS && quietest !== undefined) this.#buckets.delete(quietest)
    return allowed
  }
}
