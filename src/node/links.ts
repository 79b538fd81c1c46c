import type { CapabilityService, Known, Lost } from '../protocols/capability/index.ts'
import type { Clock } from '../protocols/clock.ts'
import type { Dialer } from '../protocols/discovery/index.ts'
import type { Notices } from '../protocols/notices/index.ts'
import { Doubts } from './doubts.ts'
import { planLinks, type Link } from './link-plan.ts'
import { addressesOf, isMissed, isThere, type PeerRecord, type Peers } from './peers.ts'
import { Rings } from './rings.ts'

/** News comes in bursts: what follows from it is worked out once. */
const SOON_MS = 100
/** While a dial runs or a connection is about to be let go. */
const BUSY_MS = 1000
/** Otherwise nothing changes without news. */
const QUIET_MS = 30_000
/** Of several neighbours that lose one at once, the first tells it; the others hear that before their turn. */
const TELL_WITHIN_MS = 1000
/** Before a dial that failed is repeated; doubled with each further failure. */
export const FIRST_WAIT_MS = 5000
const LONGEST_WAIT_MS = 5 * 60_000
/** So many times in vain, over more than a minute: whoever is there speaks of itself by then. */
const MOST_MISSES = 5
/** The end of a connection may be heard later than that its device is gone. */
const RUMOUR_MS = 10_000
const PARTING_MS = 5000
/** Whoever was away so long is dialled once, now and then, so that two halves of a mesh find together again. */
const PROBE_MS = 60_000
/** A device that is connected with nobody, or with one only, has no better thing to do. */
const LONELY_PROBE_MS = 2000
/** Gossip passes a device's words on once it has told its topics, and keeps no history: so it speaks again after that. */
const SPEAK_AGAIN_MS = 3000
/**
 * Two neighbours are asked who is there as soon as they are. After a power cut they know as little as this device, so
 * others are asked later: what one knows doubles with each round.
 */
const ASK_KNOWN_MS = [0, 0, 10_000, 20_000, 40_000, 80_000]

export interface LinksInit {
  self: string
  peers: Peers
  isMember: (id: string) => boolean
  dialer: Pick<Dialer, 'found' | 'forget' | 'known'>
  capability: Pick<CapabilityService, 'spare' | 'askKnown'>
  notices: Pick<Notices, 'lost' | 'renew'>
  /** Whether anything but heartbeats and gossip runs with it. */
  isBusy: (id: string) => boolean
  hangUp: (id: string) => void
  /** Dials it once; nothing comes of a failure. */
  probe: (id: string) => void
  /** A device is no longer there, for placement too. */
  missed: (id: string) => void
  /** It is there, for all that is known, but cannot be dialled now. */
  unreachable: (id: string, until: number) => void
  clock: Clock
  random: () => number
}

interface Words {
  isSpare: boolean
  isSpareThere: boolean
  idleSince: number
}

/**
 * The connections of a device in a mesh that is too large for all of them: keeps those that `planLinks` wants, tells of
 * neighbours that are lost, and asks the first neighbours who else is there.
 */
export class Links {
  readonly #init: LinksInit
  readonly #rings = new Rings()
  readonly #doubts = new Doubts()
  readonly #words = new Map<string, Words>()
  /** Dials that failed in a row. */
  readonly #misses = new Map<string, number>()
  /** Lost neighbours that are told of unless somebody else does. */
  readonly #toTell = new Map<string, { lost: Lost; cancel: () => void }>()
  /** Until when the end of a connection that neither needs is expected. */
  readonly #parting = new Map<string, number>()
  /** What was said of devices that were connected when it was heard. */
  readonly #rumours = new Map<string, { lost: Lost; until: number }>()
  #wanted: ReadonlySet<string> = new Set()
  #dialled = new Set<string>()
  #cancelPlan: () => void = () => undefined
  #planAt = Infinity
  #probedAt: number
  #asked = 0
  #startedAt: number | null = null
  #state: 'new' | 'running' | 'stopped' = 'new'

  constructor(init: LinksInit) {
    this.#init = init
    this.#probedAt = init.clock.monotonic()
  }

  get wanted(): ReadonlySet<string> {
    return this.#wanted
  }

  /** The network runs by now. */
  start(): void {
    this.#state = 'running'
  }

  /** Something was heard that may change who is there. */
  soon(): void {
    this.#planIn(SOON_MS)
  }

