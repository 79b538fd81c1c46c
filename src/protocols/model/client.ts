import { createHash } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { MeshError, PeerUnreachableError, ProtocolError, WrongPieceError } from '../../errors.ts'
import type { Streams } from '../components.ts'
import { frameReader, writeFrame } from '../framing.ts'
import { CLOSE_TIMEOUT_MS } from '../limits.ts'
import { opened } from '../open.ts'
import { asError } from '../stream.ts'
import { MODEL_PROTOCOL, PIECE_BYTES } from './constants.ts'
import type { Piece, SharedFile, SharedModel, WantedPieces } from './index.ts'
import { MAX_MODEL_FILES, MAX_MODEL_STREAMS, MAX_PIECES, MAX_REPLY_BYTES, MAX_SHARED_MODELS } from './limits.ts'
import { decodeReply, encodeRequest, errorFor, type ModelReply, type ModelRequest } from './words.ts'

/** What one peer is asked through. */
export interface Asking {
  streams: Streams
  peer: PeerId
  silenceMs: number
  signal: AbortSignal
}

export async function listOf(asking: Asking): Promise<SharedModel[]> {
  const models: SharedModel[] = []
  for await (const reply of replies(asking, { type: 'list' })) {
    if (reply.type !== 'model') throw unexpected(reply)
    if (models.length === MAX_SHARED_MODELS) throw new ProtocolError(`More than ${MAX_SHARED_MODELS} models came.`)
    models.push(reply.model)
  }
  return models
}

export async function manifestOf(asking: Asking, model: string): Promise<SharedFile[]> {
  const files: SharedFile[] = []
  let pieces = 0
  let missing = 0
  for await (const reply of replies(asking, { type: 'manifest', model })) {
    const file = files.at(-1)
    if (reply.type === 'file' && missing === 0) {
      const { path, bytes, sha256, extra } = reply
      missing = Math.ceil(bytes / PIECE_BYTES)
      pieces += missing
      if (files.length === MAX_MODEL_FILES) throw new ProtocolError(`More than ${MAX_MODEL_FILES} files came.`)
      if (pieces > MAX_PIECES) throw new ProtocolError(`The model has more than ${MAX_PIECES} pieces.`)
      files.push({ path, bytes, sha256, extra, pieces: [] })
    } else if (reply.type === 'hashes' && file !== undefined && reply.hashes.length <= missing) {
      missing -= reply.hashes.length
      file.pieces.push(...reply.hashes)
    } else throw unexpected(reply)
  }
  if (missing > 0) throw new ProtocolError('The hashes of a file did not all come.')
  return files
}

/** One piece after the other, put together from the data and proved. */
export async function* piecesOf(asking: Asking, wanted: WantedPieces): AsyncGenerator<Piece, void> {
  const { model, file, first, count } = wanted
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  const end = first + count
  let index = first
  let filled = 0
  for await (const reply of replies(asking, { type: 'pieces', model, file: file.sha256, first, count })) {
    if (reply.type !== 'data') throw unexpected(reply)
    for (let rest = reply.bytes; rest.byteLength > 0;) {
      if (index === end) throw new ProtocolError('More data came than was asked for.')
      const bytes = Math.min(PIECE_BYTES, file.bytes - index * PIECE_BYTES)
      const taken = rest.subarray(0, bytes - filled)
      piece.set(taken, filled)
      filled += taken.byteLength
      rest = rest.subarray(taken.byteLength)
      if (filled < bytes) continue
      const whole = piece.subarray(0, bytes)
      if (createHash('sha256').update(whole).digest('hex') !== file.pieces[index]) throw wrongPiece(index, file)
      yield { index, bytes: whole }
      index++
      filled = 0
    }
  }
  if (index < end) throw new ProtocolError('Less data came than was asked for.')
}

/** Asks over a stream of its own, until everything was said. Left early, or by the signal, it ends the work there. */
async function* replies(
  { streams, peer, silenceMs, signal }: Asking,
  request: ModelRequest
): AsyncGenerator<ModelReply, void> {
  const options = { maxOutboundStreams: MAX_MODEL_STREAMS }
  const open = (until: AbortSignal) => streams.openStream(peer, MODEL_PROTOCOL, { signal: until, ...options })
  const stream = await opened(MODEL_PROTOCOL, open, { signal })
  // Between two reads as well: the other side shall not send what nobody wants.
  const onAbort = () => {
    stream.abort(asError(signal.reason))
  }
  signal.addEventListener('abort', onAbort)
  let isOver = false
  try {
    const reader = frameReader(stream, { maxBytes: MAX_REPLY_BYTES })
    const wait = { timeoutMs: silenceMs, signal }
    await writeFrame(stream, encodeRequest(request), wait)
    await stream.close(wait)
    while (true) {
      const bytes = await reader.read(wait)
      if (bytes === undefined) throw new PeerUnreachableError('The other device left before everything was said.')
      const reply = decodeReply(bytes)
      if (reply === undefined) continue
      if (reply.type === 'failed') throw errorFor(reply.code)
      if (reply.type === 'end') break
      yield reply
    }
    const more = await reader.read({ ...wait, timeoutMs: CLOSE_TIMEOUT_MS })
    if (more !== undefined) throw new ProtocolError('The other device went on after the end.')
    isOver = true
  } catch (error) {
    if (signal.aborted) throw asError(signal.reason)
    if (error instanceof MeshError) throw error
    throw new PeerUnreachableError('The connection to the other device broke.', { cause: error })
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (!isOver) stream.abort(new DOMException('Nobody wants the rest', 'AbortError'))
  }
}

function unexpected({ type }: ModelReply): ProtocolError {
  return new ProtocolError(`"${type}" came where it may not come.`)
}

function wrongPiece(index: number, { path, pieces }: SharedFile): WrongPieceError {
  return new WrongPieceError(`Piece ${index + 1} of ${pieces.length} of ${path} is not what the other device promised.`)
}
