/** What one member may make another do. Times are milliseconds. */

/** One, and one that begins while the last one is being closed. */
export const EXCHANGES_PER_PEER = 2
/** For each peer: an owner who admits a whole shelf of devices in a minute, and then some. */
export const PEER_RATE = { capacity: 30, perSecond: 1 }
/** Of all peers at once: each holds the hashes of a roster, about a megabyte when it is full. */
export const MAX_EXCHANGES = 32
/** libp2p resets streams over this limit without a word, so it lies above ours: the refusal comes first. */
export const MAX_ROSTER_STREAMS = 2 * EXCHANGES_PER_PEER

/** For a frame: the other side may have to check the signatures of hundreds of records first. */
export const FRAME_TIMEOUT_MS = 30_000
/** For an exchange: a full roster over a slow network, about 1 Mbit/s. */
export const EXCHANGE_TIMEOUT_MS = 600_000
/** Hashes in one frame: 256 KiB of them. */
export const HASHES_PER_FRAME = 8192
