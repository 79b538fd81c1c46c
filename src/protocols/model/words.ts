import {
  BrokenModelError,
  BusyError,
  type MeshError,
  ProtocolError,
  RemoteError,
  UnknownModelError
} from '../../errors.ts'
import { bytesOf, decoded, hexOf, integer, label, present } from '../checks.ts'
import { MAX_NAME_LENGTH } from '../limits.ts'
import { PIECE_BYTES } from './constants.ts'
import * as frames from './frames.ts'
import type { SharedModel } from './index.ts'
import { DATA_BYTES, HASHES_PER_FRAME, MAX_PATH_LENGTH, MAX_PIECES } from './limits.ts'

/** Between the frames of `model` and words. What decodes is valid. Hashes are lower-case hexadecimal. */

const HASH_BYTES = 32
const MAX_BYTES = PIECE_BYTES * MAX_PIECES
/** A thousand times the largest model there is, as in `capability`. */
const MAX_PARAMETERS = 1e15
const MAX_QUANTIZATION_LENGTH = 64
/** Two names of 96 characters, as the hub takes them at most, and a slash. */
const MAX_REPOSITORY_LENGTH = 193

export type ModelRequest =
  | { type: 'list' }
  | { type: 'manifest'; model: string }
  /** `count` pieces of the file with this SHA-256, from `first` on. */
  | { type: 'pieces'; model: string; file: string; first: number; count: number }

export type ModelReply =
  | { type: 'model'; model: SharedModel }
  | { type: 'file'; path: string; bytes: number; sha256: string; extra: boolean }
  /** Of the file before, in order. */
  | { type: 'hashes'; hashes: string[] }
  | { type: 'data'; bytes: Uint8Array }
  /** Everything was said. */
  | { type: 'end' }
  | { type: 'failed'; code: number }

/** The generic code: what went wrong is nobody else's business. */
const FAILED = 1

/** The closed table of PROTOCOL.md. A number is never used for anything else again. */
const FAILURES: readonly (readonly [code: number, ErrorClass: typeof MeshError, message: string])[] = [
  [2, BusyError, 'The other device gives models to others now, or was asked too often.'],
  [3, UnknownModelError, 'The other device does not have that model, or that file of it.'],
  [4, BrokenModelError, 'The files of that model on the other device are not what they were when it was listed.'],
  [5, ProtocolError, 'The other device did not understand: update ownmesh there and here.']
]

/** What may be told of an error: those in the table, all others as "failed". */
export function failureFor(error: unknown): ModelReply {
  const row = FAILURES.find(([, ErrorClass]) => error instanceof ErrorClass)
  return { type: 'failed', code: row?.[0] ?? FAILED }
}

/** The error that a failure stands for. */
export function errorFor(code: number): MeshError {
  const row = FAILURES.find(([known]) => known === code)
  if (row === undefined) {
    return new RemoteError('The other device could not give the model; what it writes with --verbose says why.')
  }
  const [, ErrorClass, message] = row
  return new ErrorClass(message)
}

export function encodeRequest(request: ModelRequest): Uint8Array {
  switch (request.type) {
    case 'list':
      return frames.Request.encode({ list: {} })
    case 'manifest':
      return frames.Request.encode({ manifest: { model: bytesOf('model', request.model, HASH_BYTES) } })
    case 'pieces': {
      const { first, count } = request
      const model = bytesOf('model', request.model, HASH_BYTES)
      return frames.Request.encode({
        pieces: { model, file: bytesOf('file', request.file, HASH_BYTES), first, count }
      })
    }
  }
}

/** @throws {ProtocolError} */
export function decodeRequest(bytes: Uint8Array): ModelRequest {
  return decoded('The request', () => {
    const { list, manifest, pieces } = frames.Request.decode(bytes)
    if (list !== undefined) return { type: 'list' }
    if (manifest !== undefined) return { type: 'manifest', model: hexOf('model', manifest.model, HASH_BYTES) }
    const { model, file, first, count } = present('the request', pieces)
    return {
      type: 'pieces',
      model: hexOf('model', model, HASH_BYTES),
      file: hexOf('file', file, HASH_BYTES),
      first: integer('first', first, 0, MAX_PIECES - 1),
      count: integer('count', count, 1, MAX_PIECES - first)
    }
  })
}

