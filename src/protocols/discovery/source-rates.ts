import { PeerRates } from '../rate.ts'
import type { Rate } from '../rate.ts'

/** More than devices that a home has; beyond it the one told of longest ago is forgotten. */
const MOST_TOLD = 256

/**
 * A rate for each source and one for all together: the first keeps one device from taking everybody's share, the second
 * holds whatever sources are forged.
 */
export class SourceRates {
  readonly #each: PeerRates
  readonly #all: PeerRates

  constructor({ each, all }: { each: Rate; all: Rate }) {
    this.#each = new PeerRates(each)
    this.#all = new PeerRates(all)
  }

  take(source: string, now: number): boolean {
    return this.#each.take(source, now) && this.#all.take('', now)
  }
}

/** Decides whether to tell of something that comes again and again: at most once in `everyMs`, and within the rates. */
export class Tellings {
  readonly #everyMs: number
  readonly #rates: SourceRates
  readonly #toldAt = new Map<string, number>()

  constructor({ everyMs, each, all }: { everyMs: number; each: Rate; all: Rate }) {
    this.#everyMs = everyMs
    this.#rates = new SourceRates({ each, all })
  }

  /** What the rates refuse counts as not told, so that it is told when it comes again. */
  tell(what: string, source: string, now: number): boolean {
    if (now - (this.#toldAt.get(what) ?? -Infinity) < this.#everyMs) return false
    if (!this.#rates.take(source, now)) return false
    this.#toldAt.delete(what)
    this.#toldAt.set(what, now)
    const [oldest] = this.#toldAt.keys()
    if (this.#toldAt.size > MOST_TOLD && oldest !== undefined) this.#toldAt.delete(oldest)
    return true
  }

  /** Everything may be told again; the rates stay as they are. */
  clear(): void {
    this.#toldAt.clear()
  }
}
