import type { CapabilityService, Lost } from '../protocols/capability/index.ts'
import type { Clock } from '../protocols/clock.ts'
import type { Notices } from '../protocols/notices/index.ts'
import { AskingAround } from './asking-around.ts'
import { LinkDials, type LinkDialsInit } from './link-dials.ts'
import { planLinks, type Link } from './link-plan.ts'
import { Losses } from './losses.ts'
import type { PeerRecord, Peers } from './peers.ts'
import { Rings } from './rings.ts'

/** News comes in bursts: what follows from it is worked out once. */
const SOON_MS = 100
/** While a dial runs or a connection is about to be let go. */
const BUSY_MS = 1000
/** Otherwise nothing changes without news. */
const QUIET_MS = 30_000
/** The stream on which both said that they can spare the connection ends so long before the connection, at most. */
const PARTING_MS = 5000
/**
 * Gossip passes a device's words on once it has told its topics, and keeps no history: so it speaks again after that, and
 * once more for a mesh that is busy, because all of it starts.
 */
const SPEAK_AGAIN_MS = [3000, 15_000]

export interface LinksInit extends Pick<LinkDialsInit, 'dialer' | 'probe' | 'missed' | 'unreachable'> {
  self: string
  peers: Peers
  isMember: (id: string) => boolean
  capability: Pick<CapabilityService, 'spare' | 'askKnown'>
  notices: Pick<Notices, 'lost' | 'renew'>
  /** Whether anything but heartbeats and gossip runs with it. */
  isBusy: (id: string) => boolean
  hangUp: (id: string) => void
  clock: Clock
  random: () => number
}

/** What was said on the stream to a connected device. */
type Words = Omit<Link, 'id'>

/**
 * The connections of a device in a mesh that is too large for all of them: keeps those that `planLinks` wants, tells of
 * neighbours that are lost, and asks neighbours who else is there.
 */
export class Links {
  readonly #init: LinksInit
  readonly #rings = new Rings()
  readonly #losses: Losses
  readonly #dials: LinkDials
  readonly #around: AskingAround
  readonly #words = new Map<string, Words>()
  /** Until when the end of a connection that neither needs is expected. */
  readonly #parting = new Map<string, number>()
  #wanted: ReadonlySet<string> = new Set()
  #cancelPlan: () => void = () => undefined
  #planAt = Infinity
  #isRunning = false

  constructor(init: LinksInit) {
    this.#init = init
    this.#losses = new Losses(init)
    this.#dials = new LinkDials(init)
    this.#around = new AskingAround(init)
  }

  get wanted(): ReadonlySet<string> {
    return this.#wanted
  }

