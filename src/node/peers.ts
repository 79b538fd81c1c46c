import type { Capability, FoundBy, PeerInfo, PeerState } from '../interface.ts'
import { byStrength } from './size-class.ts'

/** What is known of one other device. Times are this device's monotonic milliseconds. */
export interface PeerRecord {
  id: string
  /** As the device calls itself, or as it was remembered; several may share one. */
  ownName: string
  addresses: string[]
  foundBy: Set<FoundBy>
  state: Exclude<PeerState, 'reachable'>
  capability: Capability | null
  /** When the capability or a heartbeat was last received; -Infinity before the first. */
  heardAt: number
  /** When the capability was last received, directly or by gossip; -Infinity before the first. */
  noticedAt: number
  /** When gossip last brought a notice that it signed; -Infinity before the first. */
  heardOfAt: number
  /** Whether the capability is what another member told, and not signed by the device itself. */
  isVouched: boolean
  /** When its announcements were last heard (beacon, mDNS, a scan); -Infinity before the first. */
  sightedAt: number
  /** When it fell silent here, or another member said so: only later signs of life count. -Infinity before that. */
  missedAt: number
  /** Not before then is it dialled again, because dials failed; -Infinity while none did. */
  dialAt: number
  roundTripMs: number | null
}

/** What the world tells the registry about a peer. */
export type PeerNews =
  | { type: 'found'; way: FoundBy; addresses: readonly string[] }
  | { type: 'notice'; capability: Capability; direct: boolean }
  /** Another member tells what it heard of it at `at`, a time of this device's clock. */
  | { type: 'vouched'; capability: Capability; at: number }
  /** It fell silent, or a neighbour of it says so: only later signs of life count. */
  | { type: 'missed' }
  /** It was dialled in vain: not again before `until`. */
  | { type: 'unreachable'; until: number }
  | { type: 'beat'; roundTripMs: number | null }
  | { type: 'silent' }
  | { type: 'closed' }

/** What a piece of news changed, for those who watch. */
export type PeerChange = 'connected' | 'changed' | 'lost' | null

const ENDS: ReadonlySet<PeerNews['type']> = new Set(['silent', 'closed', 'missed', 'unreachable'])
/** Addresses beyond this are a sign of nonsense; the newest are kept. */
const MOST_ADDRESSES = 16
/**
 * A notice by a longer way may still come after the news that its device is gone; one that is not newer is believed again
 * only after this long. Gossip keeps messages for five of its heartbeats of a second.
 */
const STRAY_MS = 10_000
/** Far more than a home has; a stranger who invents devices fills a table of this size and no more. */
const MOST_PEERS = 2000

/**
 * The devices known to this one. Holds state and decides nothing but each peer's state:
 * `away` → (notice or beat on a connection) → `connected` → (no beat) → `silent` → (closed) → `away`.
 */
export class Peers {
  readonly #records = new Map<string, PeerRecord>()

  get(id: string): PeerRecord | undefined {
    return this.#records.get(id)
  }

  all(): PeerRecord[] {
    return [...this.#records.values()]
  }

  /** Brings back a device from an earlier run, last heard at `heardAt` on this run's clock (which is negative). */
  remember(id: string, ownName: string, addresses: readonly string[], heardAt: number): void {
    const record = this.#recordOf(id)
    record.ownName = ownName
    record.addresses = addresses.slice(0, MOST_ADDRESSES)
    record.heardAt = heardAt
    record.foundBy.add('remembered')
  }

  forget(id: string): void {
    this.#records.delete(id)
  }

  /** Takes a piece of news at the time `now`. */
  apply(id: string, news: PeerNews, now: number): PeerChange {
    // Of the end of what was never known there is nothing to keep.
    if (ENDS.has(news.type) && !this.#records.has(id)) return null
    const record = this.#recordOf(id)
    switch (news.type) {
      case 'found':
        record.foundBy.add(news.way)
        record.addresses = [...new Set([...news.addresses, ...record.addresses])].slice(0, MOST_ADDRESSES)
        if (SIGHTINGS.has(news.way)) record.sightedAt = now
        return null
      case 'notice':
        return this.#notice(record, news.capability, news.direct, now)
      case 'vouched':
        return vouched(record, news.capability, news.at)
      case 'missed':
        record.missedAt = now
        return 'changed'
      case 'unreachable':
        record.dialAt = news.until
        return 'changed'
      case 'beat':
        record.heardAt = now
        if (news.roundTripMs !== null) record.roundTripMs = news.roundTripMs
        // A beat without a notice tells nothing that could be shown or chosen yet.
        return record.capability === null ? null : becomeConnected(record)
      case 'silent':
        if (record.state !== 'connected') return null
        record.state = 'silent'
        return 'changed'
      case 'closed':
        record.roundTripMs = null
        if (record.state === 'away') return null
        record.state = 'away'
        return 'lost'
    }
  }

  #notice(record: PeerRecord, capability: Capability, direct: boolean, now: number): PeerChange {
    const known = record.capability?.instance === capability.instance ? record.capability : null
    if (!direct) {
      // Gossip may bring an older notice by a longer way, and repeats the newest.
      const isOld = known !== null && !record.isVouched && known.sequence > capability.sequence
      const isStray = known !== null && known.sequence >= capability.sequence && now - record.missedAt < STRAY_MS
      if (record.state !== 'away' || isOld || isStray) return null
    }
    const isNew = known?.sequence !== capability.sequence
    record.capability = capability
    record.ownName = capability.name
    record.noticedAt = now
    record.isVouched = false
    if (!direct) {
      record.heardOfAt = now
      return isNew ? 'changed' : null
    }
    record.heardAt = now
    return becomeConnected(record) ?? 'changed'
  }

  #recordOf(id: string): PeerRecord {
    const known = this.#records.get(id)
    if (known !== undefined) return known
    if (this.#records.size >= MOST_PEERS) this.#forgetOne()
    const record: PeerRecord = {
      id,
      ownName: id.slice(-8),
      addresses: [],
      foundBy: new Set(),
      state: 'away',
      capability: null,
      heardAt: -Infinity,
      noticedAt: -Infinity,
      heardOfAt: -Infinity,
      isVouched: false,
      sightedAt: -Infinity,
      missedAt: -Infinity,
      dialAt: -Infinity,
      roundTripMs: null
    }
    this.#records.set(id, record)
    return record
  }

  /** Makes room: of those that are away, the one heard longest ago; Map order decides between equals. */
  #forgetOne(): void {
    let oldest: PeerRecord | undefined
    for (const record of this.#records.values()) {
      if (record.state === 'away' && (oldest === undefined || record.heardAt < oldest.heardAt)) oldest = record
    }
    if (oldest !== undefined) this.#records.delete(oldest.id)
  }
}

