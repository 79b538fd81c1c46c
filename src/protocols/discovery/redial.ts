import type { FoundBy } from '../../interface.ts'
import type { DialFailure } from './dial-error.ts'
import type { Found } from './index.ts'

/**
 * When to dial whom: a pure function of (state, event, now). `now` is milliseconds of any monotonic clock.
 *
 * Invariants, kept for every order of events:
 * 1. The own id is never dialled.
 * 2. At most `maxDials` dials run at once, and at most one for each peer.
 * 3. The wait after a failure grows to `MAX_WAIT_MS` and never beyond.
 * 4. A peer with an address that is neither connected nor being dialled has a time at which it is dialled next.
 * 5. At most `maxPeers` peers and `maxAddresses` addresses of each are kept.
 */

/** The first wait after a failed dial; each further one doubles it. */
export const FIRST_WAIT_MS = 1000
/** A device that is off for hours costs one attempt a minute. */
export const MAX_WAIT_MS = 60_000
/** A device that announces itself is on; it is only not reachable yet (a firewall prompt, a restart). */
export const MAX_WAIT_HEARD_MS = 10_000
/** Heard within this long, it counts as announcing itself: three beacons. */
const LATELY_MS = 15_000
/** Not heard for this long and now again: it woke up or came back, so the waits of before mean nothing. */
const BACK_MS = 30_000
/** A connection that ends sooner counts as a failed dial, or a peer that hangs up on us would be dialled in a circle. */
export const STABLE_MS = 5000
/** Between two dials of one peer, whatever is announced: announcements are not authenticated. */
export const MIN_SPACING_MS = 500
/** Of two devices that find each other at once the one with the greater id waits, so that one connection opens, not two. */
export const YIELD_MS = 300
/** A connection to a restarted peer is replaced at most this often: a forged instance must not cause a flood of dials. */
const REPLACE_SPACING_MS = 5000

/** Why the last dial failed: a word for programs, and a sentence. */
export interface DialError {
  failure: DialFailure
  message: string
}

export interface KnownPeer {
  readonly id: string
  /** Newest first. */
  readonly addresses: readonly string[]
  readonly foundBy: readonly FoundBy[]
  readonly instance: string | null
  readonly connectedAt: number | null
  readonly dialing: boolean
  /** News came while it was being dialled: if that fails, dial again without waiting. */
  readonly again: boolean
  /** Dial although a connection is open: the peer's process is a new one, so that connection must be dead. */
  readonly replace: boolean
  readonly replacedAt: number
  /** Dials failed in a row. */
  readonly failures: number
  /** When to dial next; Infinity for never. */
  readonly dialAt: number
  readonly dialedAt: number
  readonly heardAt: number
  readonly dialError: DialError | null
}

export interface RedialState {
  readonly peers: ReadonlyMap<string, KnownPeer>
}

export type RedialEvent =
  | { type: 'found'; found: Found }
  | { type: 'connected'; id: string }
  | { type: 'disconnected'; id: string }
  /** The dial opened a connection; whether that is still open, `connected` and `disconnected` tell. */
  | { type: 'dialed'; id: string }
  /** `wrong`: addresses at which somebody else answered. */
  | { type: 'failed'; id: string; error: DialError; wrong: string[] }
  | { type: 'network-changed' }
  | { type: 'tick' }
  | { type: 'forget'; id: string }

export interface DialAction {
  type: 'dial'
  id: string
  /** In this order. */
  addresses: readonly string[]
  /** Open a new connection beside the old ones, and close those once it stands. */
  replace: boolean
}

export interface RedialRules {
  self: string
  maxDials: number
  maxPeers: number
  maxAddresses: number
  /** From 0 up to but not including 1. */
  random: () => number
}

export const NOBODY: RedialState = { peers: new Map() }

export function redial(
  state: RedialState,
  event: RedialEvent,
  now: number,
  rules: RedialRules
): { state: RedialState; actions: DialAction[] } {
  const peers = new Map(state.peers)
  if (event.type === 'network-changed') {
    for (const peer of peers.values()) peers.set(peer.id, hurried(peer, now))
  } else if (event.type === 'forget') {
    peers.delete(event.id)
  } else if (event.type !== 'tick') {
    const id = event.type === 'found' ? event.found.id : event.id
    const next = id === rules.self ? undefined : changed(peers.get(id), event, now, rules)
    if (next !== undefined) admit(peers, next, rules)
  }
  const actions = startDue(peers, now, rules)
  return { state: { peers }, actions }
}

/** When `redial` wants a `tick`; Infinity when only another event can change anything. */
export function nextDialAt({ peers }: RedialState): number {
  return Math.min(Infinity, ...[...peers.values()].map(({ dialAt }) => dialAt))
}

type PeerEvent = Exclude<RedialEvent, { type: 'network-changed' | 'tick' | 'forget' }>

function changed(
  known: KnownPeer | undefined,
  event: PeerEvent,
  now: number,
  rules: RedialRules
): KnownPeer | undefined {
  switch (event.type) {
    case 'found':
      return event.found.addresses.length === 0 ? known : found(known, event.found, now, rules)
    case 'connected': {
      const peer = known ?? { ...unknown(event.id, now), foundBy: ['incoming'] }
      if (peer.connectedAt !== null) return peer
      // A peer that came to us may have restarted since we heard of it: its next beacon must not end this connection.
      const instance = peer.dialing ? peer.instance : null
      return { ...peer, instance, connectedAt: now, dialAt: Infinity, replace: false, again: false, dialError: null }
    }
    case 'disconnected':
      return known === undefined ? undefined : disconnected(known, now, rules)
    case 'dialed': {
      if (known === undefined) return undefined
      const peer = { ...known, dialing: false, again: false }
      // It opened and was closed again before we came to know that it opened.
      return peer.connectedAt === null ? { ...peer, dialAt: whenNext(peer, now, rules) } : peer
    }
    case 'failed':
      return known === undefined ? undefined : failed(known, event, now, rules)
  }
}

