import type { Stream, StreamCloseEvent } from '@libp2p/interface'
import { NotAnsweringError, PeerUnreachableError } from '../../errors.ts'
import type { GenerateEvent, GenerateRequest, Waiting } from '../../interface.ts'
import { CLOSE_TIMEOUT_MS, MAX_FRAME_BYTES } from '../limits.ts'
import { finish } from '../finish.ts'
import { frameReader, writeFrame } from '../framing.ts'
import { asError } from '../stream.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { failureFor } from './codes.ts'
import type { Answer } from './index.ts'
import { decodeRequest, encodeEvent } from './words.ts'

export interface AnsweringOptions {
  answer: Answer
  requestTimeoutMs: number
  writeTimeoutMs: number
  waitingMs: number
  /** Ends when this device stops answering. */
  signal: AbortSignal
}

/** An empty frame: before `accepted` there is nothing to say yet but that this device lives. */
const SIGN_OF_LIFE = new Uint8Array(0)
const WORKING: Waiting = { type: 'waiting', place: 0, loaded: null, prefilled: null }

/**
 * Answers one stream: its request, then the events. Resolves when everything was sent.
 *
 * @throws what went wrong, after the asker was told of it and the stream has ended
 */
export async function answerStream(stream: Stream, peer: string, options: AnsweringOptions): Promise<void> {
  const { requestTimeoutMs, signal } = options
  const gone = new AbortController()
  const onClose = (event: StreamCloseEvent) => {
    gone.abort(event.error ?? new PeerUnreachableError('The asking device went away.'))
  }
  const onStop = () => {
    gone.abort(new NotAnsweringError('This device is stopping.'))
  }
  stream.addEventListener('close', onClose)
  signal.addEventListener('abort', onStop)
  if (signal.aborted) onStop()
  try {
    const reader = frameReader(stream, { maxBytes: MAX_FRAME_BYTES })
    const bytes = await reader.read({ timeoutMs: requestTimeoutMs })
    if (bytes === undefined) throw new PeerUnreachableError('The asking device left without a request.')
    await sendAnswer(stream, peer, decodeRequest(bytes), gone.signal, options)
    // From here on the end of the stream is as it should be, and tells the engine nothing.
    stream.removeEventListener('close', onClose)
    await finish(stream)
  } catch (error) {
    await refuse(stream, error)
    throw error
  } finally {
    stream.removeEventListener('close', onClose)
    signal.removeEventListener('abort', onStop)
  }
}

/** Tells the asker why not, if it still listens, and ends the stream. */
export async function refuse(stream: Stream, error: unknown): Promise<void> {
  try {
    if (stream.status === 'open' && !stream.writableNeedsDrain) {
      await writeFrame(stream, encodeEvent(failureFor(error)), { timeoutMs: CLOSE_TIMEOUT_MS })
      await finish(stream)
    }
  } finally {
    stream.abort(asError(error))
  }
}

async function sendAnswer(
  stream: Stream,
  peer: string,
  request: GenerateRequest,
  signal: AbortSignal,
  { answer, waitingMs, writeTimeoutMs }: AnsweringOptions
): Promise<void> {
  const events = answer(request, { signal, peer })[Symbol.asyncIterator]()
  let sign: Uint8Array = SIGN_OF_LIFE
  let accepted = false
  const waiting = setInterval(() => {
    // What is queued already shows that this device lives, as soon as the reader takes it.
    if (stream.writeStatus === 'writable' && !stream.writableNeedsDrain) void writeFrame(stream, sign).catch(() => null)
  }, waitingMs)
  try {
    while (true) {
      const next = await unlessAborted(events.next(), signal)
      if (next.done === true) return
      accepted ||= next.value.type === 'accepted'
      const event = next.value
      const frame = encodeEvent(event.type === 'waiting' && !accepted ? { ...event, type: 'queued' } : event)
      await writeFrame(stream, frame, { timeoutMs: writeTimeoutMs, signal })
      waiting.refresh()
      sign = signAfter(sign, event, frame)
      if (event.type === 'tokens' || event.type === 'done') clearInterval(waiting)
    }
  } finally {
    clearInterval(waiting)
    // Not waited for: an engine that does not hear its signal must not keep the stream.
    void Promise.resolve(events.return?.()).catch(() => null)
  }
}

/** What to say when the engine says nothing: the last `waiting` again, as soon as the order allows one. */
function signAfter(sign: Uint8Array, event: GenerateEvent, frame: Uint8Array): Uint8Array {
  if (event.type === 'waiting') return frame
  return event.type === 'accepted' ? encodeEvent(WORKING) : sign
}
