import type { Stream, StreamCloseEvent } from '@libp2p/interface'
import { PeerUnreachableError } from '../../errors.ts'
import { finish } from '../finish.ts'
import { frameReader, writeFrame } from '../framing.ts'
import { CLOSE_TIMEOUT_MS, REQUEST_TIMEOUT_MS, WRITE_TIMEOUT_MS } from '../limits.ts'
import { asError } from '../stream.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { PIECE_BYTES } from './constants.ts'
import type { Share } from './index.ts'
import { HASHES_PER_FRAME, MAX_MODEL_REQUEST_BYTES } from './limits.ts'
import { frameBytes } from './pace.ts'
import { decodeRequest, encodeReply, failureFor, type ModelReply, type ModelRequest } from './words.ts'

export interface Serving {
  share: Share
  maxUpload: number | null
  signOfLifeMs: number
  /** Resolves when so many bytes may go out. */
  allowed: (bytes: number, signal: AbortSignal) => Promise<void>
  /** Runs a transfer where there is room for one more. @throws {BusyError} */
  transfer: (work: () => Promise<void>) => Promise<void>
  now: () => number
  /** Ends when this device stops. */
  signal: AbortSignal
}

/** An empty frame: nothing to say yet but that this device lives. */
const SIGN_OF_LIFE = new Uint8Array(0)

/**
 * Answers one stream: its request, then the replies. Resolves when everything was sent.
 *
 * @throws what went wrong, after the other side was told of it and the stream has ended
 */
export async function serveModel(stream: Stream, serving: Serving): Promise<void> {
  const gone = new AbortController()
  const onClose = (event: StreamCloseEvent) => {
    gone.abort(event.error ?? new PeerUnreachableError('The other device went away.'))
  }
  const onStop = () => {
    gone.abort(serving.signal.reason)
  }
  stream.addEventListener('close', onClose)
  serving.signal.addEventListener('abort', onStop)
  if (serving.signal.aborted) onStop()
  // What is queued already shows that this device lives, as soon as the reader takes it.
  const life = setInterval(() => {
    if (stream.writeStatus === 'writable' && !stream.writableNeedsDrain) {
      void writeFrame(stream, SIGN_OF_LIFE).catch(() => null)
    }
  }, serving.signOfLifeMs)
  try {
    const reader = frameReader(stream, { maxBytes: MAX_MODEL_REQUEST_BYTES })
    const bytes = await reader.read({ timeoutMs: REQUEST_TIMEOUT_MS })
    if (bytes === undefined) throw new PeerUnreachableError('The other device left without a request.')
    const send = async (reply: ModelReply): Promise<void> => {
      await writeFrame(stream, encodeReply(reply), { timeoutMs: WRITE_TIMEOUT_MS, signal: gone.signal })
      life.refresh()
    }
    await answer(decodeRequest(bytes), send, serving, gone.signal)
    // Nothing may follow the end.
    clearInterval(life)
    await send({ type: 'end' })
    await finish(stream)
  } catch (error) {
    clearInterval(life)
    await refuse(stream, error)
    throw error
  } finally {
    clearInterval(life)
    stream.removeEventListener('close', onClose)
    serving.signal.removeEventListener('abort', onStop)
  }
}

/** Tells the other side why not, if it still listens, and ends the stream. */
export async function refuse(stream: Stream, error: unknown): Promise<void> {
  try {
    if (stream.status === 'open' && !stream.writableNeedsDrain) {
      await writeFrame(stream, encodeReply(failureFor(error)), { timeoutMs: CLOSE_TIMEOUT_MS })
      await finish(stream)
    }
  } finally {
    stream.abort(asError(error))
  }
}

type Send = (reply: ModelReply) => Promise<void>

async function answer(request: ModelRequest, send: Send, serving: Serving, signal: AbortSignal): Promise<void> {
  const { share, transfer } = serving
  switch (request.type) {
    case 'list':
      for (const model of await unlessAborted(share.list({ signal }), signal)) await send({ type: 'model', model })
      break
    case 'manifest':
      for await (const { pieces, ...file } of taken(share.manifest(request.model, { signal }), signal)) {
        await send({ type: 'file', ...file })
        for (let at = 0; at < pieces.length; at += HASHES_PER_FRAME) {
          await send({ type: 'hashes', hashes: pieces.slice(at, at + HASHES_PER_FRAME) })
        }
      }
      break
    case 'pieces':
      await transfer(() => sendPieces(request, send, serving, signal))
  }
}

async function sendPieces(
  { model, file, first, count }: Extract<ModelRequest, { type: 'pieces' }>,
  send: Send,
  { share, maxUpload, allowed, now }: Serving,
  signal: AbortSignal
): Promise<void> {
  const stretch = { model, sha256: file, start: first * PIECE_BYTES, bytes: count * PIECE_BYTES }
  let last: Parameters<typeof frameBytes>[0] = null
  for await (const chunk of taken(share.read(stretch, { signal }), signal)) {
    for (let rest = chunk; rest.byteLength > 0;) {
      const bytes = rest.subarray(0, frameBytes(last, maxUpload))
      rest = rest.subarray(bytes.byteLength)
      await allowed(bytes.byteLength, signal)
      const since = now()
      await send({ type: 'data', bytes })
      last = { bytes: bytes.byteLength, tookMs: now() - since }
    }
  }
}

/** What comes of it until the signal, also where the source does not listen to that. */
async function* taken<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  const items = source[Symbol.asyncIterator]()
  try {
    while (true) {
      const next = await unlessAborted(items.next(), signal)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    // Not waited for: a disk that does not answer must not keep the stream.
    void Promise.resolve(items.return?.()).catch(() => null)
  }
}
