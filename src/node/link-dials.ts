import type { Clock } from '../protocols/clock.ts'
import type { Dialer } from '../protocols/discovery/index.ts'
import { addressesOf, isThere, type PeerRecord, type Peers } from './peers.ts'

/** Before a dial that failed is repeated; doubled with each further failure. */
export const FIRST_WAIT_MS = 5000
const LONGEST_WAIT_MS = 5 * 60_000
/** So many times in vain, over more than a minute: whoever is there speaks of itself by then. */
const MOST_MISSES = 5
/** Whoever was away so long is dialled once, now and then, so that two halves of a mesh find together again. */
const PROBE_MS = 60_000
/** A device that is connected with nobody, or with one only, has no better thing to do. */
const LONELY_PROBE_MS = 2000

export interface LinkDialsInit {
  peers: Peers
  dialer: Pick<Dialer, 'found' | 'forget' | 'known'>
  /** Dials it once; nothing comes of a failure. */
  probe: (id: string) => void
  /** A device is no longer there, for placement too. */
  missed: (id: string) => void
  /** It is there, for all that is known, but cannot be dialled now. */
  unreachable: (id: string, until: number) => void
  clock: Pick<Clock, 'monotonic'>
  random: () => number
}

/** The dials of a device in a mesh of many: of those that it wants to be connected with, and now and then of others. */
export class LinkDials {
  readonly #init: LinkDialsInit
  /** Those that the dialer has been told of. */
  readonly #dialled = new Set<string>()
  /** Dials that failed in a row. */
  readonly #misses = new Map<string, number>()
  #probedAt: number

  constructor(init: LinkDialsInit) {
    this.#init = init
    this.#probedAt = init.clock.monotonic()
  }

  connected(id: string): void {
    this.#misses.delete(id)
  }

  /** The dialer keeps whom it is told of; whoever is no longer wanted is let go of, an open connection stays. */
  dial(ids: readonly string[], wanted: ReadonlySet<string>): void {
    const { dialer, peers } = this.#init
    for (const id of this.#dialled) if (!wanted.has(id)) this.#letGo(id)
    for (const id of ids) {
      const record = peers.get(id)
      if (record === undefined || this.#dialled.has(id)) continue
      this.#dialled.add(id)
      const [way = 'gossip'] = record.foundBy
      dialer.found({ id, addresses: addressesOf(record), way, instance: null })
    }
  }

  /** The dialer tells of nobody's failure, so it is looked at. */
  look(): void {
    const { dialer, peers, unreachable, missed, clock } = this.#init
    if (this.#dialled.size === 0) return
    for (const { id, connected, dialError } of dialer.known()) {
      if (connected || dialError === null || !this.#dialled.has(id) || peers.get(id)?.state !== 'away') continue
      const misses = (this.#misses.get(id) ?? 0) + 1
      this.#misses.set(id, misses)
      this.#letGo(id)
      if (misses >= MOST_MISSES) missed(id)
      unreachable(id, clock.monotonic() + Math.min(FIRST_WAIT_MS * 2 ** (misses - 1), LONGEST_WAIT_MS))
    }
  }

  /** One of those that are away, from time to time. */
  probe(members: readonly PeerRecord[], connected: number): void {
    const { random, probe, clock } = this.#init
    const now = clock.monotonic()
    if (now - this.#probedAt < (connected < 2 ? LONELY_PROBE_MS : PROBE_MS)) return
    this.#probedAt = now
    const away = members.filter(
      (record) => record.state === 'away' && addressesOf(record).length > 0 && !isThere(record, now)
    )
    const record = away[Math.floor(random() * away.length)]
    if (record !== undefined) probe(record.id)
  }

  forget(id: string): void {
    this.#misses.delete(id)
    this.#dialled.delete(id)
  }

  /** Whom the dialer knows is no longer decided here. */
  clear(): void {
    this.#misses.clear()
    this.#dialled.clear()
  }

  #letGo(id: string): void {
    this.#init.dialer.forget(id)
    this.#dialled.delete(id)
  }
}
