import { peerIdFromString } from '@libp2p/peer-id'
import { PeerUnreachableError } from '../errors.ts'
import type { PeerState } from '../interface.ts'
import { CAPABILITY_PROTOCOL, type CapabilityEvent, type Known, type Lost } from '../protocols/capability/index.ts'
import type { Clock } from '../protocols/clock.ts'
import { repeatMs } from '../protocols/notices/index.ts'
import { SYNC_PROTOCOL } from '../protocols/sync/index.ts'
import { FIRST_WAIT_MS } from './link-dials.ts'
import { Links } from './links.ts'
import { GROWN_MS, LINK_ALL_UP_TO, sizeOf, SMALL, type MeshSize } from './mesh-size.ts'
import type { MemberList, NeighbourNetwork } from './neighbours.ts'
import { addressesOf, isThere, type PeerNews, type PeerRecord, type Peers } from './peers.ts'
import { Reaching } from './reaching.ts'

/** The library's own streams, and ours that are kept open: on a connection with no other nothing runs. */
const KEPT_STREAMS: readonly string[] = [CAPABILITY_PROTOCOL, SYNC_PROTOCOL, '/meshsub/', '/ipfs/id/']
/** A device that was heard of by gossip repeats itself; one repetition may be lost. */
const REPETITIONS = 2.5

export interface LargeMeshInit {
  self: string
  members: MemberList
  /** Of all devices of the mesh, this one among them, by id. */
  names: () => ReadonlyMap<string, string>
  network: NeighbourNetwork
  peers: Peers
  /** Takes a piece of news about a device. */
  apply: (id: string, news: PeerNews) => void
  /** A member believes that this device is gone: it is to say that it is not, with a later notice. */
  refute: () => void
  linkAllUpTo?: number
  clock: Clock
  random: () => number
  signal: AbortSignal
}

/** What is different for a device in a mesh of many; in a small one it does nothing. */
export class LargeMesh {
  readonly #init: LargeMeshInit
  readonly #linkAllUpTo: number
  readonly #links: Links
  readonly #reaching: Reaching
  #size: MeshSize = SMALL
  #hasStarted = false

