import type { Capability, FoundBy, PeerInfo, PeerState } from '../interface.ts'
import { byStrength } from './size-class.ts'

/** What is known of one other device. Times are this device's monotonic milliseconds. */
export interface PeerRecord {
  id: string
  /** As the device calls itself, or as it was remembered; several may share one. */
  ownName: string
  addresses: string[]
  foundBy: Set<FoundBy>
  state: PeerState
  capability: Capability | null
  /** When the capability or a heartbeat was last received; -Infinity before the first. */
  heardAt: number
  /** When the capability was last received, directly or by gossip; -Infinity before the first. */
  noticedAt: number
  /** When gossip last brought a notice that it signed; -Infinity before the first. */
  heardOfAt: number
  roundTripMs: number | null
}

/** What the world tells the registry about a peer. */
export type PeerNews =
  | { type: 'found'; way: FoundBy; addresses: readonly string[] }
  | { type: 'notice'; capability: Capability; direct: boolean }
  | { type: 'beat'; roundTripMs: number | null }
  | { type: 'silent' }
  | { type: 'closed' }

/** What a piece of news changed, for those who watch. */
export type PeerChange = 'connected' | 'changed' | 'lost' | null

/** Addresses beyond this are a sign of nonsense; the newest are kept. */
const MOST_ADDRESSES = 16
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
    if ((news.type === 'silent' || news.type === 'closed') && !this.#records.has(id)) return null
    const record = this.#recordOf(id)
    switch (news.type) {
      case 'found':
        record.foundBy.add(news.way)
        record.addresses = [...new Set([...news.addresses, ...record.addresses])].slice(0, MOST_ADDRESSES)
        return null
      case 'notice':
        return this.#notice(record, news.capability, news.direct, now)
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
    // Gossip may bring an older notice by a longer way, and repeats the newest.
    if (!direct && (record.state !== 'away' || (known !== null && known.sequence > capability.sequence))) return null
    const isNew = known?.sequence !== capability.sequence
    record.capability = capability
    record.ownName = capability.name
    record.noticedAt = now
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

function becomeConnected(record: PeerRecord): PeerChange {
  const before = record.state
  record.state = 'connected'
  if (before === 'away') return 'connected'
  return before === 'silent' ? 'changed' : null
}

/** A peer as users see it, under the name that is unique here. */
export function peerInfo(record: PeerRecord, name: string, now: number): PeerInfo {
  const { capability, state } = record
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
