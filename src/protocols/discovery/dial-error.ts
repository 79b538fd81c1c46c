import type { DialError } from './redial.ts'

/** Why a dial failed, in a word for programs. */
export type DialFailure = 'refused' | 'timed-out' | 'no-route' | 'wrong-identity' | 'closed' | 'other'

const WORDS: Record<Exclude<DialFailure, 'other'>, string> = {
  refused: 'refused: nothing listens there, or a firewall rejects it',
  'timed-out': 'timed out: a firewall drops it, or the device sleeps',
  'no-route': 'no route to that address from here',
  'wrong-identity': 'wrong identity: another device answers at that address',
  closed: 'closed while negotiating: that device hung up on us, or it is no ownmesh node'
}

const BY_CODE: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timed-out',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  ENETDOWN: 'no-route',
  EADDRNOTAVAIL: 'no-route',
  EHOSTDOWN: 'no-route',
  ECONNRESET: 'closed',
  EPIPE: 'closed'
}

/** The names that libp2p, noise and the stream utilities give their errors. */
const BY_NAME: Readonly<Record<string, DialFailure>> = {
  TimeoutError: 'timed-out',
  AbortError: 'timed-out',
  UnexpectedPeerError: 'wrong-identity',
  ConnectionClosedError: 'closed',
  ConnectionClosingError: 'closed',
  EncryptionFailedError: 'closed',
  MuxerUnavailableError: 'closed',
  StreamClosedError: 'closed',
  StreamResetError: 'closed',
  StreamAbortedError: 'closed',
  StreamStateError: 'closed',
  UnexpectedEOFError: 'closed',
  UnsupportedProtocolError: 'closed'
}

/** libp2p's upgrader passes on noise's sentence and drops the error's class; the test dials a real stranger. */
const NOISE_MISMATCH = /does not match expected remote identity key/

/** How far causes are followed: an error that is its own cause must not hang us. */
const MAX_DEPTH = 4

/** The kind of a dial's failure and a sentence about it for a person. */
export function explainDialError(error: unknown): DialError {
  const failure = classify(error, MAX_DEPTH)
  if (failure !== undefined && failure !== 'other') return { failure, message: WORDS[failure] }
  return { failure: 'other', message: error instanceof Error ? error.message : String(error) }
}

function classify(error: unknown, depth: number): DialFailure | undefined {
  if (!(error instanceof Error) || depth === 0) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // The specific comes first: an aggregate or a wrapper has a name of its own that says less than what is in it.
  const inner = error instanceof AggregateError ? error.errors : [error.cause]
  for (const each of inner) {
    const failure = classify(each, depth - 1)
    if (failure !== undefined) return failure
  }
  if (NOISE_MISMATCH.test(error.message)) return 'wrong-identity'
  return BY_CODE[code] ?? BY_NAME[error.name]
}
