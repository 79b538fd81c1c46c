import { take, type Bucket, type Rate } from './rate.ts'

/** Far more than a home has devices; beyond it the one that has been quiet longest starts anew. */
const MOST_PEERS = 1024

/** What each peer has running here, and how often it comes. */
export class PeerQuota {
  readonly #atOnce: number
  readonly #rate: Rate
  readonly #running = new Map<string, number>()
  readonly #buckets = new Map<string, Bucket>()

  constructor({ atOnce, rate }: { atOnce: number; rate: Rate }) {
    this.#atOnce = atOnce
    this.#rate = rate
  }

  /** Null and counted as running, or the reason in words. */
  enter(peer: string, now: number): string | null {
    const running = this.#running.get(peer) ?? 0
    if (running >= this.#atOnce) return `${running} are running already`
    const { bucket, allowed } = take(this.#buckets.get(peer), this.#rate, now)
    // Set anew, so that the Map's order is that of the last use.
    this.#buckets.delete(peer)
    this.#buckets.set(peer, bucket)
    if (this.#buckets.size > MOST_PEERS) this.#forgetQuietest()
    if (!allowed) return 'they come too often'
    this.#running.set(peer, running + 1)
    return null
  }

  leave(peer: string): void {
    const running = this.#running.get(peer) ?? 0
    if (running > 1) this.#running.set(peer, running - 1)
    else this.#running.delete(peer)
  }

  #forgetQuietest(): void {
    const [quietest] = this.#buckets.keys()
    if (quietest !== undefined) this.#buckets.delete(quietest)
  }
}
