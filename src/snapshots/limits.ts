/**
 * What this leaf refuses to exceed. A snapshot comes on a stick from anywhere: what it claims is bounded before anything is
 * allocated or derived for it.
 */

/** The form that is written here, and the latest that is read. */
export const VERSION = 1

/** A SHA-256 for each: damage is told by the MiB, and no more than one has to be held to prove it. */
export const PIECE_BYTES = 2 ** 20

/** The largest snapshot: 64 GiB, some two hundred million memories. */
const MAX_PIECES = 2 ** 16

const HASH_BYTES = 32

/** A manifest with the hashes of the largest snapshot, and room for its other fields. */
export const MAX_MANIFEST_BYTES = MAX_PIECES * HASH_BYTES + 4096

/** age's header: about 120 bytes for each recipient, so two thousand devices. */
export const MAX_HEADER_BYTES = 256 * 1024

/** The largest roster, and the largest record in one. */
export const MAX_RECORDS = 10_000
export const MAX_RECORD_BYTES = 4096

/** An id of a document. */
export const MAX_DOCUMENT_BYTES = 64

/** One update of a document, as in sync. */
export const MAX_UPDATE_BYTES = 256 * 1024

/**
 * Passphrases are stretched by scrypt with N = 2^18, r = 8: age's own default. It takes 256 MiB and about a second, and a
 * file that asks for more is refused.
 */
export const SCRYPT_LOG_N = 18
