/**
 * Every bound on what another device may make this one do, with its reason. Sizes are bytes, times milliseconds.
 * What belongs to one protocol only, such as a heartbeat's interval, stands in its own folder.
 */

// ---------------------------------------------------------------- frames

/** No frame of any protocol is longer. A prompt of 1 MiB is beyond every context we can run. */
export const MAX_FRAME_BYTES = 1024 * 1024
/** An event holds a piece of an answer: a device that batches a whole second of a fast model stays far below. */
export const MAX_EVENT_BYTES = 64 * 1024
/** A notice with every list full and every string at its limit is about 48 KiB. */
export const MAX_NOTICE_BYTES = 64 * 1024

// ---------------------------------------------------------------- streams

/** The reader of a stream is paused while this much lies unread: two frames' worth at most of a bulk sender's 256 KiB. */
export const READ_HIGH_WATER_BYTES = 512 * 1024
/** A request must have arrived whole by then: 1 MiB over the slowest Wi-Fi worth the name (about 1 Mbit/s). */
export const REQUEST_TIMEOUT_MS = 10_000
/** A reader that takes nothing for so long is gone or hostile; the engine is worth more than its answer. */
export const WRITE_TIMEOUT_MS = 30_000
/** Dialling and negotiating together; libp2p's own negotiation limit is the same. */
export const OPEN_TIMEOUT_MS = 10_000
/** How long the other side may take to close its half once everything is said. */
export const CLOSE_TIMEOUT_MS = 2_000

// ---------------------------------------------------------------- asks, for each peer

/** More than one person's programs run at once; beyond it a peer is told `busy`, so that it asks elsewhere. */
export const MAX_ASKS_PER_PEER = 64
/**
 * libp2p resets streams over this limit without a word, so it lies above ours: the refusal with a reason comes first.
 * Half as many again also covers refused streams that are still closing.
 */
export const MAX_ASK_STREAMS = 1.5 * MAX_ASKS_PER_PEER
/** Ten a second, for a minute: a benchmark passes, a loop gone wild does not. */
export const MAX_ASKS_PER_MINUTE = 600

// ---------------------------------------------------------------- what a request may hold

/** Turns of one conversation; a context of 128 Ki tokens holds fewer. */
export const MAX_MESSAGES = 4096
/** Longer stop strings would hold back text for no use. */
export const MAX_STOP_STRINGS = 16
export const MAX_STOP_LENGTH = 256
/** The longest context of any model we know of is 10 million tokens; nobody answers that long. */
export const MAX_ANSWER_TOKENS = 131_072
/** Vocabulary sizes stay below 300,000; this leaves room for three times that and refuses nonsense. */
export const MAX_TOKEN_ID = 1_000_000

// ---------------------------------------------------------------- what a device may say of itself

/** File systems limit names to 255 bytes; models are folders. */
export const MAX_NAME_LENGTH = 255
export const MAX_HARDWARE_LENGTH = 512
export const MAX_MODELS = 64
/** One device has a handful; more is a sign of nonsense. */
export const MAX_ADDRESSES = 16
export const MAX_ADDRESS_LENGTH = 512
/** For a person, on a terminal: a few lines. */
export const MAX_ERROR_MESSAGE_LENGTH = 1000

// ---------------------------------------------------------------- what a device may say of others

/** In one frame; an ordinary notice has 400 bytes, so a frame is full before. */
export const MAX_KNOWN = 256
/** More than the neighbours of a device, all lost in the same second. */
export const MAX_LOST = 64

// ---------------------------------------------------------------- rosters

/** Every change that ever was to the devices of one owner, many times over; to judge so many takes under a second. */
export const MAX_ROSTER_RECORDS = 10_000
/** A record with all its parents and the longest name is about 2 KiB. */
export const MAX_RECORD_BYTES = 4 * 1024
/** Records go in pieces of this size, so that neither side ever holds a whole roster twice. */
export const MAX_RECORDS_FRAME_BYTES = 512 * 1024
