import type { Lost } from '../protocols/capability/index.ts'
import type { Clock } from '../protocols/clock.ts'
import type { Notices } from '../protocols/notices/index.ts'
import { Doubts } from './doubts.ts'
import { isMissed, type PeerRecord, type Peers } from './peers.ts'

/** Of several neighbours that lose one at once, the first tells it; the others hear that before their turn. */
const TELL_WITHIN_MS = 1000
/** The end of a connection may be heard later than that its device is gone. */
const RUMOUR_MS = 10_000

export interface LossesInit {
  peers: Peers
  notices: Pick<Notices, 'lost'>
  /** A device is no longer there, for placement too. */
  missed: (id: string) => void
  clock: Pick<Clock, 'monotonic' | 'after'>
  random: () => number
}

/** Which devices are gone: tells the others of neighbours that this device has lost, and judges what they tell. */
export class Losses {
  readonly #init: LossesInit
  readonly #doubts = new Doubts()
  /** Lost neighbours that are told of unless somebody else does. */
  readonly #toTell = new Map<string, { lost: Lost; cancel: () => void }>()
  /** What was said of devices that were connected when it was heard. */
  readonly #rumours = new Map<string, { lost: Lost; until: number }>()

  constructor(init: LossesInit) {
    this.#init = init
  }

  /** A neighbour does not answer any more. */
  tell({ id, capability }: PeerRecord): void {
    if (capability === null || this.#toTell.has(id)) return
    const { clock, notices, random } = this.#init
    const lost = { peer: id, instance: capability.instance, sequence: capability.sequence }
    const cancel = clock.after(TELL_WITHIN_MS * random(), () => {
      this.#toTell.delete(id)
      notices.lost(lost)
    })
    this.#toTell.set(id, { lost, cancel })
  }

  /** A sign of life of a device, its own word. */
  heardOf({ id, capability }: PeerRecord): void {
    this.#tellNot(id)
    if (capability !== null) this.#doubts.refuted(id, capability.instance, this.#init.clock.monotonic())
  }

  /** A member says that it has lost a neighbour. @returns whether that is believed */
  told(teller: string, lost: Lost): boolean {
    const { peers, clock, missed } = this.#init
    const now = clock.monotonic()
    const own = this.#toTell.get(lost.peer)?.lost
    if (own?.instance === lost.instance && lost.sequence >= own.sequence) this.#tellNot(lost.peer)
    const record = peers.get(lost.peer)
    if (record?.state === 'connected') this.#rumours.set(lost.peer, { lost, until: now + RUMOUR_MS })
    if (record?.state !== 'away' || record.capability === null || isMissed(record)) return false
    const { instance, sequence } = record.capability
    if (instance !== lost.instance || sequence > lost.sequence) return false
    if (!this.#doubts.believe(teller, lost, now)) return false
    missed(lost.peer)
    return true
  }

  /** Whether somebody said lately of the process that ran there that it is gone. */
  isRumoured({ id, capability }: PeerRecord): boolean {
    const rumour = this.#rumours.get(id)
    if (rumour === undefined || rumour.until <= this.#init.clock.monotonic()) return false
    return rumour.lost.instance === capability?.instance
  }

  forget(id: string): void {
    this.#tellNot(id)
    this.#rumours.delete(id)
  }

  clear(): void {
    for (const id of [...this.#toTell.keys()]) this.#tellNot(id)
    this.#rumours.clear()
  }

  #tellNot(id: string): void {
    this.#toTell.get(id)?.cancel()
    this.#toTell.delete(id)
  }
}
