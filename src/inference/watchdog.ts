/** Nothing heard for this long during work means a child that hangs: a run of the graph lasts seconds at most. */
const STALL_MS = 60_000
/** Loading reads gigabytes from what may be a memory card, and compiles for a GPU. */
const LOAD_STALL_MS = 10 * STALL_MS

export interface WatchState {
  /** Something is expected of the child. */
  working: boolean
  loading: boolean
  /** It just gave a sign of life. */
  heard: boolean
}

/**
 * Ends a child that hangs. Without it a stuck driver would look like a long wait for ever, because the parent goes on
 * telling the reader that it waits.
 */
export class Watchdog {
  readonly #bite: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(bite: () => void) {
    this.#bite = bite
  }

  watch({ working, loading, heard }: WatchState): void {
    // More work is no sign of life: the time goes on.
    if (working && !heard && this.#timer !== undefined) return
    clearTimeout(this.#timer)
    this.#timer = working ? setTimeout(this.#bite, loading ? LOAD_STALL_MS : STALL_MS).unref() : undefined
  }
}
