import { PairingFailedError, PeerUnreachableError } from '../../errors.ts'
import type { Comparison, MembershipEvent, OpenDoor, PairRefusal } from '../../interface.ts'
import type { Clock } from '../../protocols/clock.ts'
import { reasonOf } from '../files.ts'
import type { Applicant } from './applicant.ts'
import {
  beginLooking,
  decide,
  doorToMoveTo,
  hear,
  openDoors,
  type Decision,
  type Heard,
  type Looking,
  type Wish
} from './looking.ts'
import type { OwnRoster } from './own-roster.ts'

/** A door that turned this device away before a person saw anything is tried again, quietly. */
const TRY_AGAIN_MS = 10_000
/**
 * Codes that came to nothing, over all doors, after which a person has to choose: whoever stands between two devices
 * could open doors without end, and have one guess at each.
 */
const MOST_TRIES = 3
/** Addresses that the owner gave are tried this often: a door may open there at any time. */
const PROBE_MS = 5000

export interface SeekerInit {
  self: string
  wish: Wish
  roster: OwnRoster
  applicant: Applicant
  clock: Clock
  /** The id of the device that answers at one of the addresses that the owner gave; null when nobody does. */
  probes: (() => Promise<{ id: string; address: string } | null>)[]
  emit: (event: MembershipEvent) => void
  /** Starts a mesh and opens its door. */
  start: () => void
  /** Where this device stands has changed: what it says on the network changes with it. */
  changed: () => void
}

/** Finds a mesh for a device that has none, or is alone in its own: does what `looking.ts` decides. */
export class Seeker {
  readonly #init: SeekerInit
  #looking: Looking
  #isWaiting = false
  #failures = 0
  #told = ''
  #cancel: () => void = () => undefined
  #cancelProbes: () => void = () => undefined
  #stopped = false

  constructor(init: SeekerInit) {
    this.#init = init
    this.#looking = beginLooking(init.self, init.clock.monotonic())
  }

  /** A person has to open a door somewhere, or to choose one. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  openDoors(): OpenDoor[] {
    return openDoors(this.#looking, this.#now())
  }

  begin(): void {
    const { self, clock, probes } = this.#init
    this.#looking = beginLooking(self, this.#now())
    if (probes.length > 0) {
      void this.#probe()
      this.#cancelProbes = clock.every(PROBE_MS, () => void this.#probe())
    }
    this.#decide()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
    this.#cancelProbes()
  }

  hear(heard: Heard): void {
    this.#looking = hear(this.#looking, heard, this.#now())
    this.#decide()
  }

  /** Asks at a door because a person said so. @throws {PairingFailedError} {PeerUnreachableError} */
  async knock(door: OpenDoor): Promise<Comparison> {
    this.#failures = 0
    const { comparison, outcome } = await this.#init.applicant.knock(door, null)
    void this.#concluded(door, outcome)
    return comparison
  }

  #decide(): void {
    const { roster, applicant } = this.#init
    this.#cancel()
    if (this.#stopped) return
    if (applicant.isBusy) {
      // Not all that it does ends here: an invite is redeemed by a person's word.
      this.#decideIn(TRY_AGAIN_MS)
      return
    }
    const now = this.#now()
    if (roster.mesh !== null) {
      this.#decideToMove(now)
      return
    }
    const decision = this.#decision(now)
    switch (decision.type) {
      case 'wait':
        this.#decideIn(decision.ms)
        break
      case 'knock':
        void this.#attempt(decision.door)
        break
      case 'ask-person':
        this.#waitFor(decision.doors)
        this.#decideIn(TRY_AGAIN_MS)
        break
      case 'start':
        this.#isWaiting = false
        this.#start()
        break
    }
  }

  #decideIn(ms: number): void {
    this.#cancel = this.#init.clock.after(ms, () => {
      this.#decide()
    })
  }

  /** A full disk is no reason to end the node, which may yet be let in somewhere. */
  #start(): void {
    try {
      this.#init.start()
    } catch (error) {
      this.#init.emit({ type: 'not-joined', reason: `a mesh could not be started here (${reasonOf(error)})` })
      this.#decideIn(TRY_AGAIN_MS)
    }
  }

  #decision(now: number): Decision {
    const decision = decide(this.#looking, this.#init.wish, now)
    const isEnough = decision.type === 'knock' && this.#failures >= MOST_TRIES
    return isEnough ? { type: 'ask-person', doors: this.openDoors() } : decision
  }

  /** Alone in a mesh of its own, a device still moves into the one whose door opens beside it. */
  #decideToMove(now: number): void {
    const { roster, self } = this.#init
    if (!roster.isProvisional || this.#failures >= MOST_TRIES) return
    const door = doorToMoveTo(this.#looking, { id: self, words: roster.words ?? '' }, now)
    if (door !== null) void this.#attempt(door)
    else if (this.openDoors().length > 0) {
      this.#decideIn(TRY_AGAIN_MS / 2)
    }
  }

  async #attempt(door: OpenDoor): Promise<void> {
    const { applicant, wish } = this.#init
    try {
      const { outcome } = await applicant.knock(door, wish.mesh)
      await this.#concluded(door, outcome)
    } catch (error) {
      this.#turnedAway(door, error)
    }
  }

  /** What became of an attempt that a person saw. */
  async #concluded(door: OpenDoor, outcome: Promise<unknown>): Promise<void> {
    try {
      await outcome
      this.#isWaiting = false
    } catch (error) {
      this.#failures++
      this.#init.emit({ type: 'not-joined', reason: reasonOf(error) })
      this.hear({ type: 'tried', id: door.id, notBefore: Infinity })
    }
  }

  /** Before there was anything to compare. */
  #turnedAway(door: OpenDoor, error: unknown): void {
    const reason = error instanceof PairingFailedError ? (error.details.reason as PairRefusal | undefined) : undefined
    const isPassing = error instanceof PeerUnreachableError || reason === 'door-closed' || reason === 'busy'
    if (!isPassing) this.#init.emit({ type: 'not-joined', reason: reasonOf(error) })
    this.#looking = hear(this.#looking, { type: 'foreign' }, this.#now())
    this.hear({ type: 'tried', id: door.id, notBefore: isPassing ? this.#now() + TRY_AGAIN_MS : Infinity })
  }

  #waitFor(doors: OpenDoor[]): void {
    this.#isWaiting = true
    const told = JSON.stringify(doors.map(({ id, mesh }) => mesh ?? id).sort())
    if (told === this.#told) return
    this.#told = told
    this.#init.emit({ type: 'doors', doors })
    this.#init.changed()
  }

  async #probe(): Promise<void> {
    const { probes, roster, applicant } = this.#init
    for (const probe of probes) {
      // A second connection to a door would end the first, over which the two are pairing.
      if (applicant.isBusy || !(roster.mesh === null || roster.isProvisional)) return
      const found = await probe().catch(() => null)
      if (found === null || this.#stopped) continue
      this.hear({ type: 'door', door: { id: found.id, mesh: null, addresses: [found.address] } })
    }
  }

  #now(): number {
    return this.#init.clock.monotonic()
  }
}
