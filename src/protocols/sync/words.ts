import { BusyError, DiskFullError, type MeshError, NotAllowedError, ProtocolError, RemoteError } from '../../errors.ts'
import { atMost, decoded, integer, present } from '../checks.ts'
import * as frames from './frames.ts'
import {
  DIGEST_BYTES,
  HASH_BYTES,
  MAX_COUNT,
  MAX_ID_LENGTH,
  MAX_LISTED,
  MAX_RANGES,
  MAX_STATES,
  MAX_UPDATE_BYTES,
  MAX_VECTOR_BYTES
} from './limits.ts'

/** Between the frames of `sync` and words. What decodes keeps every limit of PROTOCOL.md; what it means is not known here. */

/** A document's state, as one device tells it to another. Of one that is not there, all three are empty. */
export interface DocumentState {
  id: string
  vector: Uint8Array
  /** 32 bytes. */
  structure: Uint8Array
  /** 32 bytes. */
  content: Uint8Array
}

export interface RangeHash {
  /** Inclusive; empty is before all. */
  from: string
  /** Exclusive; null is behind all. */
  to: string | null
  count: number
  /** 16 bytes. */
  hash: Uint8Array
}

/** What two members tell each other; the meaning of each is in PROTOCOL.md. */
export type SyncMessage =
  | { type: 'root'; hash: Uint8Array; answer: boolean }
  | { type: 'ranges'; ranges: RangeHash[] }
  | { type: 'list'; from: string; to: string | null; documents: { id: string; head: Uint8Array }[] }
  | { type: 'states'; documents: DocumentState[]; answer: boolean }
  | { type: 'update'; document: string; update: Uint8Array }
  | { type: 'turn' }

/** The last frame of a stream whose other side was refused. */
export interface Refused {
  type: 'refused'
  code: number
}

/** The generic code: what went wrong is nobody else's business. */
const FAILED = 1

/** The closed table of PROTOCOL.md. A number is never used for anything else again. */
const REFUSALS: readonly (readonly [code: number, ErrorClass: typeof MeshError, message: string])[] = [
  [2, ProtocolError, 'The other device did not understand: update ownmesh there and here.'],
  [3, NotAllowedError, 'The other device takes this one for no member of the mesh.'],
  [4, DiskFullError, 'The disk of the other device is full, so it takes no memories.'],
  [5, BusyError, 'The other device is busy; it is tried again.']
]

/** What may be told of an error: those in the table, all others as "failed". */
export function refusalFor(error: unknown): Refused {
  const row = REFUSALS.find(([, ErrorClass]) => error instanceof ErrorClass)
  return { type: 'refused', code: row?.[0] ?? FAILED }
}

/** The error that a refusal stands for. */
export function errorFor(code: number): MeshError {
  const row = REFUSALS.find(([known]) => known === code)
  if (row === undefined) return new RemoteError('The other device could not sync, and gave no reason.')
  const [, ErrorClass, message] = row
  return new ErrorClass(message)
}

export function encodeMessage(message: SyncMessage | Refused): Uint8Array {
  switch (message.type) {
    case 'root':
      return frames.Frame.encode({ root: { hash: unshared(message.hash), answer: message.answer } })
    case 'ranges':
      return frames.Frame.encode({ ranges: { ranges: message.ranges.map(rangeFrame) } })
    case 'list': {
      const { from, to, documents } = message
      const heads = documents.map(({ id, head }) => ({ id, head: unshared(head) }))
      return frames.Frame.encode({ list: { from, ...(to === null ? {} : { to }), documents: heads } })
    }
    case 'states':
      return frames.Frame.encode({
        states: { documents: message.documents.map(stateFrame), answer: message.answer }
      })
    case 'update':
      return frames.Frame.encode({ update: { document: message.document, update: unshared(message.update) } })
    case 'turn':
      return frames.Frame.encode({ turn: {} })
    case 'refused':
      return frames.Frame.encode({ refused: { code: message.code } })
  }
}

const LIMITS = { ranges: { ranges: MAX_RANGES }, list: { documents: MAX_LISTED }, states: { documents: MAX_STATES } }

/** @returns null for a kind of frame that a later release sends. @throws {ProtocolError} */
export function decodeMessage(bytes: Uint8Array): SyncMessage | Refused | null {
  return decoded('The message', () => messageFrom(frames.Frame.decode(bytes, { limits: LIMITS })))
}

function messageFrom({
  root,
  ranges,
  list,
  states,
  update,
  turn,
  refused
}: frames.Frame): SyncMessage | Refused | null {
  if (root !== undefined) return { type: 'root', hash: sized('hash', root.hash, HASH_BYTES), answer: root.answer }
  if (ranges !== undefined) {
    return { type: 'ranges', ranges: atMost('ranges', ranges.ranges, MAX_RANGES).map(rangeFrom) }
  }
  if (list !== undefined) {
    const documents = atMost('documents', list.documents, MAX_LISTED).map(({ id, head }) => ({
      id: idOf(id),
      head: sized('head', head, HASH_BYTES)
    }))
    return { type: 'list', ...boundsOf(list), documents }
  }
  if (states !== undefined) {
    const documents = atMost('documents', states.documents, MAX_STATES).map(stateFrom)
    return { type: 'states', documents, answer: states.answer }
  }
  if (update !== undefined) {
    const { byteLength } = update.update
    integer('the length of an update', byteLength, 1, MAX_UPDATE_BYTES)
    return { type: 'update', document: idOf(update.document), update: update.update }
  }
  if (turn !== undefined) return { type: 'turn' }
  if (refused === undefined) return null
  return { type: 'refused', code: integer('code', refused.code, 1, 2 ** 32 - 1) }
}

function rangeFrame({ from, to, count, hash }: RangeHash): frames.Range {
  return { from, ...(to === null ? {} : { to }), count, hash: unshared(hash) }
}

function rangeFrom(range: frames.Range): RangeHash {
  return {
    ...boundsOf(range),
    count: integer('count', range.count, 0, MAX_COUNT),
    hash: sized('hash', range.hash, HASH_BYTES)
  }
}

function stateFrame({ id, vector, structure, content }: DocumentState): frames.State {
  return { id, vector: unshared(vector), structure: unshared(structure), content: unshared(content) }
}

function stateFrom({ id, vector, structure, content }: frames.State): DocumentState {
  integer('the length of a state vector', vector.byteLength, 0, MAX_VECTOR_BYTES)
  const length = vector.byteLength === 0 ? 0 : DIGEST_BYTES
  return {
    id: idOf(id),
    vector,
    structure: sized('structure', structure, length),
    content: sized('content', content, length)
  }
}

function boundsOf({ from, to }: { from: string; to?: string | undefined }): { from: string; to: string | null } {
  if (from !== '') idOf(from)
  if (to !== undefined && idOf(to) <= from) throw new ProtocolError('A range ends before it begins.')
  return { from, to: to ?? null }
}

/** Ids are compared byte by byte on both sides, so that they hold nothing but plain letters. */
function idOf(id: string): string {
  if (id.length > MAX_ID_LENGTH || !/^[0-9a-z~-]+$/.test(id)) throw new ProtocolError('The id of a document is none.')
  return id
}

function sized(field: string, bytes: Uint8Array, length: number): Uint8Array {
  if (present(field, bytes).byteLength !== length) {
    throw new ProtocolError(`${field} has ${bytes.byteLength} bytes, not ${length}.`)
  }
  return bytes
}

/** Protons wants it said that the memory is not shared with another thread. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}