  constructor(init: LargeMeshInit) {
    const { members, network, peers, apply, clock, signal } = init
    this.#init = init
    this.#linkAllUpTo = init.linkAllUpTo ?? LINK_ALL_UP_TO
    this.#reaching = new Reaching({ network, peers, clock })
    this.#links = new Links({
      ...init,
      ...network.services,
      isMember: (id) => members.isMember(id),
      isBusy: (id) => this.#isBusy(id),
      hangUp: (id) => {
        network.hangUp(peerIdFromString(id)).catch(() => undefined)
      },
      probe: (id) => {
        const record = peers.get(id)
        if (record !== undefined) this.#reaching.reach(record, signal).catch(() => undefined)
      },
      missed: (id) => {
        apply(id, { type: 'missed' })
      },
      unreachable: (id, until) => {
        apply(id, { type: 'unreachable', until })
      }
    })
    this.measure()
  }

  /** The network runs by now. */
  start(): void {
    this.measure()
    this.#hasStarted = true
    if (this.isLarge) this.#links.start()
  }

  stop(): void {
    this.#links.stop()
  }

  get isLarge(): boolean {
    return this.#size.isLarge
  }

  /** Whom this device is connected with by its own choice. */
  get wanted(): ReadonlySet<string> {
    return this.#links.wanted
  }

  /** The members may have become more or fewer. */
  measure(): void {
    const { names, clock, signal } = this.#init
    if (signal.aborted) return
    const now = clock.monotonic()
    const { isLarge: wasLarge, overSince } = this.#size
    const measured = { members: names().size, linkAllUpTo: this.#linkAllUpTo, isStarting: !this.#hasStarted }
    this.#size = sizeOf(this.#size, measured, now)
    if (!this.isLarge && this.#size.overSince !== null && overSince === null) {
      clock.after(GROWN_MS, () => {
        this.measure()
      })
    }
    if (!this.#hasStarted) return
    if (this.isLarge && wasLarge) this.#links.soon()
    else if (this.isLarge) this.#links.start()
    else if (wasLarge) this.#keepAll()
  }

  /** As placement and people see it: whoever is not connected by choice, and was heard of lately, can be asked. */
  stateOf(record: PeerRecord): PeerState {
    if (!this.isLarge || record.state !== 'away' || record.capability === null) return record.state
    const now = this.#init.clock.monotonic()
    const unheardMs = now - Math.max(record.heardAt, record.heardOfAt)
    const isLate = unheardMs > REPETITIONS * repeatMs(this.#init.names().size)
    return isLate || !isThere(record, now) ? 'away' : 'reachable'
  }

  /**
   * Resolves when the device is connected and has said what it runs: at once, or after a dial.
   *
   * @throws {PeerUnreachableError} when it does not answer within three seconds, and the signal's reason
   */
  async reach(id: string, signal?: AbortSignal): Promise<void> {
    const { peers, names, apply, clock } = this.#init
    const record = peers.get(id)
    if (record === undefined || this.stateOf(record) !== 'reachable') return
    try {
      await this.#reaching.reach(record, signal)
    } catch (cause) {
      signal?.throwIfAborted()
      apply(id, { type: 'unreachable', until: clock.monotonic() + FIRST_WAIT_MS })
      const name = names().get(id) ?? record.ownName
      throw new PeerUnreachableError(`${name} was heard of, but does not answer.`, { cause })
    }
  }

  /** Whether a device that was found is one for the dialer. */
  found(id: string): boolean {
    if (!this.isLarge) return true
    this.#links.soon()
    // A connected one may have been restarted, which is for the dialer to say.
    return this.wanted.has(id) || this.#init.peers.get(id)?.state !== 'away'
  }

  /** A device said by gossip whom it has lost, and by that itself that it is there. */
  gossiped(teller: string, lost: readonly Lost[]): void {
    if (!this.isLarge) return
    const { self, peers, members, refute, clock } = this.#init
    const record = peers.get(teller)
    if (record !== undefined && isThere(record, clock.monotonic())) this.#links.heardOf(record)
    if (lost.some(({ peer }) => peer === self)) refute()
    for (const each of lost) if (members.isMember(each.peer)) this.#links.lostThere(teller, each)
  }

  /** A connected device said something that is for a mesh of many. */
  heard(event: CapabilityEvent): void {
    if (!this.isLarge) return
    if (event.type === 'spare') this.#links.spareThere(event.peer, event.spare)
    if (event.type === 'known') this.#toldKnown(event.known)
    if (event.type === 'closed') this.#links.streamEnded(event.peer)
  }

  /** News of a device were taken. */
  applied(record: PeerRecord, before: PeerRecord['state'] | undefined, { type }: PeerNews): void {
    const { id, state } = record
    if (state === 'connected') this.#reaching.spoke(id)
    // Whoever is no member is hung up on, and not called back.
    if (!this.isLarge || !this.#init.members.isMember(id)) return
    // With each notice: it is the first word on a stream, and a stream may be a new one.
    if (state === 'connected' && (before !== 'connected' || type === 'notice')) this.#links.connected(record)
    if (state !== 'connected' && before === 'connected') this.#links.lost(record)
  }

  /** It is no member any more. */
  forget(id: string): void {
    this.#links.forget(id)
    this.measure()
  }

  slept(): void {
    if (this.isLarge) this.#links.slept()
  }

  /** Another member says whom it knows. Of each device only later news counts. */
  #toldKnown(known: readonly Known[]): void {
    const { self, members, peers, apply, clock } = this.#init
    const now = clock.monotonic()
    for (const { peer, capability, agoMs } of known) {
      if (peer === self || !members.isMember(peer)) continue
      const before = peers.get(peer)?.heardOfAt
      apply(peer, { type: 'vouched', capability, at: now - agoMs })
      if (capability.addresses.length === 0 || peers.get(peer)?.heardOfAt === before) continue
      apply(peer, { type: 'found', way: 'gossip', addresses: capability.addresses })
    }
    this.#links.soon()
  }

  #keepAll(): void {
    const { peers, members, network } = this.#init
    this.#links.stop()
    for (const record of peers.all()) {
      const [way = 'remembered'] = record.foundBy
      const addresses = addressesOf(record)
      if (addresses.length === 0 || !members.isMember(record.id)) continue
      network.services.dialer.found({ id: record.id, addresses, way, instance: null })
    }
  }

  #isBusy(id: string): boolean {
    const isKept = ({ protocol }: { protocol: string }) => KEPT_STREAMS.some((kept) => protocol.startsWith(kept))
    const connections = this.#init.network.getConnections(peerIdFromString(id))
    return connections.some(({ streams }) => !streams.every(isKept))
  }
}
