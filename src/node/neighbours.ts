import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Capability, Discovery, FoundBy, MeshEvent, PeerInfo } from '../interface.ts'
import type { CapabilityEvent, CapabilityService, Known } from '../protocols/capability/index.ts'
import { systemClock, type Clock } from '../protocols/clock.ts'
import { networkWatch } from '../protocols/discovery/index.ts'
import type { Beacon, Dialer, Found, Mdns, NetworkWatch } from '../protocols/discovery/index.ts'
import type { Notice, Notices } from '../protocols/notices/index.ts'
import { PeerUnreachableError } from '../errors.ts'
import { knownOf } from './asking-around.ts'
import { reasonOf } from './files.ts'
import { dialUntilThere, type GivenAddress } from './given-addresses.ts'
import { HangUps } from './hang-ups.ts'
import { LargeMesh } from './large-mesh.ts'
import { displayNames, type NamedDevice } from './names.ts'
import type { Network } from './network.ts'
import { OwnerWarnings } from './owner-warnings.ts'
import { pause } from './pause.ts'
import { peerInfo, Peers, type PeerChange, type PeerNews, type PeerRecord } from './peers.ts'
import { DIAL_TIMEOUT_MS } from './reaching.ts'
import type { PeerStore, RememberedPeer } from './stores.ts'

/** A new stream on a connection that stands takes milliseconds; answers that run there need not suffer meanwhile. */
const REOPENED_WITHIN_MS = 1000
/** The dialer tells of nobody's failure, so it is looked at; at this pace nobody waits noticeably longer. */
const LOOK_AGAIN_MS = 20
/** A device may take the connection and speak another release's protocols: then nothing more comes of it. */
const LOOK_AT_MOST_MS = 5000
/** As many as the dialer keeps; the ones that were seen last are those that are likely there. */
const MOST_DIALLED_AT_START = 64
/** Of copies of a home there are few; more are forged, for beacons are not signed. */
const MOST_CLONES = 16

/** What is needed of the network. */
export interface NeighbourNetwork extends Pick<Network, 'dial' | 'hangUp' | 'addEventListener' | 'getConnections'> {
  services: {
    capability: Pick<CapabilityService, 'listen' | 'spare' | 'askKnown'>
    notices: Pick<Notices, 'listen' | 'lost' | 'renew'>
    dialer: Pick<Dialer, 'found' | 'forget' | 'known' | 'networkChanged'>
    beacon?: Pick<Beacon, 'addEventListener' | 'announce'>
    mdns?: Pick<Mdns, 'addEventListener' | 'restart'>
  }
}

/** Who belongs to the mesh. */
export interface MemberList {
  isMember: (id: string) => boolean
  /** The members, this device among them; empty outside any mesh. */
  named: () => NamedDevice[]
  /** A member has said which roster it has. */
  rosterOf: (id: string, digest: string | null) => void
  /** Another value whenever `named` may give another list. @default never the same */
  version?: () => unknown
}

export interface NeighboursInit {
  self: { id: string; ownName: string; version: string }
  members: MemberList
  /** Null where this process speaks to no other device. */
  network: NeighbourNetwork | null
  store: PeerStore
  /** Addresses that the owner gave. */
  connect: GivenAddress[]
  emit: (event: MeshEvent) => void
  /** Nobody should wait for this peer any longer. */
  lost: (peerId: string, how: 'silent' | 'closed') => void
  /** A member believes that this device is gone: it is to say that it is not, with a later notice. */
  refute?: () => void
  /** In a mesh of more members each device is connected with a few, and hears of the rest by gossip. @default 32 */
  linkAllUpTo?: number
  clock?: Clock
  watch?: NetworkWatch
  /** From 0 up to but not including 1. @default Math.random */
  random?: () => number
}

/** The other devices: brings together what discovery, connections, heartbeats and gossip tell of them. */
export class Neighbours {
  readonly peers = new Peers()
  readonly #init: NeighboursInit
  readonly #clock: Clock
  readonly #watch: NetworkWatch
  readonly #hangUps: HangUps
  readonly #warnings: OwnerWarnings
  readonly #stopped = new AbortController()
  readonly #clones = new Set<string>()
  /** What is different in a mesh of many; null where this process speaks to no other device. */
  readonly #large: LargeMesh | null
  #names: { version: unknown; names: Map<string, string> } | undefined
  #remembered: Promise<void> = Promise.resolve()
  #hasDialledGiven = false

