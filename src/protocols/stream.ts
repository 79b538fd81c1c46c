import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { PeerSilentError, PeerUnreachableError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { READ_HIGH_WATER_BYTES, WRITE_TIMEOUT_MS } from './limits.ts'

export interface WriteOptions extends AbortOptions {
  /** @default 30000 */
  timeoutMs?: number
}

/**
 * Sends bytes and waits until the stream takes more, so that at most these bytes are queued. Waits for the `drain`
 * event: libp2p's `stream.onDrain()` waits only the first time.
 *
 * @throws {PeerUnreachableError} when the stream ends meanwhile
 * @throws {PeerSilentError} when the other side takes nothing for `timeoutMs`; the stream is then aborted
 */
export async function write(
  stream: Stream,
  bytes: Uint8Array | Uint8ArrayList,
  { signal, timeoutMs = WRITE_TIMEOUT_MS }: WriteOptions = {}
): Promise<void> {
  signal?.throwIfAborted()
  let canSendMore: boolean
  try {
    canSendMore = stream.send(bytes)
  } catch (error) {
    throw new PeerUnreachableError('The connection ended while sending.', { cause: error })
  }
  if (canSendMore) return
  // After `drain` libp2p sends what is queued, and may be stopped again before all is gone.
  while (stream.writableNeedsDrain) {
    await drained(stream, timeoutMs, signal)
  }
}

function drained(stream: Stream, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop(new PeerSilentError(`The other device took nothing for ${timeoutMs / 1000} seconds.`))
    }, timeoutMs)
    const finish = () => {
      clearTimeout(timer)
      stream.removeEventListener('drain', onDrain)
      stream.removeEventListener('close', onClose)
      signal?.removeEventListener('abort', onAbort)
    }
    const onDrain = () => {
      finish()
      resolve()
    }
    const onClose = (event: StreamCloseEvent) => {
      finish()
      reject(new PeerUnreachableError('The connection ended while sending.', { cause: event.error }))
    }
    const stop = (error: Error) => {
      finish()
      stream.abort(error)
      reject(error)
    }
    const onAbort = () => {
      stop(asError(signal?.reason))
    }
    stream.addEventListener('drain', onDrain)
    stream.addEventListener('close', onClose)
    signal?.addEventListener('abort', onAbort)
  })
}

/**
 * The chunks of a stream as they are taken: while `highWaterBytes` lie here unread the stream is paused, so that the
 * sender stops. Ends when the other side closes its half.
 *
 * @throws the stream's error when it is reset or aborted; what came before it is given out first
 */
export async function* pulled(
  stream: Stream,
  { highWaterBytes = READ_HIGH_WATER_BYTES }: { highWaterBytes?: number } = {}
): AsyncGenerator<Uint8Array | Uint8ArrayList> {
  const chunks: (Uint8Array | Uint8ArrayList)[] = []
  let queuedBytes = 0
  let resuming = false
  let wake: () => void = () => undefined

  const canRead = () => stream.readStatus === 'readable' || stream.readStatus === 'paused'
  const holdBack = () => {
    // `resume` undoes a pause that is called from within it, so the pause waits until `resume` is over.
    if (!resuming && queuedBytes >= highWaterBytes && stream.readStatus === 'readable') stream.pause()
  }
  const onMessage = (event: StreamMessageEvent) => {
    chunks.push(event.data)
    queuedBytes += event.data.byteLength
    holdBack()
    wake()
  }
  const onEnd = () => {
    wake()
  }
  stream.addEventListener('message', onMessage)
  stream.addEventListener('end', onEnd)
  let failure: Error | undefined
  const onClose = (event: StreamCloseEvent) => {
    failure = event.error
    wake()
  }
  stream.addEventListener('close', onClose)

  try {
    while (true) {
      const chunk = chunks.shift()
      if (chunk !== undefined) {
        queuedBytes -= chunk.byteLength
        yield chunk
        continue
      }
      const isAlive = stream.status === 'open' || stream.status === 'closing'
      if (stream.readStatus === 'paused' && (isAlive || stream.readBufferLength > 0)) {
        resuming = true
        stream.resume()
        resuming = false
        holdBack()
        continue
      }
      if (failure !== undefined) throw failure
      if (!canRead() || ((stream.readableEnded || !isAlive) && stream.readBufferLength === 0)) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    stream.removeEventListener('message', onMessage)
    stream.removeEventListener('end', onEnd)
    stream.removeEventListener('close', onClose)
  }
}

/** What an AbortSignal carries may be anything. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new DOMException('The operation was aborted', 'AbortError')
}
