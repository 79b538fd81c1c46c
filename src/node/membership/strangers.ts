import type { Clock } from '../../protocols/clock.ts'

/** A stranger that was let in to pair and does not begin is sent away. */
const SILENT_MS = 15_000

export interface StrangersInit {
  isMember: (id: string) => boolean
  /** Whether it is being spoken to, as a newcomer or for the last time. */
  isMeeting: (id: string) => boolean
  hangUp: (id: string) => void
  clock: Pick<Clock, 'after'>
}

/** Those who are connected and no members: they may pair, and stay no longer than that takes. */
export class Strangers {
  readonly #init: StrangersInit
  readonly #cancels = new Map<string, () => void>()

  constructor(init: StrangersInit) {
    this.#init = init
  }

  /** It came, or has nothing more to say. */
  idle(id: string): void {
    this.speaks(id)
    const cancel = this.#init.clock.after(SILENT_MS, () => {
      this.#cancels.delete(id)
      this.sendAway([id])
    })
    this.#cancels.set(id, cancel)
  }

  /** It pairs. */
  speaks(id: string): void {
    this.#cancels.get(id)?.()
    this.#cancels.delete(id)
  }

  /** Hangs up on those of the connected devices that have no business here. */
  sendAway(connected: readonly string[]): void {
    const { isMember, isMeeting, hangUp } = this.#init
    for (const id of connected) if (!isMember(id) && !isMeeting(id)) hangUp(id)
  }

  stop(): void {
    for (const cancel of this.#cancels.values()) cancel()
    this.#cancels.clear()
  }
}
