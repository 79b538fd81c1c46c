import { ProtocolError } from '../../errors.ts'
import type { PairMessage, PairRefusal } from '../../interface.ts'
import { atMost, bytesOf, decoded, hexOf, integer, label, present } from '../checks.ts'
import { MAX_NAME_LENGTH, MAX_RECORD_BYTES, MAX_RECORDS_FRAME_BYTES, MAX_ROSTER_RECORDS } from '../limits.ts'
import * as frames from './frames.ts'
import { MAX_MESSAGE_BYTES } from './limits.ts'

/**
 * Between the frames of `pair` and the words of interface.ts. What decodes is valid: every byte string of its length,
 * every list and string within its limit. Anything else is a ProtocolError.
 */

const SESSION_BYTES = 16
const NONCE_BYTES = 16
/** Of SHA-256, HMAC-SHA-256 and X25519 keys. */
const HASH_BYTES = 32

/** The closed table of PROTOCOL.md; the number of each is its place, from 1, and is never used for anything else. */
const REFUSALS: readonly PairRefusal[] = [
  'door-closed',
  'busy',
  'declined',
  'mismatch',
  'expired',
  'used',
  'unknown-ticket',
  'removed',
  'timeout',
  'malformed'
]

/** @throws {ProtocolError} when the other side would refuse it */
export function encodeMessage(message: PairMessage): Uint8Array {
  const frame = frameFrom(message)
  messageFrom(frame)
  return sized(message.type, frames.Message.encode(frame))
}

/** @throws {ProtocolError} */
export function decodeMessage(bytes: Uint8Array): PairMessage {
  return decoded('The message', () => {
    const message = messageFrom(frames.Message.decode(bytes, { limits: { records: { records: MAX_ROSTER_RECORDS } } }))
    sized(message.type, bytes)
    return message
  })
}

function sized(type: PairMessage['type'], bytes: Uint8Array): Uint8Array {
  integer(
    `the length of "${type}"`,
    bytes.byteLength,
    1,
    type === 'records' ? MAX_RECORDS_FRAME_BYTES : MAX_MESSAGE_BYTES
  )
  return bytes
}

function frameFrom(message: PairMessage): frames.Message {
  switch (message.type) {
    case 'hello': {
      const { session, ticket } = message
      return {
        hello: {
          session: bytesOf('session', session, SESSION_BYTES),
          ...(ticket === null
            ? {}
            : {
                ticket: {
                  id: bytesOf('ticket', ticket.id, HASH_BYTES),
                  proof: bytesOf('proof', ticket.proof, HASH_BYTES)
                }
              })
        }
      }
    }
    case 'commitment': {
      const { commitment, mesh } = message
      return {
        commitment: {
          commitment: bytesOf('commitment', commitment, HASH_BYTES),
          ...(mesh === null ? {} : { mesh: bytesOf('mesh', mesh, HASH_BYTES) })
        }
      }
    }
    case 'reveal':
      return { reveal: { nonce: bytesOf('nonce', message.nonce, NONCE_BYTES) } }
    case 'confirmed':
      return { confirmed: { name: message.name, box: bytesOf('box', message.box, HASH_BYTES) } }
    case 'records':
      // Protons wants it said that the memory is not shared with another thread.
      return { records: { records: message.records as Uint8Array<ArrayBuffer>[] } }
    case 'admitted': {
      const { mesh, proof } = message
      return {
        admitted: {
          mesh: bytesOf('mesh', mesh, HASH_BYTES),
          ...(proof === null ? {} : { proof: bytesOf('proof', proof, HASH_BYTES) })
        }
      }
    }
    case 'refused':
      return { refused: { reason: REFUSALS.indexOf(message.reason) + 1 } }
  }
}

function messageFrom(frame: frames.Message): PairMessage {
  const { hello, commitment, reveal, confirmed, records, admitted, refused } = frame
  if (hello !== undefined) {
    const { session, ticket } = hello
    return {
      type: 'hello',
      session: hexOf('session', session, SESSION_BYTES),
      ticket:
        ticket === undefined
          ? null
          : { id: hexOf('ticket', ticket.id, HASH_BYTES), proof: hexOf('proof', ticket.proof, HASH_BYTES) }
    }
  }
  if (commitment !== undefined) {
    const { mesh } = commitment
    return {
      type: 'commitment',
      commitment: hexOf('commitment', commitment.commitment, HASH_BYTES),
      mesh: mesh === undefined ? null : hexOf('mesh', mesh, HASH_BYTES)
    }
  }
  if (reveal !== undefined) return { type: 'reveal', nonce: hexOf('nonce', reveal.nonce, NONCE_BYTES) }
  if (confirmed !== undefined) {
    return {
      type: 'confirmed',
      name: label('name', confirmed.name, MAX_NAME_LENGTH),
      box: hexOf('box', confirmed.box, HASH_BYTES)
    }
  }
  if (records !== undefined) return { type: 'records', records: recordsFrom(records.records) }
  if (admitted !== undefined) {
    const { mesh, proof } = admitted
    return {
      type: 'admitted',
      mesh: hexOf('mesh', mesh, HASH_BYTES),
      proof: proof === undefined ? null : hexOf('proof', proof, HASH_BYTES)
    }
  }
  // A kind of a later release too: two devices that do not understand each other must not come together.
  const { reason } = present('the message', refused)
  if (reason === 0) throw new ProtocolError('reason is missing.')
  // A reason of a later release: whatever it is, the other side does not want.
  return { type: 'refused', reason: REFUSALS[reason - 1] ?? 'declined' }
}

function recordsFrom(records: Uint8Array[]): Uint8Array[] {
  for (const { byteLength } of atMost('records', records, MAX_ROSTER_RECORDS)) {
    integer('the length of a record', byteLength, 1, MAX_RECORD_BYTES)
  }
  if (records.length === 0) throw new ProtocolError('records is empty.')
  return records
}
