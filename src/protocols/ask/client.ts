import type { PeerId } from '@libp2p/interface'
import { MeshError, PeerUnreachableError, ProtocolError } from '../../errors.ts'
import type { GenerateEvent, GenerateRequest } from '../../interface.ts'
import type { Streams } from '../components.ts'
import { CLOSE_TIMEOUT_MS, MAX_ASK_STREAMS, MAX_EVENT_BYTES } from '../limits.ts'
import { frameReader, writeFrame } from '../framing.ts'
import { opened } from '../open.ts'
import { asError } from '../stream.ts'
import { errorFor } from './codes.ts'
import { ASK_PROTOCOL } from './constants.ts'
import { ASKED, follow } from './order.ts'
import { decodeEvent, encodeRequest } from './words.ts'

export interface AskingOptions {
  silenceMs: number
  signal: AbortSignal | undefined
}

/** Asks one peer over a stream of its own. */
export async function* askPeer(
  streams: Streams,
  peer: PeerId,
  request: GenerateRequest,
  { silenceMs, signal }: AskingOptions
): AsyncGenerator<GenerateEvent> {
  const frame = encodeRequest(request)
  const stream = await opened(
    ASK_PROTOCOL,
    (until) => streams.openStream(peer, ASK_PROTOCOL, { signal: until, maxOutboundStreams: MAX_ASK_STREAMS }),
    signal === undefined ? {} : { signal }
  )
  // Between two reads as well, and while the reader of this answer thinks, an abort must reach the engine at once.
  const onAbort = () => {
    stream.abort(asError(signal?.reason))
  }
  signal?.addEventListener('abort', onAbort)
  let progress = ASKED
  try {
    const reader = frameReader(stream, { maxBytes: MAX_EVENT_BYTES })
    const wait = { timeoutMs: silenceMs, ...(signal === undefined ? {} : { signal }) }
    await writeFrame(stream, frame, wait)
    await stream.close(wait)
    while (progress.phase !== 'done') {
      const bytes = await reader.read(wait)
      if (bytes === undefined) throw new PeerUnreachableError('The other device ended its answer before it was done.')
      const event = decodeEvent(bytes)
      if (event === undefined) continue
      if (event.type === 'failed') throw errorFor(event)
      progress = follow(progress, event)
      yield event
    }
    const more = await reader.read({ ...wait, timeoutMs: CLOSE_TIMEOUT_MS })
    if (more !== undefined) throw new ProtocolError('The other device went on after its answer was done.')
  } catch (error) {
    const failure = signal?.aborted === true ? asError(signal.reason) : failureOf(error)
    stream.abort(failure)
    throw failure
  } finally {
    signal?.removeEventListener('abort', onAbort)
    // Left early by whoever reads the answer: nobody wants the rest.
    if (progress.phase !== 'done') stream.abort(new DOMException('The reader left', 'AbortError'))
  }
}

/** Errors of ours go on as they are; libp2p's mean that the stream is gone. */
function failureOf(error: unknown): Error {
  if (error instanceof MeshError) return error
  return new PeerUnreachableError('The connection to the other device broke.', { cause: error })
}