  constructor(init: NeighboursInit) {
    this.#init = init
    this.#clock = init.clock ?? systemClock
    this.#watch = init.watch ?? networkWatch()()
    this.#hangUps = new HangUps((id) => {
      void init.network?.hangUp(peerIdFromString(id)).catch(() => undefined)
    }, this.#clock)
    this.#warnings = new OwnerWarnings((message) => {
      init.emit({ type: 'warning', message })
    })
    const { monotonic, wall } = this.#clock
    for (const { id, name, addresses, seen } of this.#rememberedMembers()) {
      this.peers.remember(id, name, addresses, monotonic() - Math.max(0, wall() - seen))
    }
    this.#large = init.network === null ? null : this.#largeMesh(init.network)
    if (init.network !== null) this.#attach(init.network)
  }

  /** Dials those that were remembered and given. The network runs by now. */
  start(): void {
    const { network } = this.#init
    if (network === null) return
    this.#large?.start()
    this.#remembered = this.#large?.isLarge === true ? this.#oneIsThere() : this.#dialRemembered(network)
    this.#watch.start()
    this.dialGiven()
  }

  /** Dials what the owner gave, once this device has a mesh: before that nobody there would speak to it. */
  dialGiven(): void {
    const { connect, emit, members, self } = this.#init
    if (this.#hasDialledGiven || !members.isMember(self.id)) return
    this.#hasDialledGiven = true
    for (const given of connect) {
      void dialUntilThere(given, {
        dial: (address) => this.dialAddress(address, 'address', this.#stopped.signal),
        warn: (message) => {
          emit({ type: 'warning', message })
        },
        clock: this.#clock,
        signal: this.#stopped.signal
      })
    }
  }

  /** Settles when every device that was remembered at the start is connected, or could not be dialled. */
  get remembered(): Promise<void> {
    return this.#remembered
  }

  /** Addresses at which another process with this device's identity was heard. */
  get clones(): readonly string[] {
    return [...this.#clones]
  }

  /** From now on nothing that happens is told or kept: the peers that leave with the network are no news. */
  stop(): void {
    for (const record of this.peers.all()) if (record.state !== 'away') this.#remember(record.id)
    this.#stopped.abort(new Error('the node stops'))
    this.#watch.stop()
    this.#hangUps.stop()
    this.#large?.stop()
  }

  /** Unique names by id, this device's among them; the same on all devices. */
  names(): Map<string, string> {
    const { self, members } = this.#init
    const version = members.version?.() ?? {}
    if (this.#names?.version === version) return this.#names.names
    const named = members.named()
    const names = displayNames(named.some(({ id }) => id === self.id) ? named : [{ ...self, order: 0 }])
    this.#names = { version, names }
    return names
  }

  /** Whom this device is connected with by its own choice; everybody, where the mesh is small. */
  get wanted(): ReadonlySet<string> {
    const { self, members } = this.#init
    if (this.#large?.isLarge === true) return this.#large.wanted
    return new Set(members.named().flatMap(({ id }) => (id === self.id ? [] : [id])))
  }

  /** What this device knows of the others, for one that asks. */
  known(): Known[] {
    return knownOf(this.peers, this.#clock.monotonic())
  }

  /** As placement and people see it: `reachable` is who is not connected, and would be when it is asked. */
  stateOf(record: PeerRecord): PeerInfo['state'] {
    return this.#large?.stateOf(record) ?? record.state
  }

  /**
   * Resolves when a device that is `reachable` is connected and has said what it runs, and for any other one at once.
   *
   * @throws {PeerUnreachableError} when it does not answer within three seconds, and the signal's reason
   */
  async reach(id: string, signal?: AbortSignal): Promise<void> {
    await this.#large?.reach(id, signal)
  }

  /** It is no member any more: nothing is known of it, and nobody waits for it. */
  forget(id: string): void {
    const { network, store } = this.#init
    network?.services.dialer.forget(id)
    this.#apply(id, { type: 'closed' })
    this.#hangUps.over(id)
    this.peers.forget(id)
    this.#large?.forget(id)
    store.forget(id)
  }

  /** It is shown by another name now, here too. */
  renamed(id: string): void {
    this.#tell(id, 'changed')
  }

  /** A device has become a member, at these addresses. */
  admitted(id: string, addresses: string[]): void {
    // The short connection on which the two paired counts as a dial that failed, after which one waits.
    this.#init.network?.services.dialer.forget(id)
    this.#large?.measure()
    if (addresses.length > 0) this.#found({ id, addresses, way: 'incoming', instance: null })
  }

  /** Those that were ever spoken to, connected ones first. */
  list(): PeerInfo[] {
    const names = this.names()
    const now = this.#clock.monotonic()
    const order: PeerInfo['state'][] = ['connected', 'silent', 'reachable', 'away']
    return this.peers
      .all()
      .filter((record) => names.has(record.id) && wasSpokenTo(record))
      .map((record) => peerInfo(record, names.get(record.id) ?? record.ownName, now, this.stateOf(record)))
      .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (a.name < b.name ? -1 : 1))
  }

  /** Names of the devices that would take an ask for that model now. */
  alsoAnsweringWith(hash: string): string[] {
    const names = this.names()
    return this.peers
      .all()
      .filter((record) => ['connected', 'reachable'].includes(this.stateOf(record)))
      .filter(({ capability }) => capability?.answering === 'yes')
      .filter(({ capability }) => capability?.models.some((model) => model.hash === hash) === true)
      .map(({ id, ownName }) => names.get(id) ?? ownName)
  }

  /** All devices of the mesh that were heard of, and how. */
  discoveries(): Discovery[] {
    const { network, members } = this.#init
    const names = this.names()
    const known = network?.services.dialer.known().filter(({ id }) => members.isMember(id)) ?? []
    return known.map(({ id, foundBy, addresses, connected, dialError }) => {
      const ways = new Set<FoundBy>([...foundBy, ...(this.peers.get(id)?.foundBy ?? [])])
      return { id, name: names.get(id) ?? id.slice(-8), foundBy: [...ways], addresses, connected, dialError }
    })
  }

  /** Dials an address whose owner is not known yet; Noise tells who it is. */
  async dialAddress(address: string, way: FoundBy, signal?: AbortSignal): Promise<void> {
    const { network } = this.#init
    if (network === null) return
    const patience = AbortSignal.timeout(DIAL_TIMEOUT_MS)
    const connection = await network.dial(multiaddr(address), {
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience])
    })
    const id = connection.remotePeer.toString()
    // While this device asks to be let in somewhere, strangers can be dialled.
    if (!this.#init.members.isMember(id)) throw new PeerUnreachableError('no device of this mesh')
    this.#found({ id, addresses: [address], way, instance: null })
  }

  #rememberedMembers(): RememberedPeer[] {
    const { store, members } = this.#init
    return store.all().filter(({ id }) => members.isMember(id))
  }

  #dialRemembered(network: NeighbourNetwork): Promise<void> {
    const dialled = this.#rememberedMembers()
      .slice(0, MOST_DIALLED_AT_START)
      .filter(({ addresses }) => addresses.length > 0)
    for (const { id, addresses } of dialled) {
      network.services.dialer.found({ id, addresses, way: 'remembered', instance: null })
    }
    return this.#decided(new Set(dialled.map(({ id }) => id)))
  }

  async #decided(ids: ReadonlySet<string>): Promise<void> {
    const { signal } = this.#stopped
    const until = this.#clock.monotonic() + LOOK_AT_MOST_MS
    const isUndecided = ({ id, dialError }: Pick<Discovery, 'id' | 'dialError'>) =>
      ids.has(id) && dialError === null && this.peers.get(id)?.state === 'away'
    while (this.#init.network?.services.dialer.known().some(isUndecided) === true) {
      await pause(this.#clock, LOOK_AGAIN_MS, signal)
      if (signal.aborted || this.#clock.monotonic() >= until) return
    }
  }

  #attach(network: NeighbourNetwork): void {
    const { beacon, mdns, capability, notices, dialer } = network.services
    const onFound = ({ detail }: CustomEvent<Found>) => {
      this.#found(detail)
    }
    beacon?.addEventListener('found', onFound)
    mdns?.addEventListener('found', onFound)
    beacon?.addEventListener('clone', ({ detail }) => {
      if (this.#clones.size < MOST_CLONES) this.#clones.add(detail.address)
      this.#warnings.clone(detail.address)
    })
    capability.listen((event) => {
      this.#heard(event)
    })
    notices.listen((notice) => {
      this.#gossiped(notice)
    })
    network.addEventListener('connection:open', ({ detail }: CustomEvent<Connection>) => {
      const id = detail.remotePeer.toString()
      if (!this.#init.members.isMember(id)) return
      if (detail.direction === 'inbound' && (this.peers.get(id)?.foundBy.size ?? 0) === 0) {
        this.#apply(id, { type: 'found', way: 'incoming', addresses: [] })
      }
    })
    network.addEventListener('peer:disconnect', ({ detail }: CustomEvent<PeerId>) => {
      const id = detail.toString()
      // The dialer knows whoever connected; one that stood at the door is not for it to call back.
      if (!this.#init.members.isMember(id)) dialer.forget(id)
      this.#remember(id)
      this.#apply(id, { type: 'closed' })
    })
    this.#watch.addEventListener('change', ({ detail }) => {
      dialer.networkChanged()
      if (detail.sleptMs > 0) this.#large?.slept()
      beacon?.announce()
      if (detail.added.length === 0 && detail.removed.length === 0) return
      mdns?.restart().catch((err: unknown) => {
        this.#init.emit({ type: 'warning', message: `mDNS does not work since the network changed: ${reasonOf(err)}.` })
      })
    })
  }

  #found(found: Found): void {
    if (found.id === this.#init.self.id || !this.#init.members.isMember(found.id)) return
    this.#apply(found.id, { type: 'found', way: found.way, addresses: found.addresses })
    if (this.#large?.found(found.id) === true) this.#init.network?.services.dialer.found(found)
  }

  /** What came by gossip: a device's own notice, and whom it has lost. */
  #gossiped({ peer, capability, lost = [] }: Notice): void {
    const { members } = this.#init
    members.rosterOf(peer, capability.roster)
    this.#warnings.instance({ id: peer, name: this.names().get(peer) ?? peer }, capability.instance)
    this.#apply(peer, { type: 'notice', capability, direct: false })
    const record = this.peers.get(peer)
    if (record?.state !== 'connected' && capability.addresses.length > 0) {
      this.#found({ id: peer, addresses: capability.addresses, way: 'gossip', instance: null })
    }
    this.#large?.gossiped(peer, lost)
  }

  #heard(event: CapabilityEvent): void {
    switch (event.type) {
      case 'notice':
        this.#apply(event.peer, { type: 'notice', capability: event.capability, direct: true })
        this.#init.members.rosterOf(event.peer, event.capability.roster)
        this.#warnOf(event.peer, event.capability)
        break
      case 'beat':
        this.#apply(event.peer, { type: 'beat', roundTripMs: event.roundTripMs })
        break
      case 'silent':
        this.#apply(event.peer, { type: 'silent' })
        break
      case 'spare':
      case 'known':
        this.#large?.heard(event)
        break
      case 'closed':
        this.#large?.heard(event)
        if (event.connected) this.#awaitWord(event.peer)
        else this.#apply(event.peer, { type: 'closed' })
        break
    }
  }

  /** A stream broke on a connection that stands: another one is opened, and only if nothing comes is that silence. */
  #awaitWord(id: string): void {
    const heardAt = this.peers.get(id)?.heardAt
    this.#clock.after(REOPENED_WITHIN_MS, () => {
      if (this.peers.get(id)?.heardAt === heardAt) this.#apply(id, { type: 'silent' })
    })
  }

  #apply(id: string, news: PeerNews): void {
    if (this.#stopped.signal.aborted) return
    const before = this.peers.get(id)?.state
    const change = this.peers.apply(id, news, this.#clock.monotonic())
    const record = this.peers.get(id)
    const after = record?.state
    if (after === 'silent') this.#hangUps.silent(id)
    else this.#hangUps.over(id)
    if (before === 'connected' && after !== 'connected') this.#init.lost(id, after === 'silent' ? 'silent' : 'closed')
    if (change === 'connected') this.#remember(id)
    if (record !== undefined) this.#large?.applied(record, before, news)
    this.#tell(id, change)
  }

  #tell(id: string, change: PeerChange): void {
    const record = this.peers.get(id)
    const name = this.names().get(id)
    if (change === null || record === undefined || name === undefined || !wasSpokenTo(record)) return
    const peer = peerInfo(record, name, this.#clock.monotonic(), this.stateOf(record))
    if (change === 'lost') this.#init.emit({ type: 'peer-lost', peer, reason: 'the connection ended' })
    else this.#init.emit({ type: change === 'connected' ? 'peer-connected' : 'peer-changed', peer })
  }

  #largeMesh(network: NeighbourNetwork): LargeMesh {
    const { self, members, linkAllUpTo, refute = () => undefined, random = Math.random } = this.#init
    return new LargeMesh({
      self: self.id,
      members,
      names: () => this.names(),
      network,
      peers: this.peers,
      apply: (id, news) => {
        this.#apply(id, news)
      },
      refute,
      ...(linkAllUpTo !== undefined && { linkAllUpTo }),
      clock: this.#clock,
      random,
      signal: this.#stopped.signal
    })
  }

  /** Of a large mesh the first neighbour tells who else is there. */
  async #oneIsThere(): Promise<void> {
    const { signal } = this.#stopped
    const until = this.#clock.monotonic() + LOOK_AT_MOST_MS
    while (!this.peers.all().some(({ state, isVouched }) => state === 'connected' || isVouched)) {
      await pause(this.#clock, LOOK_AGAIN_MS, signal)
      if (signal.aborted || this.#clock.monotonic() >= until) return
    }
  }

  #remember(id: string): void {
    const record = this.peers.get(id)
    if (record?.capability == null || this.#stopped.signal.aborted) return
    const addresses = [...new Set([...record.addresses, ...record.capability.addresses])]
    this.#init.store.save({ id, name: record.ownName, addresses, seen: this.#clock.wall() })
  }

  #warnOf(id: string, { version, instance }: Capability): void {
    if (this.#stopped.signal.aborted) return
    const name = this.names().get(id) ?? id
    this.#warnings.versionsApart({ id, name, version }, this.#init.self.version)
    this.#warnings.instance({ id, name }, instance)
  }
}

function wasSpokenTo({ heardAt, capability }: PeerRecord): boolean {
  return heardAt > -Infinity || capability !== null
}
