export const MODEL_PROTOCOL = '/mesh/model/1.0.0'

/**
 * The piece of a file that is proved by itself: so small that a wrong byte, or a transfer that was cut, costs a blink of
 * the slowest Wi-Fi, and that hashing one never holds the event loop; so large that the hashes of the largest models we
 * know of (1 TB) fit into the memory of a Pi.
 */
export const PIECE_BYTES = 2 ** 20

/** How often a device says that it still works, when it has nothing else to say. */
export const SIGN_OF_LIFE_MS = 1000
/** Ten times that, as in `ask`. */
export const SILENCE_MS = 10 * SIGN_OF_LIFE_MS
