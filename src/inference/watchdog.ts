/** Nothing heard for this long during work means a child that hangs: a run of the graph lasts seconds at most. */
const STALL_MS = 60_000
/** Loading reads gigabytes from what may be a memory card, and compiles for a GPU. */
const LOAD_STALL_MS = 10 * STALL_MS

/** Ends a child that hangs. Without it a stuck driver would look like a long wait for ever, since the parent tells it on. */
export class Watchdog {
  readonly #bite: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(bite: () => void) {
    this.#bite = bite
  }

  /** A sign of life came, or work began. */
  heard({ loading }: { loading: boolean }): void {
    this.stop()
    this.#timer = setTimeout(this.#bite, loading ? LOAD_STALL_MS : STALL_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
