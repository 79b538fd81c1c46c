import type { CapabilityService, Known } from '../protocols/capability/index.ts'
import type { Clock } from '../protocols/clock.ts'
import { isThere, type Peers } from './peers.ts'

/**
 * Two neighbours are asked who is there as soon as they are. After a power cut they know as little as this device, so
 * others are asked later: what one knows doubles with each round.
 */
const ROUNDS_MS = [0, 0, 10_000, 20_000, 40_000, 80_000]

export interface AskingAroundInit {
  capability: Pick<CapabilityService, 'askKnown'>
  clock: Pick<Clock, 'monotonic'>
  random: () => number
}

/** A device that starts, or slept, asks its neighbours who else is there, some times. */
export class AskingAround {
  readonly #init: AskingAroundInit
  #asked = 0
  /** When the first neighbour was connected. */
  #startedAt: number | null = null

  constructor(init: AskingAroundInit) {
    this.#init = init
  }

  /** @returns whether it is the first one */
  connected(id: string): boolean {
    const isFirst = this.#startedAt === null
    this.#startedAt ??= this.#init.clock.monotonic()
    if (ROUNDS_MS[this.#asked] === 0) this.#ask(id)
    return isFirst
  }

  /** Asks one of those when it is time. @returns milliseconds until the next round; Infinity when there is none */
  next(connected: readonly string[]): number {
    const due = ROUNDS_MS[this.#asked]
    if (due === undefined || this.#startedAt === null) return Infinity
    const wait = this.#startedAt + due - this.#init.clock.monotonic()
    const id = connected[Math.floor(this.#init.random() * connected.length)]
    if (wait <= 0 && id !== undefined) this.#ask(id)
    return Math.max(0, wait)
  }

  /** What this device knows is old. */
  again(): void {
    this.#asked = 0
    this.#startedAt = null
  }

  #ask(id: string): void {
    this.#asked++
    this.#init.capability.askKnown(id)
  }
}

/** What this device knows of the others, for a peer that asks. */
export function knownOf(peers: Peers, now: number): Known[] {
  return peers.all().flatMap((record) => {
    const { id, capability, state, heardAt, heardOfAt } = record
    if (capability === null || !isThere(record, now)) return []
    return [{ peer: id, capability, agoMs: state === 'connected' ? 0 : now - Math.max(heardAt, heardOfAt) }]
  })
}
