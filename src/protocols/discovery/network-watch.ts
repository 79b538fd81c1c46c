import { networkInterfaces } from 'node:os'
import { TypedEventEmitter } from '@libp2p/interface'
import type { NetworkChange, NetworkWatch, NetworkWatchEvents, NetworkWatchInit } from './index.ts'
import type { InterfaceTable } from './interfaces.ts'

/** Reading the table takes well under a millisecond; nobody notices two seconds after plugging in a cable. */
const POLL_MS = 2000
/** The timer of a machine that was awake is late by less; one that slept finds the rest of the night missing. */
const JUMP_MS = 2 * POLL_MS

/** The addresses of a table as comparable strings; order does not matter. */
function addressesOf(table: InterfaceTable): Set<string> {
  return new Set(
    Object.entries(table).flatMap(([name, entries = []]) =>
      entries.map(({ address, cidr }) => `${name} ${cidr ?? address}`)
    )
  )
}

/** What happened between two looks, or null when nothing did. `elapsedMs` by the wall clock. */
export function networkChange(
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
  elapsedMs: number
): NetworkChange | null {
  const added = [...after].filter((address) => !before.has(address))
  const removed = [...before].filter((address) => !after.has(address))
  const sleptMs = elapsedMs > POLL_MS + JUMP_MS ? elapsedMs - POLL_MS : 0
  return added.length + removed.length + sleptMs === 0 ? null : { added, removed, sleptMs }
}

/** `NetworkWatch` of index.ts by looking every `POLL_MS`: no portable way tells without looking. */
export class PollingNetworkWatch extends TypedEventEmitter<NetworkWatchEvents> implements NetworkWatch {
  readonly #interfaces: () => InterfaceTable
  readonly #clock: () => number
  readonly #every: NonNullable<NetworkWatchInit['every']>
  #cancel: (() => void) | undefined

  constructor(init: NetworkWatchInit = {}) {
    super()
    this.#interfaces = init.interfaces ?? networkInterfaces
    // The wall clock, because the monotonic one stands still while a Linux machine sleeps.
    this.#clock = init.clock ?? Date.now
    this.#every = init.every ?? poll
  }

  start(): void {
    let addresses = addressesOf(this.#interfaces())
    let lookedAt = this.#clock()
    this.#cancel = this.#every(POLL_MS, () => {
      const now = this.#clock()
      const current = addressesOf(this.#interfaces())
      const change = networkChange(addresses, current, now - lookedAt)
      addresses = current
      lookedAt = now
      if (change !== null) this.safeDispatchEvent('change', { detail: change })
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}

function poll(ms: number, look: () => void): () => void {
  const timer = setInterval(look, ms)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}
