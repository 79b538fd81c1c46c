import type { PairRefusal } from '../interface.ts'

/** Long enough to walk to the other device and type; also how long a mesh that was just started is open by itself. */
export const DOOR_OPEN_MS = 5 * 60_000
/** Each try of a stranger is right once in a million; three are three in a million, for each opening by a person. */
const MAX_TRIES = 3
/** Tries and tickets together, each a stream, some state, and a person's patience at most. */
const MAX_VISITORS = 8
/** Every device that waits knocks every few seconds; people want to hear of it, not of every knock. */
const KNOCK_INTERVAL_MS = 60_000
/** A device that keeps knocking is not shown again at once, so that another one has its turn. */
const KNOCK_AGAIN_MS = 5 * KNOCK_INTERVAL_MS

/**
 * Who may be spoken to, and when. All times are the caller's own monotonic clock, in milliseconds.
 *
 * At most as many newcomers compare codes at once as there are tries left, so that an opening never gives strangers a
 * fourth try, and a flood of them never gives people a fourth code.
 */
export class DoorState {
  #closesAt = 0
  #failures = 0
  readonly #visitors = new Map<string, 'code' | 'ticket'>()
  #lastKnock = -Infinity
  /** When each one was shown. At most one a minute comes in, and all go after five. */
  readonly #knocks = new Map<string, number>()

  /** By a person's word: five minutes from now, and three new tries. */
  open(now: number): void {
    this.#closesAt = now + DOOR_OPEN_MS
    this.#failures = 0
  }

  close(): void {
    this.#closesAt = 0
  }

  isOpen(now: number): boolean {
    return this.closesInMs(now) > 0
  }

  /** 0 when it is closed. */
  closesInMs(now: number): number {
    return Math.max(0, this.#closesAt - now)
  }

  /** Whether this device is being spoken to. */
  isWith(id: string): boolean {
    return this.#visitors.has(id)
  }

  /**
   * Whether a newcomer may begin, to compare a code or with a ticket (which is then looked at: a ticket opens nothing by
   * itself). Null when it may; it then stays until `end`.
   */
  begin(id: string, now: number, by: 'code' | 'ticket' = 'code'): PairRefusal | null {
    if (by === 'code' && !this.isOpen(now)) return 'door-closed'
    if (this.#visitors.has(id) || this.#visitors.size >= MAX_VISITORS) return 'busy'
    const comparing = [...this.#visitors.values()].filter((each) => each === 'code').length
    if (by === 'code' && comparing + this.#failures >= MAX_TRIES) return 'busy'
    this.#visitors.set(id, by)
    return null
  }

  /**
   * The newcomer is gone. Whoever came to compare and was not admitted has had one try, however it ended: a stranger that
   * stands between two devices learns the code before it has to show itself, and would break off and come again. The
   * third one closes the door. A ticket that was refused is no try, for nobody guesses 128 bits.
   */
  end(id: string, admitted: boolean): void {
    const by = this.#visitors.get(id)
    this.#visitors.delete(id)
    if (by !== 'code' || admitted) return
    this.#failures++
    if (this.#failures >= MAX_TRIES) this.close()
  }

  /** Whether to tell people that this device looks for a mesh: at most once a minute, whoever it is. */
  knock(id: string, now: number): boolean {
    for (const [each, shownAt] of this.#knocks) {
      if (now - shownAt >= KNOCK_AGAIN_MS) this.#knocks.delete(each)
    }
    if (now - this.#lastKnock < KNOCK_INTERVAL_MS || this.#knocks.has(id)) return false
    this.#lastKnock = now
    this.#knocks.set(id, now)
    return true
  }
}
