import type { Lost } from '../protocols/capability/index.ts'
import { PeerRates } from '../protocols/rate.ts'

/** A burst for a switch that fails with a dozen devices behind it; then no more than what a quiet day brings. */
const DOUBT_RATE = { capacity: 32, perSecond: 0.5 }
/** Whoever was wrong about a device is not believed about it again for this long. */
const DISBELIEVED_MS = 10 * 60_000
const MOST_REMEMBERED = 1000

/**
 * Whose word counts that a device is gone. Such a word is a hint: the device that it speaks of hears it too and refutes
 * it by a later notice, and whoever is connected with it goes by that. So that no member can talk another one dead, the
 * same member is then not believed about it for a while.
 */
export class Doubts {
  readonly #rates = new PeerRates(DOUBT_RATE)
  /** Who was last believed about a device, and about which process of it. */
  readonly #tellers = new Map<string, { teller: string; instance: string }>()
  /** Until when a teller is not believed about a device. */
  readonly #disbelieved = new Map<string, number>()

  /** Whether to believe the teller. */
  believe(teller: string, { peer, instance }: Pick<Lost, 'peer' | 'instance'>, now: number): boolean {
    if ((this.#disbelieved.get(`${teller} ${peer}`) ?? -Infinity) > now || !this.#rates.take(teller, now)) return false
    remember(this.#tellers, peer, { teller, instance })
    return true
  }

  /** The device speaks: the same process as was said to be gone, or a new one, which proves nobody wrong. */
  refuted(peer: string, instance: string, now: number): void {
    const told = this.#tellers.get(peer)
    if (told === undefined) return
    this.#tellers.delete(peer)
    if (told.instance === instance) remember(this.#disbelieved, `${told.teller} ${peer}`, now + DISBELIEVED_MS)
  }
}

/** Of too many the oldest is forgotten. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MOST_REMEMBERED && oldest !== undefined) map.delete(oldest)
}
