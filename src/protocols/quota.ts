import { PeerRates, type Rate } from './rate.ts'

/** What each peer has running here, and how often it comes. */
export class PeerQuota {
  readonly #atOnce: number
  readonly #rates: PeerRates
  readonly #running = new Map<string, number>()

  constructor({ atOnce, rate }: { atOnce: number; rate: Rate }) {
    this.#atOnce = atOnce
    this.#rates = new PeerRates(rate)
  }

  /** Null and counted as running, or the reason in words. */
  enter(peer: string, now: number): string | null {
    const running = this.#running.get(peer) ?? 0
    if (running >= this.#atOnce) return `${running} are running already`
    if (!this.#rates.take(peer, now)) return 'they come too often'
    this.#running.set(peer, running + 1)
    return null
  }

  leave(peer: string): void {
    const running = this.#running.get(peer) ?? 0
    if (running > 1) this.#running.set(peer, running - 1)
    else this.#running.delete(peer)
  }
}
