export const ASK_PROTOCOL = '/mesh/ask/1.0.0'

/** A device says "waiting" as often as this before the first token. */
export const WAITING_MS = 1000
/** Ten times that: a garbage collection or a busy Wi-Fi is not a failure. */
export const SILENCE_MS = 10 * WAITING_MS
