import type { Clock } from '../../protocols/clock.ts'
import { pause } from '../pause.ts'

/** The other device tells its new digest in milliseconds; only where it does not, something went wrong. */
const FIRST_WAIT_MS = 250
/** Two rosters that stay apart, because one of them is full, cost two messages a minute. */
const LONGEST_WAIT_MS = 30_000

export interface ReconcilerInit {
  /** Digest of this device's roster now. */
  own: () => string | null
  /** Brings both devices to the same records, as far as each had read its own when it began. */
  exchange: (id: string) => Promise<void>
  clock: Pick<Clock, 'after'>
  signal: AbortSignal
}

/** Exchanges records with connected members until they say that they know the same. */
export class Reconciler {
  readonly #init: ReconcilerInit
  /** What each one said last of its roster. */
  readonly #told = new Map<string, string>()
  readonly #turns = new Map<string, Promise<void>>()
  readonly #reconciling = new Set<string>()

  constructor(init: ReconcilerInit) {
    this.#init = init
  }

  /** A connected member has this digest. */
  told(id: string, digest: string): void {
    this.#told.set(id, digest)
    void this.#reconcile(id)
  }

  gone(id: string): void {
    this.#told.delete(id)
  }

  /** An exchange that begins after this call, so that whatever is known here now is in it. */
  exchange(id: string): Promise<void> {
    const before = this.#turns.get(id) ?? Promise.resolve()
    const turn = before
      .catch(() => undefined)
      .then(() => this.#init.exchange(id))
      .finally(() => {
        if (this.#turns.get(id) === turn) this.#turns.delete(id)
      })
    this.#turns.set(id, turn)
    return turn
  }

  async #reconcile(id: string): Promise<void> {
    if (this.#reconciling.has(id)) return
    this.#reconciling.add(id)
    const { clock, signal } = this.#init
    for (let wait = FIRST_WAIT_MS; this.#differs(id); wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      await this.exchange(id).catch(() => undefined)
      // Equal now, or the other one tells what it has learnt.
      if (this.#differs(id)) await pause(clock, wait, signal)
    }
    this.#reconciling.delete(id)
  }

  #differs(id: string): boolean {
    const told = this.#told.get(id)
    return told !== undefined && told !== this.#init.own() && !this.#init.signal.aborted
  }
}
