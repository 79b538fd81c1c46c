import type { Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { PeerSilentError, PeerUnreachableError, ProtocolError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { asError, pulled, write, type WriteOptions } from './stream.ts'

export interface ReadOptions extends AbortOptions {
  /** For the whole frame: a byte now and then does not extend it. Infinity where silence is somebody else's concern. */
  timeoutMs: number
}

/** Reads length-prefixed frames, one at a time. */
export interface FrameReader {
  /**
   * The next frame, or undefined when the other side has closed its half.
   *
   * @throws {ProtocolError} when a length is over the limit or malformed, or the stream ends within a frame
   * @throws {PeerSilentError} when the frame is not there in time
   * @throws {PeerUnreachableError} when the stream is reset
   */
  read: (options: ReadOptions) => Promise<Uint8Array | undefined>
}

/** One reader a stream, from the start of it. A frame longer than `maxBytes` aborts the stream at its length prefix. */
export function frameReader(stream: Stream, { maxBytes }: { maxBytes: number }): FrameReader {
  const frames = pipe(pulled(stream), (chunks) => lengthPrefixed.decode(chunks, { maxDataLength: maxBytes }))
  return {
    read: async ({ timeoutMs, signal }) => {
      signal?.throwIfAborted()
      let stopped: Error | undefined
      const stop = (error: Error) => {
        stopped = error
        stream.abort(error)
      }
      const onAbort = () => {
        stop(asError(signal?.reason))
      }
      const onTimeout = () => {
        stop(new PeerSilentError(`The other device said nothing for ${timeoutMs / 1000} seconds.`))
      }
      const timer = timeoutMs === Infinity ? undefined : setTimeout(onTimeout, timeoutMs)
      signal?.addEventListener('abort', onAbort)
      try {
        const { value, done } = await frames.next()
        // An aborted read may look like the end of the stream.
        if (stopped !== undefined) throw stopped
        return done === true ? undefined : value.subarray()
      } catch (error) {
        const failure = stopped ?? readFailure(error)
        stream.abort(failure)
        throw failure
      } finally {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
    }
  }
}

/** Sends one frame and waits until the stream takes more. */
export function writeFrame(stream: Stream, frame: Uint8Array, options?: WriteOptions): Promise<void> {
  return write(stream, lengthPrefixed.encode.single(frame), options)
}

/** The errors of it-length-prefixed mean that the bytes were wrong; all others come from the stream itself. */
const FRAMING_ERRORS = [
  'InvalidMessageLengthError',
  'InvalidDataLengthError',
  'InvalidDataLengthLengthError',
  'UnexpectedEOFError'
]

function readFailure(error: unknown): Error {
  if (error instanceof Error && FRAMING_ERRORS.includes(error.name)) {
    return new ProtocolError(`The other device sent a frame that breaks the rules: ${error.message}.`, { cause: error })
  }
  return new PeerUnreachableError('The connection to the other device broke.', { cause: error })
}
