import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { ProtocolError } from '../errors.ts'
import type { Clock } from './clock.ts'
import type { Connections, Handlers, Topologies } from './components.ts'
import { OPEN_TIMEOUT_MS } from './limits.ts'
import type { Log } from './log.ts'

/** One is enough; a second one replaces it, and those that are being closed count too. */
const MAX_STREAMS = 4
/** Doubled with each failure up to the last: a peer that refuses is not worth more than a try in ten seconds. */
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 10_000

/** What is said over one of the streams. */
export interface Kept {
  /** Ends it; `ended` is not called for this one any more. */
  abandon: (reason: string) => void
}

export interface KeptStreamsComponents {
  peerId: PeerId
  registrar: Handlers & Topologies
  connectionManager: Connections
}

export interface KeptStreamsInit<K extends Kept> {
  protocol: string
  clock: Clock
  log: Log
  /** A stream is open; `opened`: from here. The newest one counts, the one before is abandoned by then. */
  adopt: (peer: PeerId, stream: Stream, connection: Connection, opened: boolean) => K
}

/**
 * One stream of a protocol between each two devices that speak it, for as long as they are connected. The device whose
 * PeerId, written in base58, is the lesser string opens it; the other one waits. So two that dial each other at the same
 * moment still have one. It moves to a newer connection when one comes, and is opened again when it breaks.
 */
export class KeptStreams<K extends Kept> {
  readonly #components: KeptStreamsComponents
  readonly #init: KeptStreamsInit<K>
  readonly #kept = new Map<string, { kept: K; since: number }>()
  /** Peers to which a stream is being opened, or will be after a wait. */
  readonly #opening = new Map<string, AbortController>()
  /** How long to wait before the next stream, for those whose last ones did not live long. */
  readonly #waits = new Map<string, number>()
  #registration: string | undefined

  constructor(components: KeptStreamsComponents, init: KeptStreamsInit<K>) {
    this.#components = components
    this.#init = init
  }

  async start(): Promise<void> {
    const { registrar } = this.#components
    const { protocol } = this.#init
    await registrar.handle(
      protocol,
      (stream, connection) => {
        this.#accept(stream, connection)
      },
      { maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS }
    )
    this.#registration = await registrar.register(protocol, {
      onConnect: (peer, connection) => {
        if (this.#opensTo(peer)) void this.#open(peer, connection)
      }
    })
  }

  async stop(): Promise<void> {
    for (const attempt of this.#opening.values()) attempt.abort()
    this.#opening.clear()
    for (const { kept } of this.#kept.values()) kept.abandon('This device is stopping.')
    this.#kept.clear()
    if (this.#registration !== undefined) this.#components.registrar.unregister(this.#registration)
    await this.#components.registrar.unhandle(this.#init.protocol)
  }

  *all(): Generator<K> {
    for (const { kept } of this.#kept.values()) yield kept
  }

  /** A stream has ended. @returns whether the peer is still connected; then another one is opened */
  ended(peer: PeerId): boolean {
    const id = peer.toString()
    const since = this.#kept.get(id)?.since
    this.#kept.delete(id)
    const connection = this.#liveConnection(peer)
    if (connection === undefined) {
      this.#waits.delete(id)
      return false
    }
    const livedLong = since !== undefined && this.#init.clock.monotonic() - since >= LAST_RETRY_MS
    if (livedLong) this.#waits.delete(id)
    if (this.#opensTo(peer)) void this.#reopen(peer)
    return true
  }

  /** What is kept with that peer now. */
  of(id: string): K | undefined {
    return this.#kept.get(id)?.kept
  }

  #opensTo(peer: PeerId): boolean {
    return this.#components.peerId.toString() < peer.toString()
  }

  /** Opens a stream on this connection; on failure again and again, while the peer is connected. */
  async #open(peer: PeerId, connection: Connection): Promise<void> {
    const { protocol, log } = this.#init
    const id = peer.toString()
    this.#opening.get(id)?.abort()
    const attempt = new AbortController()
    this.#opening.set(id, attempt)
    let on: Connection | undefined = connection
    while (on !== undefined && this.#opening.get(id) === attempt) {
      try {
        const signal = AbortSignal.any([attempt.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
        const stream = await on.newStream(protocol, { signal })
        if (stream.status !== 'open') throw new Error('the other device refused the stream')
        if (this.#opening.get(id) !== attempt) stream.abort(new Error('Another stream was opened.'))
        else this.#adopt(peer, stream, on, true)
        break
      } catch (error) {
        log.debug(`no ${protocol} with ${id}: ${error instanceof Error ? error.message : String(error)}`)
      }
      await this.#pause(this.#nextWait(id), attempt.signal)
      on = this.#liveConnection(peer)
    }
    if (this.#opening.get(id) === attempt) this.#opening.delete(id)
  }

  #accept(stream: Stream, connection: Connection): void {
    if (this.#opensTo(connection.remotePeer)) {
      stream.abort(new ProtocolError('The device with the lesser PeerId opens this stream.'))
      return
    }
    this.#adopt(connection.remotePeer, stream, connection, false)
  }

  /** The newest stream counts: whoever opened it held the one before for lost. */
  #adopt(peer: PeerId, stream: Stream, connection: Connection, opened: boolean): void {
    const id = peer.toString()
    this.#kept.get(id)?.kept.abandon('A newer stream took its place.')
    this.#kept.delete(id)
    const kept = this.#init.adopt(peer, stream, connection, opened)
    this.#kept.set(id, { kept, since: this.#init.clock.monotonic() })
  }

  /** After a breath: the connection may be about to end as well, and a peer that breaks every stream must not spin us. */
  async #reopen(peer: PeerId): Promise<void> {
    const id = peer.toString()
    if (this.#opening.has(id)) return
    const attempt = new AbortController()
    this.#opening.set(id, attempt)
    await this.#pause(this.#nextWait(id), attempt.signal)
    const connection = this.#liveConnection(peer)
    if (this.#opening.get(id) !== attempt) return
    this.#opening.delete(id)
    if (connection !== undefined) await this.#open(peer, connection)
  }

  #nextWait(id: string): number {
    const wait = this.#waits.get(id) ?? FIRST_RETRY_MS
    this.#waits.set(id, Math.min(2 * wait, LAST_RETRY_MS))
    return wait
  }

  #liveConnection(peer: PeerId): Connection | undefined {
    return this.#components.connectionManager.getConnections(peer).findLast(({ status }) => status === 'open')
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#init.clock.after(ms, resolve)
      signal.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })
  }
}