/** The ways that tell of a device as it is now. */
const SIGHTINGS: ReadonlySet<FoundBy> = new Set<FoundBy>(['beacon', 'mdns', 'scan'])

/** Where a device can be dialled: as it was found, and as it says itself. */
export function addressesOf({ addresses, capability }: PeerRecord): string[] {
  return [...new Set([...addresses, ...(capability?.addresses ?? [])])].slice(0, MOST_ADDRESSES)
}

/** Whether a device is connected or worth a dial. */
export function isThere(record: PeerRecord, now: number): boolean {
  const { state, dialAt, addresses, capability } = record
  if (state !== 'away') return state === 'connected'
  const hasAddress = addresses.length > 0 || (capability?.addresses.length ?? 0) > 0
  return hasAddress && now >= dialAt && !isMissed(record)
}

/** Whether the last that is known of a device is that it does not answer. */
export function isMissed({ missedAt, heardOfAt, sightedAt }: PeerRecord): boolean {
  return missedAt > -Infinity && missedAt >= Math.max(heardOfAt, sightedAt)
}

/** Only what is later than all that is known counts; what the device itself says later counts more. */
function vouched(record: PeerRecord, capability: Capability, at: number): PeerChange {
  if (record.state !== 'away' || at <= Math.max(record.heardAt, record.heardOfAt)) return null
  const known = record.capability
  const isOlder = known?.instance === capability.instance && known.sequence >= capability.sequence
  // Whoever vouches for it may not have heard yet that it is gone.
  if (isOlder && at - record.missedAt < STRAY_MS) return null
  record.heardOfAt = at
  if (isOlder) return null
  record.capability = capability
  record.ownName = capability.name
  record.isVouched = true
  return 'changed'
}

function becomeConnected(record: PeerRecord): PeerChange {
  const before = record.state
  record.missedAt = -Infinity
  record.dialAt = -Infinity
  record.state = 'connected'
  if (before === 'away') return 'connected'
  return before === 'silent' ? 'changed' : null
}

/** A peer as users see it, under the name that is unique here. */
export function peerInfo(
  record: PeerRecord,
  name: string,
  now: number,
  state: PeerInfo['state'] = record.state
): PeerInfo {
  const { capability } = record
  const offer =
    state === 'away' || capability?.answering !== 'yes' ? undefined : capability.models.toSorted(byStrength)[0]
  return {
    name,
    id: record.id,
    state,
    model: offer?.name ?? null,
    tokensPerSecond: offer?.decodeRate ?? null,
    queue: capability?.queue ?? 0,
    roundTripMs: record.roundTripMs,
    foundBy: [...record.foundBy],
    lastSeenMs: state === 'connected' ? 0 : Math.max(0, now - Math.max(record.heardAt, record.heardOfAt)),
    addresses: record.addresses,
    version: capability?.version ?? null,
    hardware: capability?.hardware ?? null,
    answering: capability?.answering ?? null,
    resumesInMs:
      capability?.resumesInMs === undefined ? null : Math.max(0, record.noticedAt + capability.resumesInMs - now)
  }
}
