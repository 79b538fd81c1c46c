import { MAX_RECORD_BYTES, MAX_ROSTER_RECORDS } from '../limits.ts'

/**
 * Bounds on what a stranger may make a member do. PeerIds cost nothing to make, so those that count are the ones over
 * all of them together. Sizes are bytes, times milliseconds.
 */

/** Every message but the roster; the longest is a name of 255 characters. */
export const MAX_MESSAGE_BYTES = 4 * 1024
/** All that a newcomer ever says to a member: four short messages. */
export const MAX_NEWCOMER_BYTES = 16 * 1024
/** All that a member ever says to a newcomer: a whole roster, and what its frames add. */
export const MAX_MEMBER_BYTES = MAX_ROSTER_RECORDS * (MAX_RECORD_BYTES + 16)

/** What a person can compare at a time, and more. Beyond it a newcomer is told `busy`. */
export const MAX_CONVERSATIONS = 8
/** One is enough; those that are being closed count too. */
export const MAX_PAIR_STREAMS = 4
/** For one peer: somebody who tries again and again by hand. */
export const PEER_RATE = { capacity: 10, perSecond: 0.2 }
/** For all together: less work than the handshakes of the connections that these come over. */
export const OVERALL_RATE = { capacity: 64, perSecond: 8 }

/** The first message is sent with the stream. */
export const FIRST_MESSAGE_MS = 10_000
/** A person may have to walk to another screen, read and compare. */
export const PERSON_MS = 120_000
