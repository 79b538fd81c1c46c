import { PIECE_BYTES } from './constants.ts'

/** What one member may make another do. Sizes are bytes. */

/** Larger frames are no faster, and wait longer behind each other when several transfers share a connection. */
export const DATA_BYTES = PIECE_BYTES / 4
/** The tags and lengths around it, and room for those of a later release. */
export const MAX_REPLY_BYTES = DATA_BYTES + 4096
/** A request is three numbers and two hashes. */
export const MAX_MODEL_REQUEST_BYTES = 1024

/** A shelf of them; more is a sign of nonsense. */
export const MAX_SHARED_MODELS = 256
/** The largest models come in some two hundred files. */
export const MAX_MODEL_FILES = 1000
/** Eight folders deep with names of 255 bytes, which is more than a package may hold. */
export const MAX_PATH_LENGTH = 2048
/** Of all files of a model together: 1 TiB, whose hashes are 32 MiB. */
export const MAX_PIECES = 2 ** 20
/** Hashes in one frame. */
export const HASHES_PER_FRAME = 4096

/** A pull has one under way; the others are a list for a person, and one that begins while the last one is closed. */
export const REQUESTS_PER_PEER = 4
/** For each peer: every file of a large model at once, and then a piece that came wrong now and then. */
export const PEER_RATE = { capacity: 2 * MAX_MODEL_FILES, perSecond: 20 }
/** Of all peers at once: they share this device's disk and network, so that more would only make each slower. */
export const MAX_TRANSFERS = 4
/** libp2p resets streams over this limit without a word, so it lies above ours: the refusal comes first. */
export const MAX_MODEL_STREAMS = 2 * REQUESTS_PER_PEER

/** At a limit of the owner's, frames are so small that this many go out in a second, down to the least size. */
export const FRAMES_PER_SECOND = 8
/** A slower network than 16 KiB in the ten seconds after which a device counts as silent carries no model. */
export const LEAST_DATA_BYTES = 16 * 1024
/** What the network is good for shows within a few frames. */
export const FIRST_DATA_BYTES = DATA_BYTES / 4
/** What others say to the same device, such as a heartbeat, waits behind a frame: on a slow network they are small. */
export const SLOW_FRAME_MS = 250
export const QUICK_FRAME_MS = 50