function unknown(id: string, now: number): KnownPeer {
  return {
    id,
    addresses: [],
    foundBy: [],
    instance: null,
    connectedAt: null,
    dialing: false,
    again: false,
    replace: false,
    replacedAt: -Infinity,
    failures: 0,
    dialAt: Infinity,
    dialedAt: -Infinity,
    heardAt: now,
    dialError: null
  }
}

function found(known: KnownPeer | undefined, news: Found, now: number, rules: RedialRules): KnownPeer {
  const before = known ?? unknown(news.id, now)
  const isRestart = news.instance !== null && before.instance !== null && news.instance !== before.instance
  const hasNewAddress = news.addresses.some((address) => !before.addresses.includes(address))
  const peer: KnownPeer = {
    ...before,
    addresses: [...new Set([...news.addresses, ...before.addresses])].slice(0, rules.maxAddresses),
    foundBy: before.foundBy.includes(news.way) ? before.foundBy : [...before.foundBy, news.way],
    instance: news.instance ?? before.instance,
    heardAt: now
  }
  if (before.connectedAt !== null) {
    if (!isRestart || now - before.replacedAt < REPLACE_SPACING_MS) return peer
    return { ...peer, replace: true, replacedAt: now, dialAt: soonest(peer, now) }
  }
  const isBack = now - before.heardAt > BACK_MS
  if (!isRestart && !hasNewAddress && !isBack) return peer
  const yielded = known === undefined && rules.self > news.id ? YIELD_MS : 0
  return hurried(peer, now + yielded)
}

/** Whatever was waited for no longer counts: dial at `when`, or again as soon as the present dial fails. */
function hurried(peer: KnownPeer, when: number): KnownPeer {
  if (peer.connectedAt !== null || peer.addresses.length === 0) return peer
  if (peer.dialing) return { ...peer, again: true }
  return { ...peer, failures: 0, dialAt: soonest(peer, when) }
}

function disconnected(peer: KnownPeer, now: number, rules: RedialRules): KnownPeer {
  if (peer.connectedAt === null) return peer
  const wasStable = now - peer.connectedAt >= STABLE_MS
  const failures = wasStable ? 0 : peer.failures + 1
  const next = { ...peer, connectedAt: null, replace: false, failures }
  if (peer.dialing) return { ...next, again: wasStable }
  return { ...next, dialAt: whenNext(next, now, rules) }
}

function failed(
  peer: KnownPeer,
  { error, wrong }: { error: DialError; wrong: string[] },
  now: number,
  rules: RedialRules
): KnownPeer {
  const addresses = peer.addresses.filter((address) => !wrong.includes(address))
  const next = { ...peer, addresses, dialing: false, again: false, dialError: error }
  // A replacement that was asked for during this dial is still to come; one that was this dial is not repeated.
  if (peer.connectedAt !== null) return { ...next, replace: peer.replace && peer.dialAt !== Infinity }
  const failures = peer.again ? 0 : peer.failures + 1
  return { ...next, replace: false, failures, dialAt: whenNext({ ...next, failures }, now, rules) }
}

function whenNext(peer: KnownPeer, now: number, rules: RedialRules): number {
  return peer.addresses.length === 0 ? Infinity : soonest(peer, now + waitAfter(peer, now, rules))
}

/** Jitter takes up to a half off, so that devices which lost each other together do not dial together. */
function waitAfter({ failures, heardAt }: KnownPeer, now: number, { random }: RedialRules): number {
  if (failures === 0) return 0
  const cap = now - heardAt < LATELY_MS ? MAX_WAIT_HEARD_MS : MAX_WAIT_MS
  return Math.min(cap, FIRST_WAIT_MS * 2 ** (failures - 1)) * (1 - random() / 2)
}

function soonest({ dialedAt }: KnownPeer, when: number): number {
  return Math.max(when, dialedAt + MIN_SPACING_MS)
}

/** Stores the peer; beyond the bound, the one not heard for longest goes, never one that is in use. */
function admit(peers: Map<string, KnownPeer>, peer: KnownPeer, { maxPeers }: RedialRules): void {
  peers.set(peer.id, peer)
  if (peers.size <= maxPeers) return
  const unused = [...peers.values()].filter(
    ({ id, connectedAt, dialing }) => id !== peer.id && connectedAt === null && !dialing
  )
  const oldest = unused.sort((one, other) => one.heardAt - other.heardAt)[0] ?? peer
  peers.delete(oldest.id)
}

/** Those with fresh news first, then those due longest. */
function startDue(peers: Map<string, KnownPeer>, now: number, { maxDials }: RedialRules): DialAction[] {
  const free = maxDials - [...peers.values()].filter(({ dialing }) => dialing).length
  return [...peers.values()]
    .filter(({ dialAt, dialing }) => dialAt <= now && !dialing)
    .sort((one, other) => Math.sign(one.failures) - Math.sign(other.failures) || one.dialAt - other.dialAt)
    .slice(0, Math.max(0, free))
    .map((peer) => {
      peers.set(peer.id, { ...peer, dialing: true, again: false, dialAt: Infinity, dialedAt: now })
      return { type: 'dial', id: peer.id, addresses: peer.addresses, replace: peer.replace }
    })
}
