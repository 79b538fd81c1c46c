import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { ProtocolError } from '../../errors.ts'
import type { Capability } from '../../interface.ts'
import { systemClock, type Clock } from '../clock.ts'
import { OPEN_TIMEOUT_MS } from '../limits.ts'
import { silentLog, type Log } from '../log.ts'
import { Channel, NOTICE_GAP_MS } from './channel.ts'
import { CAPABILITY_PROTOCOL } from './constants.ts'
import type { CapabilityComponents, CapabilityEvent, CapabilityInit, CapabilityService } from './index.ts'
import { slept, TICK_MS, type Instant } from './pulse.ts'
import type { Known } from './words.ts'

/** One is enough; a second one replaces it, and those that are being closed count too. */
const MAX_STREAMS = 4
/** Doubled with each failure up to the last: a peer that refuses is not worth more than a try in ten seconds. */
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 10_000

export class CapabilityExchange implements CapabilityService {
  readonly #components: CapabilityComponents
  readonly #current: () => Capability
  readonly #known: () => Known[]
  readonly #clock: Clock
  readonly #log: Log
  readonly #listeners = new Set<(event: CapabilityEvent) => void>()
  readonly #channels = new Map<string, Channel>()
  /** Peers to which a stream is being opened, or will be after a wait. */
  readonly #opening = new Map<string, AbortController>()
  #registration: string | undefined
  #stopTicking: () => void = () => undefined
  #stopNotice: (() => void) | undefined
  #tickedAt: Instant = { monotonic: 0, wall: 0 }

  constructor(components: CapabilityComponents, init: CapabilityInit) {
    const { current, known = () => [], clock = systemClock, log = silentLog } = init
    this.#components = components
    this.#current = current
    this.#known = known
    this.#clock = clock
    this.#log = log
  }

  async start(): Promise<void> {
    const { registrar } = this.#components
    this.#tickedAt = this.#instant()
    this.#stopTicking = this.#clock.every(TICK_MS, () => {
      this.#tick()
    })
    await registrar.handle(
      CAPABILITY_PROTOCOL,
      (stream, connection) => {
        this.#accept(stream, connection)
      },
      { maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS }
    )
    this.#registration = await registrar.register(CAPABILITY_PROTOCOL, {
      onConnect: (peer, connection) => {
        if (this.#opensTo(peer)) void this.#open(peer, connection)
      }
    })
  }

  async stop(): Promise<void> {
    this.#stopTicking()
    this.#stopNotice?.()
    this.#stopNotice = undefined
    for (const attempt of this.#opening.values()) attempt.abort()
    this.#opening.clear()
    for (const channel of this.#channels.values()) channel.abandon('This device is stopping.')
    this.#channels.clear()
    if (this.#registration !== undefined) this.#components.registrar.unregister(this.#registration)
    await this.#components.registrar.unhandle(CAPABILITY_PROTOCOL)
  }

  listen(listener: (event: CapabilityEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(): void {
    for (const channel of this.#channels.values()) channel.changed()
    // What came too soon after the last notice is said when the gap is over.
    this.#stopNotice ??= this.#clock.after(NOTICE_GAP_MS, () => {
      this.#stopNotice = undefined
      for (const channel of this.#channels.values()) channel.tick()
    })
  }

  spare(peer: string, isSpare: boolean): void {
    this.#channels.get(peer)?.spare(isSpare)
  }

  askKnown(peer: string): void {
    this.#channels.get(peer)?.askKnown()
  }

  #opensTo(peer: PeerId): boolean {
    return this.#components.peerId.toString() < peer.toString()
  }

  /** Opens a stream on this connection; on failure again and again, while the peer is connected. */
  async #open(peer: PeerId, connection: Connection): Promise<void> {
    const id = peer.toString()
    this.#opening.get(id)?.abort()
    const attempt = new AbortController()
    this.#opening.set(id, attempt)
    let retryMs = FIRST_RETRY_MS
    let on: Connection | undefined = connection
    while (on !== undefined && this.#opening.get(id) === attempt) {
      try {
        const signal = AbortSignal.any([attempt.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
        const stream = await on.newStream(CAPABILITY_PROTOCOL, { signal })
        if (stream.status !== 'open') throw new Error('the other device refused the stream')
        if (this.#opening.get(id) !== attempt) stream.abort(new Error('Another stream was opened.'))
        else this.#adopt(peer, stream, on)
        break
      } catch (error) {
        this.#log.debug(`no capability stream to ${id}: ${error instanceof Error ? error.message : String(error)}`)
      }
      await this.#pause(retryMs, attempt.signal)
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)
      on = this.#liveConnection(peer)
    }
    if (this.#opening.get(id) === attempt) this.#opening.delete(id)
  }

  #accept(stream: Stream, connection: Connection): void {
    if (this.#opensTo(connection.remotePeer)) {
      stream.abort(new ProtocolError('The device with the lesser PeerId opens this stream.'))
      return
    }
    this.#adopt(connection.remotePeer, stream, connection)
  }

  /** The newest stream counts: whoever opened it held the one before for lost. */
  #adopt(peer: PeerId, stream: Stream, connection: Connection): void {
    const id = peer.toString()
    this.#channels.get(id)?.abandon('A newer stream took its place.')
    const channel = new Channel(stream, connection, {
      current: this.#current,
      known: this.#known,
      now: this.#clock.monotonic,
      events: {
        notice: (capability) => {
          this.#emit({ type: 'notice', peer: id, capability, receivedAt: this.#clock.monotonic() })
        },
        beat: (roundTripMs) => {
          this.#emit({ type: 'beat', peer: id, roundTripMs })
        },
        silent: () => {
          this.#emit({ type: 'silent', peer: id })
        },
        spare: (isSpare) => {
          this.#emit({ type: 'spare', peer: id, spare: isSpare })
        },
        known: (known) => {
          this.#emit({ type: 'known', peer: id, known })
        },
        closed: (reason) => {
          this.#channels.delete(id)
          this.#closed(peer, reason)
        }
      }
    })
    this.#channels.set(id, channel)
  }

  #closed(peer: PeerId, reason: string): void {
    const connection = this.#liveConnection(peer)
    this.#emit({ type: 'closed', peer: peer.toString(), reason, connected: connection !== undefined })
    if (connection !== undefined && this.#opensTo(peer)) void this.#reopen(peer)
  }

  /** After a breath: the connection may be about to end as well, and a peer that breaks every stream must not spin us. */
  async #reopen(peer: PeerId): Promise<void> {
    const id = peer.toString()
    if (this.#opening.has(id)) return
    const attempt = new AbortController()
    this.#opening.set(id, attempt)
    await this.#pause(FIRST_RETRY_MS, attempt.signal)
    const connection = this.#liveConnection(peer)
    if (this.#opening.get(id) !== attempt) return
    this.#opening.delete(id)
    if (connection !== undefined) await this.#open(peer, connection)
  }

  #liveConnection(peer: PeerId): Connection | undefined {
    return this.#components.connectionManager.getConnections(peer).findLast(({ status }) => status === 'open')
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve)
      signal.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })
  }

  #tick(): void {
    const now = this.#instant()
    const wasAsleep = slept(this.#tickedAt, now)
    this.#tickedAt = now
    if (wasAsleep) this.#log.debug('this device slept')
    for (const channel of this.#channels.values()) {
      if (wasAsleep) channel.awake()
      else channel.tick()
    }
  }

  #instant(): Instant {
    return { monotonic: this.#clock.monotonic(), wall: this.#clock.wall() }
  }

  #emit(event: CapabilityEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
