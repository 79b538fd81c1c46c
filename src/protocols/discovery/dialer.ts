import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { silentLog } from '../log.ts'
import { explainDialError } from './dial-error.ts'
import { nextDialAt, NOBODY, redial } from './redial.ts'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Log } from '../log.ts'
import type { Dialer, DialerClock, DialerComponents, DialerInit, Found, KnownDevice } from './index.ts'
import type { DialAction, DialError, RedialEvent, RedialRules } from './redial.ts'

/** A dial on a LAN takes milliseconds; one SYN that is lost is sent again after a second. */
const ADDRESS_TIMEOUT_MS = 3000
/** Enough for a mesh that starts together; a dead address holds a place for `ADDRESS_TIMEOUT_MS` each. */
const MAX_DIALS = 8
const MAX_PEERS = 64
const MAX_ADDRESSES = 8
/** Unlike `systemClock` it keeps the process alive: whoever asks and listens nowhere has only this to wait for. */
const WAITING_CLOCK: DialerClock = {
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => {
      clearTimeout(timer)
    }
  }
}
/** The longest wait that `setTimeout` takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** `Dialer` of index.ts: does what `redial` decides. */
export class RedialingDialer implements Dialer {
  readonly #components: DialerComponents
  readonly #rules: RedialRules
  readonly #addressTimeoutMs: number
  readonly #log: Log
  readonly #running = new Map<string, AbortController>()
  #state = NOBODY
  readonly #clock: DialerClock
  #stopTimer: () => void = () => undefined
  #started = false
  readonly #onConnect = ({ detail }: CustomEvent<PeerId>): void => {
    this.#step({ type: 'connected', id: detail.toString() })
  }
  readonly #onDisconnect = ({ detail }: CustomEvent<PeerId>): void => {
    this.#step({ type: 'disconnected', id: detail.toString() })
  }

  constructor(components: DialerComponents, init: DialerInit = {}) {
    this.#components = components
    this.#addressTimeoutMs = init.addressTimeoutMs ?? ADDRESS_TIMEOUT_MS
    this.#log = init.log ?? silentLog
    this.#rules = {
      self: components.peerId.toString(),
      maxDials: init.maxDials ?? MAX_DIALS,
      maxPeers: MAX_PEERS,
      maxAddresses: MAX_ADDRESSES,
      random: init.random ?? Math.random
    }
    this.#clock = init.clock ?? WAITING_CLOCK
  }

  start(): void {
    this.#started = true
    this.#components.events.addEventListener('peer:connect', this.#onConnect)
    this.#components.events.addEventListener('peer:disconnect', this.#onDisconnect)
    this.#step({ type: 'tick' })
  }

  stop(): void {
    this.#started = false
    this.#components.events.removeEventListener('peer:connect', this.#onConnect)
    this.#components.events.removeEventListener('peer:disconnect', this.#onDisconnect)
    this.#stopTimer()
    for (const controller of this.#running.values()) controller.abort()
    this.#running.clear()
  }

  found(found: Found): void {
    this.#step({ type: 'found', found })
  }

  networkChanged(): void {
    this.#step({ type: 'network-changed' })
  }

  forget(id: string): void {
    this.#running.get(id)?.abort()
    this.#running.delete(id)
    this.#step({ type: 'forget', id })
  }

  known(): KnownDevice[] {
    return [...this.#state.peers.values()].map((peer) => ({
      id: peer.id,
      foundBy: [...peer.foundBy],
      addresses: [...peer.addresses],
      connected: peer.connectedAt !== null,
      dialError: peer.dialError?.message ?? null,
      dialFailure: peer.dialError?.failure ?? null
    }))
  }

  #step(event: RedialEvent): void {
    if (!this.#started) return
    const now = this.#clock.monotonic()
    const { state, actions } = redial(this.#state, event, now, this.#rules)
    this.#state = state
    for (const action of actions) void this.#dial(action)
    this.#stopTimer()
    const wait = Math.max(0, nextDialAt(state) - now)
    // Those that are due but found no free place are started by the end of another dial, not by the clock.
    if (wait > 0 && wait <= MAX_TIMER_MS) {
      this.#stopTimer = this.#clock.after(wait, () => {
        this.#step({ type: 'tick' })
      })
    }
  }

  async #dial({ id, addresses, replace }: DialAction): Promise<void> {
    const controller = new AbortController()
    this.#running.set(id, controller)
    const outcome = await this.#tryEach(id, addresses, replace, controller.signal)
    // Forgotten or stopped meanwhile: the state no longer knows of this dial.
    if (this.#running.get(id) !== controller) return
    this.#running.delete(id)
    this.#step(outcome)
  }

  /** One address after the other in the given order, so that each failure is known by its address. */
  async #tryEach(
    id: string,
    addresses: readonly string[],
    replace: boolean,
    stopped: AbortSignal
  ): Promise<RedialEvent> {
    const { connectionManager } = this.#components
    const peerId = peerIdFromString(id)
    // A copy: libp2p hands out the array that it adds new connections to.
    const before = [...connectionManager.getConnections(peerId)]
    const wrong: string[] = []
    let newest: DialError | undefined
    for (const address of addresses) {
      const patience = new AbortController()
      const cancel = this.#clock.after(this.#addressTimeoutMs, () => {
        patience.abort(new DOMException('The dial took too long', 'TimeoutError'))
      })
      const signal = AbortSignal.any([stopped, patience.signal])
      try {
        const target = multiaddr(`${address}/p2p/${id}`)
        await connectionManager.openConnection(target, { signal, force: replace })
        if (replace) closeAll(before)
        return { type: 'dialed', id }
      } catch (error) {
        const explained = explainDialError(error)
        this.#log.debug(`could not dial ${id} at ${address}: ${String(error)}`)
        if (explained.failure === 'wrong-identity') wrong.push(address)
        // Of the newest address, which is the one that should have worked.
        newest ??= explained
        if (stopped.aborted) break
      } finally {
        cancel()
      }
    }
    return { type: 'failed', id, error: newest ?? explainDialError(stopped.reason), wrong }
  }
}

/** Aborted, not closed: what they led to is gone and would not answer a polite end. */
function closeAll(connections: Connection[]): void {
  for (const connection of connections) connection.abort(new Error('the peer has restarted'))
}
