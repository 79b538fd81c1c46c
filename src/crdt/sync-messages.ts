import { ProtocolError } from '../errors.ts'
import type { DocumentHead, RangeHash } from './heads.ts'
import { isDocumentId } from './keys.ts'
import { MAX_FRAME_BYTES, MAX_UPDATE_BYTES } from './limits.ts'

/** A document's state, as one device tells it to another that wants to know what it lacks. */
export interface DocumentState {
  id: string
  /** As Yjs encodes it; empty for a document that is not there. */
  vector: Uint8Array
  structure: Uint8Array
  content: Uint8Array
}

/** What two devices tell each other. `src/protocols/sync` gives each a form on the wire, and adds nothing to it. */
export type SyncMessage =
  /** The hash over all documents; `answer` asks for the other's. Equal hashes: nothing else is said. */
  | { type: 'root'; hash: Uint8Array; answer: boolean }
  /** Hashes of ranges; the receiver looks into those that differ. */
  | { type: 'ranges'; ranges: RangeHash[] }
  /** All documents of a range. */
  | { type: 'list'; from: string; to: string | null; documents: DocumentHead[] }
  /** What is here of some documents: send what lacks; with `answer`, say also what is there. */
  | { type: 'states'; documents: DocumentState[]; answer: boolean }
  | { type: 'update'; document: string; update: Uint8Array }
  /** All that came before is answered; who has nothing to add ends the comparison. */
  | { type: 'turn' }

/** Up to so many documents, the whole list is shorter than the rounds that find the difference. */
export const LIST_DOCUMENTS = 32
/** Sub-ranges of a range: measured best with a leaf of as many (100,000 documents, 10 differences: 9 KB in 5 rounds). */
export const FAN_OUT = 16
/** Ranges that hold no more than this are listed. */
export const LEAF = 16
/** Ranges of one message, and documents of one list or of one message of states. */
const MAX_RANGES = 256
export const MAX_STATES = 64
/** A state vector of one document: some thousand writers. */
const MAX_VECTOR_BYTES = 64 * 1024
/** Documents of one list: a leaf of the one side against a range that grew on the other. */
const MAX_LISTED = 1024

const HASH_BYTES = 16
const DIGEST_BYTES = 32
/** Of a message and of each thing in it: field numbers, lengths, small numbers. */
const OVERHEAD_BYTES = 8

/** About how many bytes it takes on a wire; never less than what it holds. */
export function bytesOf(message: SyncMessage): number {
  switch (message.type) {
    case 'root':
      return OVERHEAD_BYTES + message.hash.length
    case 'ranges':
      return sum(message.ranges, ({ from, to, hash }) => from.length + (to?.length ?? 0) + hash.length)
    case 'list':
      return sum(message.documents, ({ id, head }) => id.length + head.length)
    case 'states':
      return sum(
        message.documents,
        ({ id, vector, structure, content }) => id.length + vector.length + structure.length + content.length
      )
    case 'update':
      return OVERHEAD_BYTES + message.document.length + message.update.length
    case 'turn':
      return OVERHEAD_BYTES
  }
}

/** Bounds a message that came, before anything is done with it. @throws {ProtocolError} */
export function checkMessage(message: SyncMessage): void {
  if (bytesOf(message) > MAX_FRAME_BYTES) throw refusal('it is too long')
  switch (message.type) {
    case 'root':
      checkLength(message.hash, HASH_BYTES)
      return
    case 'ranges':
      checkCount(message.ranges, MAX_RANGES)
      for (const { from, to, hash, count } of message.ranges) {
        checkBounds(from, to)
        checkLength(hash, HASH_BYTES)
        if (!Number.isSafeInteger(count) || count < 0) throw refusal('a count is none')
      }
      return
    case 'list':
      checkCount(message.documents, MAX_LISTED)
      checkBounds(message.from, message.to)
      for (const { id, head } of message.documents) {
        checkId(id)
        checkLength(head, HASH_BYTES)
      }
      return
    case 'states':
      checkCount(message.documents, MAX_STATES)
      for (const { id, vector, structure, content } of message.documents) {
        checkId(id)
        if (vector.length > MAX_VECTOR_BYTES) throw refusal('a state vector is too long')
        if (vector.length === 0) continue
        checkLength(structure, DIGEST_BYTES)
        checkLength(content, DIGEST_BYTES)
      }
      return
    case 'update':
      checkId(message.document)
      if (message.update.length > MAX_UPDATE_BYTES) throw refusal('an update is too long')
      return
    case 'turn':
  }
}

function sum<T>(items: readonly T[], bytes: (item: T) => number): number {
  return items.reduce((total, item) => total + OVERHEAD_BYTES + bytes(item), OVERHEAD_BYTES)
}

function checkCount(items: readonly unknown[], most: number): void {
  if (items.length > most) throw refusal('it names too much')
}

function checkLength(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw refusal('a hash has another length')
}

function checkId(id: string): void {
  if (!isDocumentId(id)) throw refusal('a document has no such id')
}

function checkBounds(from: string, to: string | null): void {
  if ((from !== '' && !isDocumentId(from)) || (to !== null && !isDocumentId(to)) || (to !== null && to <= from)) {
    throw refusal('a range is none')
  }
}

function refusal(reason: string): ProtocolError {
  return new ProtocolError(`A message of sync was refused: ${reason}.`)
}
