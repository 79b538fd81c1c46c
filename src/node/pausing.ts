import { InvalidRequestError } from '../errors.ts'
import type { Clock } from '../protocols/clock.ts'

/** Where what is left of a pause outlives the process. */
export interface PauseStore {
  /** Milliseconds that were left, `for good`, or null where there was no pause. */
  read(): number | 'for good' | null
  write(left: number | 'for good' | null): void
}

export interface PausingInit {
  store: PauseStore
  clock: Pick<Clock, 'monotonic' | 'after'>
  /** It began, ended, or ends at another time now. */
  changed: () => void
}

/** A power cut costs the pause so much of its length at most; a file a minute wears out no card. */
const SAVE_EVERY_MS = 60_000
/** Who wants it longer means `--answer no`. */
const LONGEST_MS = 30 * 24 * 3600 * 1000

/**
 * Whether the owner has paused this device, and for how long. Time counts while the process runs, by its monotonic
 * clock; what is left goes on after a restart.
 */
export class Pausing {
  readonly #init: PausingInit
  /** When it ends by the monotonic clock; Infinity where it does not by itself; null where there is no pause. */
  #until: number | null = null
  #since = 0
  #pausedMs = 0
  #cancel: () => void = () => undefined

  constructor(init: PausingInit) {
    this.#init = init
    const left = init.store.read()
    if (left !== null) this.#begin(left === 'for good' ? Infinity : left)
  }

  get isPaused(): boolean {
    return this.#until !== null
  }

  /** When it ends by itself, by the monotonic clock; null where it does not. */
  get until(): number | null {
    return this.#until === Infinity ? null : this.#until
  }

  /** Milliseconds until it ends by itself; null where it does not. */
  get resumesInMs(): number | null {
    const left = this.#left()
    return left === null || left === Infinity ? null : left
  }

  /** Milliseconds of pause since the start. */
  get pausedMs(): number {
    return this.#pausedMs + (this.isPaused ? this.#init.clock.monotonic() - this.#since : 0)
  }

  /** @throws {InvalidRequestError} */
  pause(forMs?: number): void {
    if (forMs !== undefined && !(forMs > 0 && forMs <= LONGEST_MS)) {
      throw new InvalidRequestError('A pause lasts more than nothing and at most 30 days.')
    }
    this.#begin(forMs ?? Infinity)
    this.#save()
    this.#init.changed()
  }

  resume(): void {
    if (this.#until === null) return
    this.#cancel()
    this.#pausedMs = this.pausedMs
    this.#until = null
    this.#save()
    this.#init.changed()
  }

  /** The process ends; what is left is for the next one. */
  stop(): void {
    this.#cancel()
    if (this.#until !== null && this.#until !== Infinity) this.#save()
  }

  #begin(ms: number): void {
    const now = this.#init.clock.monotonic()
    if (this.#until === null) this.#since = now
    this.#until = now + ms
    this.#cancel()
    if (ms !== Infinity) this.#tick()
  }

  #tick(): void {
    const left = this.#left() ?? 0
    this.#cancel = this.#init.clock.after(Math.min(left, SAVE_EVERY_MS), () => {
      if (this.#left() === 0) {
        this.resume()
        return
      }
      this.#save()
      this.#tick()
    })
  }

  #left(): number | null {
    return this.#until === null ? null : Math.max(0, this.#until - this.#init.clock.monotonic())
  }

  #save(): void {
    const left = this.#left()
    this.#init.store.write(left === Infinity ? 'for good' : left)
  }
}
