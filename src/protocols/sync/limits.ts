import type { Rate } from '../rate.ts'

/** What one member may make another do. Sizes are bytes. */

/** Of a hash over documents: half a SHA-256. */
export const HASH_BYTES = 16
/** Of what is said of one document: a SHA-256. */
export const DIGEST_BYTES = 32
/** Sixteen parts of each of sixteen ranges. */
export const MAX_RANGES = 256
/** A leaf of one side against a range that grew on the other. */
export const MAX_LISTED = 1024
/** States of one frame: with the longest state vectors eight of them fill it. */
export const MAX_STATES = 64
/** Some thousand writers of one document. */
export const MAX_VECTOR_BYTES = 64 * 1024
/** One update of one document: a quarter of a frame. */
export const MAX_UPDATE_BYTES = 256 * 1024
/** The longest id of a document has 28 characters; the rest is room for a later kind. */
export const MAX_ID_LENGTH = 64
/** More documents than any device takes. */
export const MAX_COUNT = 10_000_000

/**
 * Frames that are read from one member: beyond it reading waits, and so does the sender. A first sync of a million memories
 * takes some ten thousand frames, and each of them some milliseconds.
 */
export const FRAME_RATE: Rate = { capacity: 2000, perSecond: 500 }