/** @throws {ProtocolError} for what the other side would refuse */
export function encodeReply(reply: ModelReply): Uint8Array {
  const frame = replyFrame(reply)
  // Data is what it is, and by far the most.
  if (reply.type !== 'data') replyFrom(frame)
  return frames.Reply.encode(frame)
}

function replyFrame(reply: ModelReply): frames.Reply {
  switch (reply.type) {
    case 'model': {
      const { name, hash, bytes, parameters, quantization, origin } = reply.model
      return {
        model: {
          ...{ name, hash: bytesOf('hash', hash, HASH_BYTES), bytes },
          ...(parameters === null ? {} : { parameters }),
          ...(quantization === null ? {} : { quantization }),
          ...(origin === undefined ? {} : { repository: origin.repository, variant: origin.quantization })
        }
      }
    }
    case 'file': {
      const { path, bytes, sha256, extra } = reply
      return { file: { path, bytes, sha256: bytesOf('sha256', sha256, HASH_BYTES), extra } }
    }
    case 'hashes':
      return { hashes: { hashes: Buffer.concat(reply.hashes.map((hash) => bytesOf('hash', hash, HASH_BYTES))) } }
    case 'data':
      // Protons wants it said that the memory is not shared with another thread.
      return { data: { bytes: reply.bytes as Uint8Array<ArrayBuffer> } }
    case 'end':
      return { end: {} }
    case 'failed':
      return { failed: { code: reply.code } }
  }
}

/**
 * The reply in a frame; undefined for an empty one, and for a kind that this release does not know: both are signs of
 * life.
 *
 * @throws {ProtocolError}
 */
export function decodeReply(bytes: Uint8Array): ModelReply | undefined {
  return decoded('The reply', () => replyFrom(frames.Reply.decode(bytes)))
}

function replyFrom({ model, file, hashes, data, end, failed }: frames.Reply): ModelReply | undefined {
  if (data !== undefined) {
    integer('the length of data', data.bytes.byteLength, 1, DATA_BYTES)
    return { type: 'data', bytes: data.bytes }
  }
  if (hashes !== undefined) {
    const count = integer('the number of hashes', hashes.hashes.byteLength / HASH_BYTES, 1, HASHES_PER_FRAME)
    return { type: 'hashes', hashes: split(hashes.hashes, count) }
  }
  if (file !== undefined) {
    return {
      type: 'file',
      path: label('path', file.path, MAX_PATH_LENGTH),
      bytes: integer('bytes', file.bytes, 0, MAX_BYTES),
      sha256: hexOf('sha256', file.sha256, HASH_BYTES),
      extra: file.extra
    }
  }
  if (model !== undefined) return { type: 'model', model: modelFrom(model) }
  if (end !== undefined) return { type: 'end' }
  if (failed === undefined) return undefined
  if (failed.code === 0) throw new ProtocolError('code is missing.')
  return { type: 'failed', code: failed.code }
}

function modelFrom({ name, hash, bytes, parameters, quantization, repository, variant }: frames.Model): SharedModel {
  return {
    name: label('name', name, MAX_NAME_LENGTH),
    hash: hexOf('hash', hash, HASH_BYTES),
    bytes: integer('bytes', bytes, 0, MAX_BYTES),
    parameters: parameters === undefined ? null : integer('parameters', parameters, 0, MAX_PARAMETERS),
    quantization: quantization === undefined ? null : label('quantization', quantization, MAX_QUANTIZATION_LENGTH),
    ...(repository !== undefined &&
      variant !== undefined && {
        origin: {
          repository: label('repository', repository, MAX_REPOSITORY_LENGTH),
          quantization: label('variant', variant, MAX_QUANTIZATION_LENGTH)
        }
      })
  }
}

function split(bytes: Uint8Array, count: number): string[] {
  return Array.from({ length: count }, (_, at) =>
    hexOf('hash', bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES), HASH_BYTES)
  )
}
