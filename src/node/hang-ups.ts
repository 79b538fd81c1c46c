import type { Clock } from '../protocols/clock.ts'

/**
 * A connection on which nothing comes is given up after this long: TCP would take minutes to send again over a cable
 * that is back, a new connection takes milliseconds. A device that only sleeps finds its way back by beacon.
 */
export const HANG_UP_AFTER_MS = 15_000

/** The silent peers, each of which is hung up on unless it is heard in time. */
export class HangUps {
  readonly #hangUp: (peerId: string) => void
  readonly #clock: Pick<Clock, 'after'>
  readonly #cancels = new Map<string, () => void>()

  constructor(hangUp: (peerId: string) => void, clock: Pick<Clock, 'after'>) {
    this.#hangUp = hangUp
    this.#clock = clock
  }

  silent(peerId: string): void {
    if (this.#cancels.has(peerId)) return
    const cancel = this.#clock.after(HANG_UP_AFTER_MS, () => {
      this.#cancels.delete(peerId)
      this.#hangUp(peerId)
    })
    this.#cancels.set(peerId, cancel)
  }

  /** It was heard again, or is gone. */
  over(peerId: string): void {
    this.#cancels.get(peerId)?.()
    this.#cancels.delete(peerId)
  }

  stop(): void {
    for (const cancel of this.#cancels.values()) cancel()
    this.#cancels.clear()
  }
}
