import type { PeerId, Stream, StreamCloseEvent } from '@libp2p/interface'
import { PeerSilentError, PeerUnreachableError, ProtocolError } from '../../errors.ts'
import type { AbortOptions, PairMessage, PairRefusal } from '../../interface.ts'
import { finish } from '../finish.ts'
import { frameReader, writeFrame, type FrameReader } from '../framing.ts'
import { CLOSE_TIMEOUT_MS } from '../limits.ts'
import { recordBatches } from '../record-batches.ts'
import { asError } from '../stream.ts'
import type { PairConversation, ReceiveOptions } from './index.ts'
import { PERSON_MS } from './limits.ts'
import { decodeMessage, encodeMessage } from './words.ts'

export interface ConversationInit {
  peer: PeerId
  address: string
  /** Of one frame that the other side sends. */
  maxFrameBytes: number
  /** Of all that it sends. */
  maxBytes: number
}

export class Conversation implements PairConversation {
  readonly peer: PeerId
  readonly address: string
  readonly #stream: Stream
  readonly #reader: FrameReader
  readonly #over = new AbortController()
  #bytesLeft: number
  #first: PairMessage | undefined

  constructor(stream: Stream, { peer, address, maxFrameBytes, maxBytes }: ConversationInit) {
    this.peer = peer
    this.address = address
    this.#stream = stream
    this.#bytesLeft = maxBytes
    this.#reader = frameReader(stream, { maxBytes: maxFrameBytes })
    stream.addEventListener('close', ({ error }: StreamCloseEvent) => {
      this.#end(error)
    })
  }

  get closed(): AbortSignal {
    return this.#over.signal
  }

  async send(message: PairMessage, options: AbortOptions = {}): Promise<void> {
    try {
      for (const each of framed(message)) {
        this.#over.signal.throwIfAborted()
        await writeFrame(this.#stream, encodeMessage(each), options)
      }
    } catch (error) {
      this.abort(asError(error))
      throw error
    }
  }

  /** Waits for the first message, which the next `receive` gives out. */
  async begin(options: ReceiveOptions): Promise<void> {
    this.#first = await this.receive(options)
  }

  async receive({ timeoutMs = PERSON_MS, signal }: ReceiveOptions = {}): Promise<PairMessage> {
    this.#over.signal.throwIfAborted()
    const first = this.#first
    this.#first = undefined
    if (first !== undefined) return first
    // The timer is ours and not the reader's, which could only cut the stream off without a word.
    const reading = this.#reader.read({ timeoutMs: Infinity, ...(signal === undefined ? {} : { signal }) })
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new PeerSilentError(`The other device said nothing for ${timeoutMs / 1000} seconds.`))
      }, timeoutMs)
    })
    try {
      const bytes = await Promise.race([reading, tooLate])
      if (bytes === undefined) throw new PeerUnreachableError('The other device has left.')
      this.#bytesLeft -= bytes.byteLength
      if (this.#bytesLeft < 0) throw new ProtocolError('The other device says more than it may.')
      return decodeMessage(bytes)
    } catch (error) {
      reading.catch(() => undefined)
      await this.#giveUp(asError(error))
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends it with a reason, which the other side is told if it still listens. */
  async refuse(reason: PairRefusal, error: Error): Promise<void> {
    this.#end(error)
    try {
      if (this.#stream.status === 'open' && !this.#stream.writableNeedsDrain) {
        const frame = encodeMessage({ type: 'refused', reason })
        await writeFrame(this.#stream, frame, { timeoutMs: CLOSE_TIMEOUT_MS })
        await finish(this.#stream)
      }
    } catch {
      // It is gone already, which is what was wanted.
    } finally {
      this.#stream.abort(error)
    }
  }

  async close(): Promise<void> {
    this.#end()
    try {
      if (this.#stream.status === 'open') await finish(this.#stream)
    } catch (error) {
      this.#stream.abort(asError(error))
      throw error
    }
  }

  abort(error: Error): void {
    this.#end(error)
    this.#stream.abort(error)
  }

  async #giveUp(error: Error): Promise<void> {
    if (error instanceof ProtocolError) await this.refuse('malformed', error)
    else if (error instanceof PeerSilentError) await this.refuse('timeout', error)
    else this.abort(error)
  }

  #end(cause?: Error): void {
    this.#over.abort(new PeerUnreachableError('The conversation with the other device is over.', { cause }))
  }
}

function* framed(message: PairMessage): Generator<PairMessage> {
  if (message.type !== 'records') yield message
  else for (const records of recordBatches(message.records)) yield { type: 'records', records }
}
