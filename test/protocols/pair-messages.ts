import type { PairMessage } from '../../src/interface.ts'

/** Bytes of a fixed length in hexadecimal, told apart by the byte that they repeat. */
export const hex = (byte: number, length: number): string => byte.toString(16).padStart(2, '0').repeat(length)

type MessageOf<Type> = Extract<PairMessage, { type: Type }>

export const hello: MessageOf<'hello'> = { type: 'hello', session: hex(1, 16), ticket: null }
const helloWithTicket: MessageOf<'hello'> = { ...hello, ticket: { id: hex(2, 32), proof: hex(3, 32) } }
export const commitment: MessageOf<'commitment'> = { type: 'commitment', commitment: hex(4, 32), mesh: null }
const commitmentOfMember: MessageOf<'commitment'> = { ...commitment, mesh: hex(5, 32) }
export const reveal: MessageOf<'reveal'> = { type: 'reveal', nonce: hex(6, 16) }
export const confirmed: MessageOf<'confirmed'> = { type: 'confirmed', name: 'kitchen 🦦', box: hex(7, 32) }
const records: MessageOf<'records'> = { type: 'records', records: [new Uint8Array([1]), new Uint8Array(4096)] }
export const admitted: MessageOf<'admitted'> = { type: 'admitted', mesh: hex(5, 32), proof: null }
const admittedByTicket: MessageOf<'admitted'> = { ...admitted, proof: hex(8, 32) }

export const refusals: MessageOf<'refused'>[] = (
  [
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
  ] as const
).map((reason) => ({ type: 'refused', reason }))

/** One of each shape. */
export const messages: PairMessage[] = [
  hello,
  helloWithTicket,
  commitment,
  commitmentOfMember,
  reveal,
  confirmed,
  records,
  admitted,
  admittedByTicket,
  ...refusals
]