  /** The mesh is one of many, and the network runs. */
  start(): void {
    this.#isRunning = true
    for (const record of this.#init.peers.all()) if (record.state === 'connected') this.connected(record)
    this.soon()
  }

  /** The mesh is small (again), and everybody keeps everybody; or the network ends. */
  stop(): void {
    for (const [id, { isSpare }] of this.#words) if (isSpare) this.#init.capability.spare(id, false)
    this.#isRunning = false
    this.#cancelPlan()
    this.#planAt = Infinity
    this.#words.clear()
    this.#parting.clear()
    this.#wanted = new Set()
    this.#dials.clear()
    this.#losses.clear()
  }

  /** Something was heard that may change who is there. */
  soon(): void {
    this.#planIn(SOON_MS)
  }

  /** A device is connected, or connected again on another stream. */
  connected(record: PeerRecord): void {
    const { id } = record
    const { clock, notices } = this.#init
    this.#dials.connected(id)
    this.#losses.heardOf(record)
    if (!this.#words.has(id)) this.#words.set(id, { isSpare: false, isSpareThere: false, idleSince: Infinity })
    if (this.#around.connected(id)) {
      for (const ms of SPEAK_AGAIN_MS) {
        clock.after(ms, () => {
          if (this.#isRunning) notices.renew()
        })
      }
    }
    this.soon()
  }

  /** Its stream ended; on the next one everything is to be said again. */
  streamEnded(id: string): void {
    if (this.#isSpareOnBothSides(id)) this.#parting.set(id, this.#init.clock.monotonic() + PARTING_MS)
    this.#words.delete(id)
    this.soon()
  }

  /** A device is not connected any more, or is and fell silent. */
  lost(record: PeerRecord): void {
    const { id, state } = record
    const { clock, missed, probe } = this.#init
    const isParting = this.#isSpareOnBothSides(id) || (this.#parting.get(id) ?? -Infinity) > clock.monotonic()
    this.#parting.delete(id)
    if (state === 'away') this.#words.delete(id)
    this.soon()
    // Both could do without the connection: its end says nothing.
    if (isParting && !this.#losses.isRumoured(record)) return
    missed(id)
    if (!this.#wanted.has(id)) return
    // A connection may end where the device does not.
    if (state === 'away') probe(id)
    this.#losses.tell(record)
  }

  /** A sign of life of a device, its own word. */
  heardOf(record: PeerRecord): void {
    this.#losses.heardOf(record)
  }

  spareThere(id: string, isSpareThere: boolean): void {
    this.#set(id, { isSpareThere })
    this.soon()
  }

  /** A member has lost a neighbour. */
  lostThere(teller: string, lost: Lost): void {
    if (this.#losses.told(teller, lost)) this.soon()
  }

  /** It is no member any more. */
  forget(id: string): void {
    this.#words.delete(id)
    this.#parting.delete(id)
    this.#dials.forget(id)
    this.#losses.forget(id)
    this.#rings.forget(id)
    this.#wanted = new Set([...this.#wanted].filter((each) => each !== id))
    this.soon()
  }

  /** This device slept: what it knows of the others is old. */
  slept(): void {
    this.#around.again()
    this.soon()
  }

  #planIn(ms: number): void {
    const { clock } = this.#init
    const at = clock.monotonic() + ms
    if (!this.#isRunning || at >= this.#planAt) return
    this.#cancelPlan()
    this.#planAt = at
    this.#cancelPlan = clock.after(ms, () => {
      this.#planAt = Infinity
      this.#plan()
    })
  }

  #plan(): void {
    const { self, peers, hangUp, clock, isMember, isBusy } = this.#init
    const members = peers.all().filter(({ id }) => isMember(id))
    this.#dials.look()
    this.#dials.probe(members, this.#links().length)
    const plan = planLinks({ self, records: members, links: this.#links(), isBusy }, this.#rings, clock.monotonic())
    this.#wanted = plan.wanted
    for (const { id, idleSince } of plan.links) this.#set(id, { idleSince })
    for (const id of plan.spare) this.#say(id, true)
    for (const id of plan.keep) this.#say(id, false)
    this.#dials.dial(plan.dial, plan.wanted)
    for (const id of plan.hangUp) hangUp(id)
    const { links, wanted } = plan
    const isSettled = plan.dial.length === 0 && links.length > 1 && links.every(({ id }) => wanted.has(id))
    const roundIn = this.#around.next(links.map(({ id }) => id))
    this.#planIn(Math.max(BUSY_MS, Math.min(isSettled ? QUIET_MS : BUSY_MS, roundIn)))
  }

  #links(): Link[] {
    return [...this.#words]
      .filter(([id]) => this.#init.peers.get(id)?.state === 'connected')
      .map(([id, words]) => ({ id, ...words }))
  }

  #say(id: string, isSpare: boolean): void {
    this.#set(id, { isSpare })
    this.#init.capability.spare(id, isSpare)
  }

  #set(id: string, change: Partial<Words>): void {
    const words = this.#words.get(id)
    if (words !== undefined) Object.assign(words, change)
  }

  #isSpareOnBothSides(id: string): boolean {
    const words = this.#words.get(id)
    return words?.isSpare === true && words.isSpareThere
  }
}