  /** A device is connected, or connected again on another stream. */
  connected(record: PeerRecord): void {
    const { id } = record
    this.#misses.delete(id)
    this.heardOf(record)
    if (!this.#words.has(id)) this.#words.set(id, { isSpare: false, isSpareThere: false, idleSince: Infinity })
    const { clock, notices } = this.#init
    if (this.#startedAt === null) {
      this.#startedAt = clock.monotonic()
      clock.after(SPEAK_AGAIN_MS, () => {
        if (this.#state === 'running') notices.renew()
      })
    }
    if (ASK_KNOWN_MS[this.#asked] === 0) this.#askKnown(id)
    this.soon()
  }

  /** Its stream ended; on the next one everything is to be said again. */
  streamEnded(id: string): void {
    const words = this.#words.get(id)
    // The stream ends before the connection does.
    if (words?.isSpare === true && words.isSpareThere) {
      this.#parting.set(id, this.#init.clock.monotonic() + PARTING_MS)
    }
    this.#words.delete(id)
    this.soon()
  }

  /** A device is not connected any more, or is and fell silent. */
  lost(record: PeerRecord): void {
    const { id, capability } = record
    const { clock, random, missed, probe } = this.#init
    const words = this.#words.get(id)
    const wasNeeded = this.#wanted.has(id)
    if (record.state === 'away') this.#words.delete(id)
    this.soon()
    // Both could do without the connection: its end says nothing.
    const rumour = this.#rumours.get(id)
    const isRumoured =
      rumour !== undefined && rumour.lost.instance === capability?.instance && rumour.until > clock.monotonic()
    const isParting = (this.#parting.get(id) ?? -Infinity) > clock.monotonic()
    this.#parting.delete(id)
    if ((isParting || (words?.isSpare === true && words.isSpareThere)) && !isRumoured) return
    missed(id)
    // A connection may end where the device does not.
    if (wasNeeded && record.state === 'away') probe(id)
    if (!wasNeeded || capability === null || this.#toTell.has(id)) return
    const { instance, sequence } = capability
    const cancel = clock.after(TELL_WITHIN_MS * random(), () => {
      this.#toTell.delete(id)
      this.#init.notices.lost({ peer: id, instance, sequence })
    })
    this.#toTell.set(id, { lost: { peer: id, instance, sequence }, cancel })
  }

  /** A sign of life of a device, its own word. */
  heardOf({ id, capability }: PeerRecord): void {
    this.#toTell.get(id)?.cancel()
    this.#toTell.delete(id)
    if (capability !== null) this.#doubts.refuted(id, capability.instance, this.#init.clock.monotonic())
  }

  spareThere(id: string, isSpareThere: boolean): void {
    const words = this.#words.get(id)
    if (words !== undefined) words.isSpareThere = isSpareThere
    this.soon()
  }

  /** A member has lost a neighbour. */
  lostThere(teller: string, lost: Lost): void {
    const { peers, clock, missed } = this.#init
    const record = peers.get(lost.peer)
    const told = this.#toTell.get(lost.peer)
    if (told?.lost.instance === lost.instance && lost.sequence >= told.lost.sequence) {
      told.cancel()
      this.#toTell.delete(lost.peer)
    }
    const now = clock.monotonic()
    if (record?.state === 'connected') this.#rumours.set(lost.peer, { lost, until: now + RUMOUR_MS })
    if (record?.state !== 'away' || record.capability === null || isMissed(record)) return
    const { instance, sequence } = record.capability
    if (instance !== lost.instance || sequence > lost.sequence) return
    if (!this.#doubts.believe(teller, lost, now)) return
    missed(lost.peer)
    this.soon()
  }

  forget(id: string): void {
    this.#words.delete(id)
    this.#misses.delete(id)
    this.#dialled.delete(id)
    this.#toTell.get(id)?.cancel()
    this.#toTell.delete(id)
    this.#rumours.delete(id)
    this.#parting.delete(id)
    this.#rings.forget(id)
    this.soon()
  }

  /** This device slept: what it knows of the others is old. */
  slept(): void {
    this.#asked = 0
    this.#startedAt = null
    this.soon()
  }

  /** The mesh is small (again): everybody keeps everybody. */
  keepAll(): void {
    for (const [id, words] of this.#words) if (words.isSpare) this.#init.capability.spare(id, false)
    this.#words.clear()
    this.#cancelPlan()
    this.#planAt = Infinity
    this.#wanted = new Set()
    this.#dialled.clear()
  }

  stop(): void {
    this.#state = 'stopped'
    this.#cancelPlan()
    for (const { cancel } of this.#toTell.values()) cancel()
  }

  #planIn(ms: number): void {
    const { clock } = this.#init
    const at = clock.monotonic() + ms
    if (this.#state !== 'running' || at >= this.#planAt) return
    this.#cancelPlan()
    this.#planAt = at
    this.#cancelPlan = clock.after(ms, () => {
      this.#planAt = Infinity
      this.#plan()
    })
  }

  #plan(): void {
    const { self, peers, capability, hangUp, clock, isMember, isBusy } = this.#init
    const now = clock.monotonic()
    this.#noticeMisses(now)
    this.#probe(now)
    const records = peers.all().filter(({ id }) => isMember(id))
    const plan = planLinks({ self, records, links: this.#links(), isBusy }, this.#rings, now)
    this.#wanted = plan.wanted
    for (const { id, idleSince } of plan.links) this.#set(id, { idleSince })
    for (const id of plan.spare) {
      this.#set(id, { isSpare: true })
      capability.spare(id, true)
    }
    for (const id of plan.keep) {
      this.#set(id, { isSpare: false })
      capability.spare(id, false)
    }
    this.#dial(plan.dial)
    for (const id of plan.hangUp) hangUp(id)
    this.#askLater(plan.links, now)
    const isSettled =
      plan.dial.length === 0 && plan.links.length > 1 && plan.links.every(({ id }) => plan.wanted.has(id))
    this.#planIn(isSettled ? QUIET_MS : BUSY_MS)
  }

  #links(): Link[] {
    return [...this.#words]
      .filter(([id]) => this.#init.peers.get(id)?.state === 'connected')
      .map(([id, words]) => ({ id, ...words }))
  }

  #set(id: string, change: Partial<Words>): void {
    const words = this.#words.get(id)
    if (words !== undefined) Object.assign(words, change)
  }

  /** The dialer keeps whom it is told of; whoever is no longer wanted is let go of, an open connection stays. */
  #dial(wanted: readonly string[]): void {
    const { dialer, peers } = this.#init
    for (const id of this.#dialled) {
      if (this.#wanted.has(id)) continue
      dialer.forget(id)
      this.#dialled.delete(id)
    }
    for (const id of wanted) {
      const record = peers.get(id)
      if (record === undefined || this.#dialled.has(id)) continue
      this.#dialled.add(id)
      const [way = 'gossip'] = record.foundBy
      dialer.found({ id, addresses: addressesOf(record), way, instance: null })
    }
  }

  /** The dialer tells of nobody's failure, so it is looked at. */
  #noticeMisses(now: number): void {
    const { dialer, peers, unreachable, missed } = this.#init
    if (this.#dialled.size === 0) return
    for (const { id, connected, dialError } of dialer.known()) {
      if (connected || dialError === null || !this.#dialled.has(id) || peers.get(id)?.state !== 'away') continue
      const misses = (this.#misses.get(id) ?? 0) + 1
      this.#misses.set(id, misses)
      dialer.forget(id)
      this.#dialled.delete(id)
      if (misses >= MOST_MISSES) missed(id)
      unreachable(id, now + Math.min(FIRST_WAIT_MS * 2 ** (misses - 1), LONGEST_WAIT_MS))
    }
  }

  #probe(now: number): void {
    const { peers, random, probe, isMember } = this.#init
    const isLonely = this.#links().length < 2
    if (now - this.#probedAt < (isLonely ? LONELY_PROBE_MS : PROBE_MS)) return
    this.#probedAt = now
    const away = peers
      .all()
      .filter((record) => record.state === 'away' && addressesOf(record).length > 0 && !isThere(record, now))
      .filter(({ id }) => isMember(id))
    const record = away[Math.floor(random() * away.length)]
    if (record !== undefined) probe(record.id)
  }

  #askLater(links: readonly Link[], now: number): void {
    const due = ASK_KNOWN_MS[this.#asked]
    if (due === undefined || this.#startedAt === null) return
    const wait = this.#startedAt + due - now
    const link = links[Math.floor(this.#init.random() * links.length)]
    if (wait <= 0 && link !== undefined) this.#askKnown(link.id)
    else this.#planIn(Math.max(wait, BUSY_MS))
  }

  #askKnown(id: string): void {
    this.#asked++
    this.#init.capability.askKnown(id)
  }
}

/** What this device knows of the others, for a peer that asks. */
export function knownOf(peers: Peers, now: number): Known[] {
  return peers.all().flatMap((record) => {
    const { id, capability, state, heardAt, heardOfAt } = record
    if (capability === null || !isThere(record, now)) return []
    return [{ peer: id, capability, agoMs: state === 'connected' ? 0 : now - Math.max(heardAt, heardOfAt) }]
  })
}
