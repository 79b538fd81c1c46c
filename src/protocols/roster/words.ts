import { BusyError, type MeshError, NotMemberError, ProtocolError, RemoteError } from '../../errors.ts'
import { atMost, bytesOf, decoded, hexOf, integer, present } from '../checks.ts'
import { MAX_RECORD_BYTES, MAX_ROSTER_RECORDS } from '../limits.ts'
import * as frames from './frames.ts'
import { HASHES_PER_FRAME } from './limits.ts'

/** Between the frames of `roster` and words. What decodes is valid. Hashes and digests are lower-case hexadecimal. */

const HASH_BYTES = 32

export type RosterMessage =
  | { type: 'state'; digest: string }
  /** `last` ends the list; only then it may be empty. */
  | { type: 'hashes'; hashes: string[]; last: boolean }
  | { type: 'records'; records: Uint8Array[]; last: boolean }
  | { type: 'refused'; code: number }

/** The generic code: what went wrong is nobody else's business. */
const FAILED = 1

/** The closed table of PROTOCOL.md. A number is never used for anything else again. */
const REFUSALS: readonly (readonly [code: number, ErrorClass: typeof MeshError, message: string])[] = [
  [2, BusyError, 'The other device was asked for its roster too often; it will be asked again later.'],
  [3, NotMemberError, 'The other device belongs to no mesh.'],
  [4, ProtocolError, 'The other device did not understand: update ownmesh there and here.']
]

/** What may be told of an error: those in the table, all others as "failed". */
export function refusalFor(error: unknown): RosterMessage {
  const row = REFUSALS.find(([, ErrorClass]) => error instanceof ErrorClass)
  return { type: 'refused', code: row?.[0] ?? FAILED }
}

/** The error that a refusal stands for. */
export function errorFor(code: number): MeshError {
  const row = REFUSALS.find(([known]) => known === code)
  if (row === undefined) return new RemoteError('The other device could not exchange its roster, and gave no reason.')
  const [, ErrorClass, message] = row
  return new ErrorClass(message)
}

export function encodeMessage(message: RosterMessage): Uint8Array {
  switch (message.type) {
    case 'state':
      return frames.Frame.encode({ state: { digest: bytesOf('digest', message.digest, HASH_BYTES) } })
    case 'hashes': {
      const hashes = Buffer.concat(message.hashes.map((hash) => bytesOf('hash', hash, HASH_BYTES)))
      return frames.Frame.encode({ hashes: { hashes, last: message.last } })
    }
    case 'records': {
      // Protons wants it said that the memory is not shared with another thread.
      const records = message.records as Uint8Array<ArrayBuffer>[]
      return frames.Frame.encode({ records: { records, last: message.last } })
    }
    case 'refused':
      return frames.Frame.encode({ refused: { code: message.code } })
  }
}

/** @throws {ProtocolError} */
export function decodeMessage(bytes: Uint8Array): RosterMessage {
  return decoded('The message', () =>
    messageFrom(frames.Frame.decode(bytes, { limits: { records: { records: MAX_ROSTER_RECORDS } } }))
  )
}

function messageFrom({ state, hashes, records, refused }: frames.Frame): RosterMessage {
  if (state !== undefined) return { type: 'state', digest: hexOf('digest', state.digest, HASH_BYTES) }
  if (hashes !== undefined) {
    const { last } = hashes
    const count = hashes.hashes.byteLength / HASH_BYTES
    integer('the number of hashes', count, last ? 0 : 1, HASHES_PER_FRAME)
    return { type: 'hashes', hashes: split(hashes.hashes, count), last }
  }
  if (records !== undefined) {
    const { last } = records
    for (const { byteLength } of atMost('records', records.records, MAX_ROSTER_RECORDS)) {
      integer('the length of a record', byteLength, 1, MAX_RECORD_BYTES)
    }
    if (records.records.length === 0 && !last) throw new ProtocolError('records is empty.')
    return { type: 'records', records: records.records, last }
  }
  const { code } = present('the message', refused)
  if (code === 0) throw new ProtocolError('code is missing.')
  return { type: 'refused', code }
}

function split(bytes: Uint8Array, count: number): string[] {
  return Array.from({ length: count }, (_, at) =>
    hexOf('hash', bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES), HASH_BYTES)
  )
}
