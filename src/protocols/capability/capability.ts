import type { Connection, PeerId, Stream } from '@libp2p/interface'
import type { Capability } from '../../interface.ts'
import { systemClock, type Clock } from '../clock.ts'
import { KeptStreams } from '../kept-streams.ts'
import { silentLog, type Log } from '../log.ts'
import { Channel, NOTICE_GAP_MS } from './channel.ts'
import { CAPABILITY_PROTOCOL } from './constants.ts'
import type { CapabilityComponents, CapabilityEvent, CapabilityInit, CapabilityService } from './index.ts'
import { slept, TICK_MS, type Instant } from './pulse.ts'
import type { Known } from './words.ts'

export class CapabilityExchange implements CapabilityService {
  readonly #current: () => Capability
  readonly #known: () => Known[]
  readonly #clock: Clock
  readonly #log: Log
  readonly #listeners = new Set<(event: CapabilityEvent) => void>()
  readonly #streams: KeptStreams<Channel>
  #stopTicking: () => void = () => undefined
  #stopNotice: (() => void) | undefined
  #tickedAt: Instant = { monotonic: 0, wall: 0 }

  constructor(components: CapabilityComponents, init: CapabilityInit) {
    const { current, known = () => [], clock = systemClock, log = silentLog } = init
    this.#current = current
    this.#known = known
    this.#clock = clock
    this.#log = log
    this.#streams = new KeptStreams(components, {
      protocol: CAPABILITY_PROTOCOL,
      clock,
      log,
      adopt: (peer, stream, connection) => this.#adopt(peer, stream, connection)
    })
  }

  async start(): Promise<void> {
    this.#tickedAt = this.#instant()
    this.#stopTicking = this.#clock.every(TICK_MS, () => {
      this.#tick()
    })
    await this.#streams.start()
  }

  async stop(): Promise<void> {
    this.#stopTicking()
    this.#stopNotice?.()
    this.#stopNotice = undefined
    await this.#streams.stop()
  }

  listen(listener: (event: CapabilityEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(): void {
    for (const channel of this.#streams.all()) channel.changed()
    // What came too soon after the last notice is said when the gap is over.
    this.#stopNotice ??= this.#clock.after(NOTICE_GAP_MS, () => {
      this.#stopNotice = undefined
      for (const channel of this.#streams.all()) channel.tick()
    })
  }

  spare(peer: string, isSpare: boolean): void {
    this.#streams.of(peer)?.spare(isSpare)
  }

  askKnown(peer: string): void {
    this.#streams.of(peer)?.askKnown()
  }

  #adopt(peer: PeerId, stream: Stream, connection: Connection): Channel {
    const id = peer.toString()
    return new Channel(stream, connection, {
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
          const connected = this.#streams.ended(peer)
          this.#emit({ type: 'closed', peer: id, reason, connected })
        }
      }
    })
  }

  #tick(): void {
    const now = this.#instant()
    const wasAsleep = slept(this.#tickedAt, now)
    this.#tickedAt = now
    if (wasAsleep) this.#log.debug('this device slept')
    for (const channel of this.#streams.all()) {
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
