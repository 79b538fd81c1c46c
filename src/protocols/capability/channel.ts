import type { Connection, Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { ProtocolError } from '../../errors.ts'
import type { Capability } from '../../interface.ts'
import { MAX_KNOWN, MAX_NOTICE_BYTES } from '../limits.ts'
import { take, type Bucket } from '../rate.ts'
import { frameReader } from '../framing.ts'
import { asError } from '../stream.ts'
import { awoken, heard, newPulse, tick } from './pulse.ts'
import { decodeWords, encodeWords, type Known, type Words } from './words.ts'

/** A queue that changes with every token of 32 answers would otherwise be a notice each time. */
export const NOTICE_GAP_MS = 100
/** Twice what a device that keeps the gap can send, and what it may catch up with on waking. */
const FRAME_RATE = { capacity: 60, perSecond: 2 * (1000 / NOTICE_GAP_MS) }
/** Who else is there goes in frames of about half the limit, so that a long notice at the end of one still fits. */
const KNOWN_FRAME_BYTES = MAX_NOTICE_BYTES / 2
/** With a tick of half a second 8 frames a second, which leaves notices and heartbeats room within the rate. */
const KNOWN_FRAMES_A_TICK = 4
/** A peer may ask again after this long; two thousand devices take ten seconds. */
const KNOWN_AGAIN_MS = 30_000

export interface ChannelEvents {
  notice: (capability: Capability) => void
  beat: (roundTripMs: number | null) => void
  silent: () => void
  spare: (isSpare: boolean) => void
  known: (known: Known[]) => void
  closed: (reason: string) => void
}

/** One kept-open stream to one peer: what is to be said, what was heard. */
export class Channel {
  readonly connection: Connection
  readonly #stream: Stream
  readonly #current: () => Capability
  readonly #events: ChannelEvents
  readonly #now: () => number
  readonly #known: () => Known[]
  #pulse
  #toSay: { notice: boolean; beat: number | null; echo: number | null } = { notice: true, beat: null, echo: null }
  #spareToSay: boolean | null = null
  #asks = false
  /** Whether this device ever asked on this stream: only then it is told who else is there. */
  #hasAsked = false
  /** Frames that tell who else is there, made as they are sent: of a thousand devices all at once would take too long. */
  #knownToSay: Iterator<Uint8Array, undefined> | undefined
  #toldKnownAt = -Infinity
  #noticeAt = -Infinity
  #bucket: Bucket | undefined

  constructor(
    stream: Stream,
    connection: Connection,
    init: { current: () => Capability; known: () => Known[]; now: () => number; events: ChannelEvents }
  ) {
    this.connection = connection
    this.#stream = stream
    this.#current = init.current
    this.#now = init.now
    this.#known = init.known
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
    this.#sayKnown()
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

  /** This device can do without the connection, or cannot. */
  spare(isSpare: boolean): void {
    this.#spareToSay = isSpare
    this.#say()
  }

  /** The peer is to tell who else is there. */
  askKnown(): void {
    this.#asks = true
    this.#hasAsked = true
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

  #hear({ capability, beat, echo, spare, asks, known }: Words): void {
    const now = this.#now()
    const { bucket, allowed } = take(this.#bucket, FRAME_RATE, now)
    this.#bucket = bucket
    if (!allowed) throw new ProtocolError('The other device sends more notices than it may.')
    const { pulse, roundTripMs } = heard(this.#pulse, echo, now)
    this.#pulse = pulse
    if (beat !== undefined) this.#toSay.echo = beat
    this.#say()
    if (asks === true && now - this.#toldKnownAt >= KNOWN_AGAIN_MS) {
      this.#toldKnownAt = now
      this.#knownToSay = framesOf(this.#known())
    }
    if (capability !== undefined) this.#events.notice(capability)
    if (spare !== undefined) this.#events.spare(spare)
    if (known !== undefined && this.#hasAsked) this.#events.known(known)
    this.#events.beat(roundTripMs)
  }

  /** Sends what there is to say in one frame, unless the stream is full: then the next tick tries again. */
  #say(): void {
    const { beat, echo } = this.#toSay
    const now = this.#now()
    // A suspended device gets the latest notice when it is back, not all of them.
    const notice = this.#toSay.notice && !this.#pulse.silent && now - this.#noticeAt >= NOTICE_GAP_MS
    const spare = this.#spareToSay
    const asks = this.#asks
    if (beat === null && echo === null && !notice && spare === null && !asks) return
    if (!this.#isWritable()) return
    this.#toSay = { notice: this.#toSay.notice && !notice, beat: null, echo: null }
    this.#spareToSay = null
    this.#asks = false
    if (notice) this.#noticeAt = now
    this.#send(() =>
      encodeWords({
        ...(notice ? { capability: this.#current() } : {}),
        ...(beat === null ? {} : { beat }),
        ...(echo === null ? {} : { echo }),
        ...(spare === null ? {} : { spare }),
        ...(asks && { asks })
      })
    )
  }

  #sayKnown(): void {
    for (let sent = 0; sent < KNOWN_FRAMES_A_TICK && !this.#pulse.silent && this.#isWritable(); sent++) {
      const frame = this.#knownToSay?.next().value
      if (frame === undefined) {
        this.#knownToSay = undefined
        return
      }
      this.#send(() => frame)
    }
  }

  #isWritable(): boolean {
    return this.#stream.writeStatus === 'writable' && !this.#stream.writableNeedsDrain
  }

  #send(frame: () => Uint8Array): void {
    try {
      this.#stream.send(lengthPrefixed.encode.single(frame()))
    } catch (error) {
      this.#stream.abort(asError(error))
    }
  }
}

function* framesOf(known: readonly Known[]): Generator<Uint8Array, undefined> {
  let some: Known[] = []
  let bytes = 0
  for (const each of known) {
    const size = encodeWords({ known: [each] }).byteLength
    // Longer than a frame may be: whoever wants to know it hears it from the device itself.
    if (size > KNOWN_FRAME_BYTES) continue
    if (some.length > 0 && (bytes + size > KNOWN_FRAME_BYTES || some.length === MAX_KNOWN)) {
      yield encodeWords({ known: some })
      some = []
      bytes = 0
    }
    some.push(each)
    bytes += size
  }
  if (some.length > 0) yield encodeWords({ known: some })
}
