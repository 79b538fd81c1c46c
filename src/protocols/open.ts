import type { Stream } from '@libp2p/interface'
import { BusyError, MeshError, PeerUnreachableError } from '../errors.ts'
import type { AbortOptions } from '../interface.ts'
import { limited } from './limited.ts'
import { OPEN_TIMEOUT_MS } from './limits.ts'
import { asError } from './stream.ts'

/**
 * A stream that is open at both ends, or our own word for why there is none.
 *
 * @param open what opens it; its signal ends after ten seconds as well
 * @throws {PeerUnreachableError} when the other device cannot be dialled, or does not speak the protocol
 * @throws {BusyError} when either of the two has too many streams of this protocol
 */
export async function opened(
  protocol: string,
  open: (signal: AbortSignal) => Promise<Stream>,
  { signal }: AbortOptions = {}
): Promise<Stream> {
  signal?.throwIfAborted()
  let stream: Stream
  try {
    stream = await limited(OPEN_TIMEOUT_MS, open, signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted === true) throw asError(signal.reason)
    throw openFailure(protocol, error)
  }
  // Over its limit libp2p resets the stream there, and still resolves here.
  if (stream.status !== 'open') throw new BusyError('The other device takes no more streams from this one now.')
  return stream
}

function openFailure(protocol: string, error: unknown): Error {
  if (error instanceof MeshError) return error
  const name = error instanceof Error ? error.name : ''
  if (name === 'TooManyOutboundProtocolStreamsError') {
    return new BusyError(`This device has too many streams of ${protocol} with the other one.`, { cause: error })
  }
  if (name === 'UnsupportedProtocolError') {
    return new PeerUnreachableError(`The other device does not speak ${protocol}: update ownmesh there.`, {
      cause: error
    })
  }
  return new PeerUnreachableError('The other device cannot be reached.', { cause: error })
}
