import { setMaxListeners } from 'node:events'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { BusyError, MeshError, PeerUnreachableError } from '../../errors.ts'
import type { AbortOptions } from '../../interface.ts'
import { systemClock } from '../clock.ts'
import { silentLog } from '../log.ts'
import { opened } from '../open.ts'
import { PeerQuota } from '../quota.ts'
import { asError } from '../stream.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { ROSTER_PROTOCOL } from './constants.ts'
import { follow, lead, refuse, type Exchanged } from './exchange.ts'
import type { RosterComponents, RosterExchange, RosterInit } from './index.ts'
import { EXCHANGE_TIMEOUT_MS, EXCHANGES_PER_PEER, MAX_EXCHANGES, MAX_ROSTER_STREAMS, PEER_RATE } from './limits.ts'

/** An exchange under way that this device began, and how many callers wait for it. */
interface Run {
  result: Promise<Exchanged>
  waiting: number
  stop: AbortController
}

export class RosterService implements RosterExchange {
  readonly #components: RosterComponents
  readonly #init: Required<RosterInit>
  readonly #runs = new Map<string, Run>()
  readonly #quota = new PeerQuota({ atOnce: EXCHANGES_PER_PEER, rate: PEER_RATE })
  #following = 0
  #stopping = new AbortController()

  constructor(components: RosterComponents, init: RosterInit) {
    this.#components = components
    this.#init = { clock: systemClock, log: silentLog, ...init }
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    // Each exchange listens.
    setMaxListeners(Infinity, this.#stopping.signal)
    await this.#components.registrar.handle(ROSTER_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: MAX_ROSTER_STREAMS,
      maxOutboundStreams: MAX_ROSTER_STREAMS
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new PeerUnreachableError('This device is stopping.'))
    await this.#components.registrar.unhandle(ROSTER_PROTOCOL)
  }

  async exchange(peer: PeerId, { signal }: AbortOptions = {}): Promise<Exchanged> {
    signal?.throwIfAborted()
    const id = peer.toString()
    const run = this.#runs.get(id) ?? this.#begin(peer, id)
    run.waiting++
    try {
      return await (signal === undefined ? run.result : unlessAborted(run.result, signal))
    } finally {
      run.waiting--
      if (run.waiting === 0) {
        // Whoever calls now begins anew, and does not wait for one that is being stopped.
        if (this.#runs.get(id) === run) this.#runs.delete(id)
        run.stop.abort()
      }
    }
  }

  #begin(peer: PeerId, id: string): Run {
    const stop = new AbortController()
    const run: Run = { result: this.#lead(peer, stop.signal), waiting: 0, stop }
    this.#runs.set(id, run)
    return run
  }

  async #lead(peer: PeerId, stop: AbortSignal): Promise<Exchanged> {
    const signal = this.#until(stop)
    try {
      const stream = await opened(
        ROSTER_PROTOCOL,
        (until) => this.#components.connectionManager.openStream(peer, ROSTER_PROTOCOL, { signal: until }),
        { signal }
      )
      return await lead(stream, { ...this.#init, peer, signal })
    } catch (error) {
      if (error instanceof MeshError) throw error
      throw new PeerUnreachableError('The connection to the other device broke.', { cause: error })
    }
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer
    const id = peer.toString()
    try {
      const refusal = this.#enter(id)
      if (refusal !== null) {
        await refuse(stream, new BusyError(refusal))
        return
      }
      try {
        const { sent, received } = await follow(stream, { ...this.#init, peer, signal: this.#until() })
        this.#init.log.debug(`roster with ${id}: ${sent} records sent, ${received} received`)
      } finally {
        this.#following--
        this.#quota.leave(id)
      }
    } catch (error) {
      this.#init.log.debug(`roster with ${id}: ${asError(error).message}`)
    }
  }

  /** Null and counted as running, or the reason in words. */
  #enter(id: string): string | null {
    if (this.#following >= MAX_EXCHANGES) return `${MAX_EXCHANGES} exchanges are running already`
    const refusal = this.#quota.enter(id, this.#init.clock.monotonic())
    if (refusal === null) this.#following++
    return refusal
  }

  #until(...signals: AbortSignal[]): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(EXCHANGE_TIMEOUT_MS), ...signals])
  }
}
