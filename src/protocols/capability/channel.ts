import type { Connection, Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { ProtocolError } from '../../errors.ts'
import type { Capability } from '../../interface.ts'
import { MAX_NOTICE_BYTES } from '../limits.ts'
import { take, type Bucket } from '../rate.ts'
import { frameReader } from '../framing.ts'
import { asError } from '../stream.ts'
import { awoken, heard, newPulse, tick } from './pulse.ts'
import { decodeWords, encodeWords, type Words } from './words.ts'

/** A queue that changes with every token of 32 answers would otherwise be a notice each time. */
export const NOTICE_GAP_MS = 100
/** Twice what a device that keeps the gap can send, and what it may catch up with on waking. */
const FRAME_RATE = { capacity: 60, perSecond: 2 * (1000 / NOTICE_GAP_MS) }

export interface ChannelEvents {
  notice: (capability: Capability) => void
  beat: (roundTripMs: number | null) => void
  silent: () => void
  closed: (reason: string) => void
}

/** One kept-open stream to one peer: what is to be said, what was heard. */
export class Channel {
  readonly connection: Connection
  readonly #stream: Stream
  readonly #current: () => Capability
  readonly #events: ChannelEvents
  readonly #now: () => number
  #pulse
  #toSay: { notice: boolean; beat: number | null; echo: number | null } = { notice: true, beat: null, echo: null }
  #noticeAt = -Infinity
  #bucket: Bucket | undefined

  constructor(
    stream: Stream,
    connection: Connection,
    init: { current: () => Capability; now: () => number; events: ChannelEvents }
  ) {
    this.connection = connection
    this.#stream = stream
    this.#current = init.current
    this.#now = init.now
    this.#events = init.events
    this.#pulse = newPulse(init.now())
    void this.#listen()
    this.tick()
  }

  /** Time went by: a heartbeat may be due, or the silence too long. */
  tick(): void {
    const { pulse, beat, fellSilent } = tick(this.#pulse, this.#now())
    this.#pulse = pulse
    if (beat !== null) this.#toSay.beat = beat
    this.#say()
    if (fellSilent) this.#events.silent()
  }

  /** This device slept. */
  awake(): void {
    this.#pulse = awoken(this.#pulse, this.#now())
    this.tick()
  }

  changed(): void {
    this.#toSay.notice = true
    this.#say()
  }

  /** Ends the stream without `closed`: whoever calls this knows. */
  abandon(reason: string): void {
    this.#events.closed = () => undefined
    this.#stream.abort(new Error(reason))
  }

  async #listen(): Promise<void> {
    const reader = frameReader(this.#stream, { maxBytes: MAX_NOTICE_BYTES })
    try {
      while (true) {
        const bytes = await reader.read({ timeoutMs: Infinity })
        if (bytes === undefined) throw new Error('The other device closed its stream.')
        this.#hear(decodeWords(bytes))
      }
    } catch (error) {
      const failure = asError(error)
      this.#stream.abort(failure)
      this.#events.closed(failure.message)
    }
  }

  #hear({ capability, beat, echo }: Words): void {
    const now = this.#now()
    const { bucket, allowed } = take(this.#bucket, FRAME_RATE, now)
    this.#bucket = bucket
    if (!allowed) throw new ProtocolError('The other device sends more notices than it may.')
    const { pulse, roundTripMs } = heard(this.#pulse, echo, now)
    this.#pulse = pulse
    if (beat !== undefined) this.#toSay.echo = beat
    this.#say()
    if (capability !== undefined) this.#events.notice(capability)
    this.#events.beat(roundTripMs)
  }

  /** Sends what there is to say in one frame, unless the stream is full: then the next tick tries again. */
  #say(): void {
    const { beat, echo } = this.#toSay
    const now = this.#now()
    // A suspended device gets the latest notice when it is back, not all of them.
    const notice = this.#toSay.notice && !this.#pulse.silent && now - this.#noticeAt >= NOTICE_GAP_MS
    if (beat === null && echo === null && !notice) return
    if (this.#stream.writeStatus !== 'writable' || this.#stream.writableNeedsDrain) return
    this.#toSay = { notice: this.#toSay.notice && !notice, beat: null, echo: null }
    if (notice) this.#noticeAt = now
    try {
      const frame = encodeWords({
        ...(notice ? { capability: this.#current() } : {}),
        ...(beat === null ? {} : { beat }),
        ...(echo === null ? {} : { echo })
      })
      this.#stream.send(lengthPrefixed.encode.single(frame))
    } catch (error) {
      this.#stream.abort(asError(error))
    }
  }
}
