import type { Stream } from '@libp2p/interface'
import { PeerUnreachableError } from '../../errors.ts'
import type { Clock } from '../clock.ts'
import { finish } from '../finish.ts'
import { frameReader, writeFrame } from '../framing.ts'
import type { Kept } from '../kept-streams.ts'
import { CLOSE_TIMEOUT_MS, MAX_FRAME_BYTES } from '../limits.ts'
import { take, type Bucket } from '../rate.ts'
import { asError } from '../stream.ts'
import type { SyncLink, SyncTalk } from './index.ts'
import { FRAME_RATE } from './limits.ts'
import { decodeMessage, encodeMessage, errorFor, refusalFor } from './words.ts'

export interface ConversingInit {
  clock: Clock
  meet: (send: SyncLink['send']) => SyncTalk
  /** Not called after `abandon`. */
  ended: (error: Error) => void
}

/** One stream and the talk over it: frames become messages, one at a time, and messages frames. */
export class Conversing implements Kept {
  readonly #stream: Stream
  readonly #clock: Clock
  readonly #talk: SyncTalk
  #ended: (error: Error) => void
  #bucket: Bucket | undefined

  constructor(stream: Stream, { clock, meet, ended }: ConversingInit) {
    this.#stream = stream
    this.#clock = clock
    this.#ended = ended
    this.#talk = meet((message) => writeFrame(stream, encodeMessage(message)))
    void this.#listen()
    this.#talk.start()
  }

  abandon(reason: string): void {
    this.#ended = () => undefined
    this.#stream.abort(new PeerUnreachableError(reason))
  }

  async #listen(): Promise<void> {
    const reader = frameReader(this.#stream, { maxBytes: MAX_FRAME_BYTES })
    let refused = false
    try {
      while (true) {
        // Silence is the concern of `capability`.
        const bytes = await reader.read({ timeoutMs: Infinity })
        if (bytes === undefined) throw new PeerUnreachableError('The other device closed its stream.')
        await this.#mayGoOn()
        const message = decodeMessage(bytes)
        if (message?.type === 'refused') {
          refused = true
          throw errorFor(message.code)
        }
        if (message !== null) await this.#talk.receive(message)
      }
    } catch (error) {
      this.#talk.stop()
      const failure = asError(error)
      if (!refused) await this.#refuse(failure)
      this.#stream.abort(failure)
      this.#ended(failure)
    }
  }

  /** Tells the other side why not, if it still listens. */
  async #refuse(error: Error): Promise<void> {
    if (this.#stream.status !== 'open' || this.#stream.writableNeedsDrain) return
    try {
      await writeFrame(this.#stream, encodeMessage(refusalFor(error)), { timeoutMs: CLOSE_TIMEOUT_MS })
      await finish(this.#stream)
    } catch {
      // It is gone, and needs no reason any more.
    }
  }

  /** Beyond the rate the next frame waits unread, and so does the sender. */
  async #mayGoOn(): Promise<void> {
    while (true) {
      const { bucket, allowed } = take(this.#bucket, FRAME_RATE, this.#clock.monotonic())
      this.#bucket = bucket
      if (allowed) return
      await new Promise<void>((resolve) => {
        this.#clock.after(1000 / FRAME_RATE.perSecond, resolve)
      })
    }
  }
}
