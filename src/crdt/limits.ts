/**
 * What this leaf refuses to exceed. The first six bound what one message of a peer can make this device hold or do; the
 * bounds are checked before the bytes are used.
 */

/** One message between devices. Larger ones are cut by the sender; it matches the frames of the other protocols. */
export const MAX_FRAME_BYTES = 1024 * 1024

/** One update of one document: a quarter of a frame, so that several documents share one. */
export const MAX_UPDATE_BYTES = MAX_FRAME_BYTES / 4

/**
 * What is sent is cut into updates of this size, unless one value is longer: about 140 memories, which take some 9 ms to
 * merge, append and index on a fast core. So a small device keeps its step too (invariant 7).
 */
export const PIECE_BYTES = 32 * 1024

/** Structs (writes) in one update. Integrating as many takes a few milliseconds. */
export const MAX_STRUCTS = 5000

/** One value: a memory, a message, an edited field. A long page of text is 10 KiB. */
export const MAX_ENTRY_BYTES = 64 * 1024

/** What waits to be sent to one peer. What does not fit is found again by comparing. */
export const MAX_PENDING_BYTES = 1024 * 1024

/** Nesting of a value. What people and programs write is flat; the JSON parser's stack is not endless. */
export const MAX_JSON_DEPTH = 32

/** How far one update may move the clock of one writer. Merged tombstones count as one struct and many clock ticks. */
export const MAX_CLOCK_STEP = 2 ** 20

/** Beyond this a clock is no count of writes: 300 million updates of the largest step. */
export const MAX_CLOCK = 2 ** 48

/** A device opens its next shard after so many memories: a document of this size loads within one step. */
export const ENTRIES_PER_SHARD = 1000

/** … or after so many bytes, so that a shard of long texts loads as fast. */
export const BYTES_PER_SHARD = 1024 * 1024

/** No document takes more keys, whoever sends them: above, loading one would hold the event loop. */
export const MAX_KEYS = 10 * ENTRIES_PER_SHARD

/** Documents altogether: a thousand hold a million memories, the rest is room for conversations. */
export const MAX_DOCUMENTS = 250_000

/** Healing makes a new generation of a document. It is rare; a peer that claims hundreds is wrong. */
export const MAX_GENERATION = 64

/** How long what was undone can be undone, and how long a forgotten text may lie in the log: 30 days. */
export const KEPT_MS = 30 * 24 * 60 * 60 * 1000
