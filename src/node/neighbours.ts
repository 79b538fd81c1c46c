import { setTimeout as delay } from 'node:timers/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Discovery, FoundBy, MeshEvent, PeerInfo } from '../interface.ts'
import type { CapabilityEvent } from '../protocols/capability/index.ts'
import { networkWatch, type Found, type NetworkWatch } from '../protocols/discovery/index.ts'
import { keepDialling } from './given-addresses.ts'
import { displayNames } from './names.ts'
import type { Network } from './network.ts'
import { peerInfo, Peers, type PeerChange, type PeerNews } from './peers.ts'
import type { PeerStore } from './stores.ts'

/**
 * A connection on which nothing comes is given up after this long: TCP would take minutes to send again over a cable
 * that is back, a new connection takes milliseconds. A device that only sleeps finds its way back by beacon.
 */
const HANG_UP_AFTER_MS = 15_000
/** A LAN answers in milliseconds; a suspended device takes the connection and never speaks. */
const DIAL_TIMEOUT_MS = 3000
/** The dialer tells of nobody's failure, so it is looked at; at this pace nobody waits noticeably longer. */
const LOOK_AGAIN_MS = 20

export interface NeighboursInit {
  self: { id: string; ownName: string; version: string }
  network: Network | null
  store: PeerStore
  /** Addresses that the owner gave. */
  connect: string[]
  emit: (event: MeshEvent) => void
  /** Nobody should wait for this peer any longer. */
  lost: (peerId: string, how: 'silent' | 'closed') => void
}

/** The other devices: brings together what discovery, connections, heartbeats and gossip tell of them. */
export class Neighbours {
  readonly peers = new Peers()
  readonly #init: NeighboursInit
  readonly #watch: NetworkWatch = networkWatch()()
  readonly #hangUps = new Map<string, NodeJS.Timeout>()
  readonly #warned = new Set<string>()
  readonly #stopped = new AbortController()
  #clones: string[] = []
  /** Settles when every device that was remembered at the start is connected, or could not be dialled. */
  readonly remembered: Promise<void>

  constructor(init: NeighboursInit) {
    this.#init = init
    const { store } = init
    for (const { id, name, addresses, seen } of store.all()) {
      this.peers.remember(id, name, addresses, performance.now() - Math.max(0, Date.now() - seen))
    }
    if (init.network !== null) this.#attach(init.network)
    this.remembered = this.#dialledAll(store.all().map(({ id }) => id))
  }

  /** Addresses at which another process with this device's identity was heard. */
  get clones(): readonly string[] {
    return this.#clones
  }

  stop(): void {
    this.#stopped.abort(new Error('the node stops'))
    this.#watch.stop()
    for (const timer of this.#hangUps.values()) clearTimeout(timer)
    for (const record of this.peers.all()) if (record.state !== 'away') this.#remember(record.id)
  }

  /** Unique names by id, this device's among them. */
  names(): Map<string, string> {
    const { id, ownName } = this.#init.self
    return displayNames([{ id, ownName, order: 0 }, ...this.peers.all().map((peer) => ({ ...peer, order: 0 }))])
  }

  /** Those that were ever spoken to, connected ones first. */
  list(): PeerInfo[] {
    const names = this.names()
    const now = performance.now()
    const order: PeerInfo['state'][] = ['connected', 'silent', 'away']
    return this.peers
      .all()
      .filter(({ heardAt, capability }) => heardAt > -Infinity || capability !== null)
      .map((record) => peerInfo(record, names.get(record.id) ?? record.ownName, now))
      .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (a.name < b.name ? -1 : 1))
  }

  /** All that were heard of, and how. */
  discoveries(): Discovery[] {
    const names = this.names()
    return (this.#init.network?.services.dialer.known() ?? []).map(
      ({ id, foundBy, addresses, connected, dialError }) => {
        const ways = new Set<FoundBy>([...foundBy, ...(this.peers.get(id)?.foundBy ?? [])])
        return { id, name: names.get(id) ?? id.slice(-8), foundBy: [...ways], addresses, connected, dialError }
      }
    )
  }

  /** Dials an address whose owner is not known yet; Noise tells who it is. */
  async dialAddress(address: string, way: FoundBy, signal?: AbortSignal): Promise<void> {
    const { network } = this.#init
    if (network === null) return
    const patience = AbortSignal.timeout(DIAL_TIMEOUT_MS)
    const connection = await network.dial(multiaddr(address), {
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience])
    })
    this.#found({ id: connection.remotePeer.toString(), addresses: [address], way, instance: null })
  }

  async #dialledAll(ids: string[]): Promise<void> {
    const isUndecided = ({ id, dialError }: Pick<Discovery, 'id' | 'dialError'>) =>
      ids.includes(id) && dialError === null && this.peers.get(id)?.state === 'away'
    while (this.#init.network?.services.dialer.known().some(isUndecided) === true) {
      await delay(LOOK_AGAIN_MS, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => undefined)
      if (this.#stopped.signal.aborted) return
    }
  }

  #attach(network: Network): void {
    const { beacon, mdns, capability, notices, dialer } = network.services
    const onFound = ({ detail }: CustomEvent<Found>) => {
      this.#found(detail)
    }
    beacon?.addEventListener('found', onFound)
    mdns?.addEventListener('found', onFound)
    beacon?.addEventListener('clone', ({ detail }) => {
      this.#clone(detail.address)
    })
    capability.listen((event) => {
      this.#heard(event)
    })
    notices.listen(({ peer, capability: notice }) => {
      this.#apply(peer, { type: 'notice', capability: notice, direct: false })
      if (this.peers.get(peer)?.state !== 'connected' && notice.addresses.length > 0) {
        this.#found({ id: peer, addresses: notice.addresses, way: 'gossip', instance: null })
      }
    })
    network.addEventListener('connection:open', ({ detail }: CustomEvent<Connection>) => {
      const id = detail.remotePeer.toString()
      if (detail.direction === 'inbound' && (this.peers.get(id)?.foundBy.size ?? 0) === 0) {
        this.#apply(id, { type: 'found', way: 'incoming', addresses: [] })
      }
    })
    network.addEventListener('peer:disconnect', ({ detail }: CustomEvent<PeerId>) => {
      this.#remember(detail.toString())
      this.#apply(detail.toString(), { type: 'closed' })
    })
    this.#watch.addEventListener('change', ({ detail }) => {
      dialer.networkChanged()
      beacon?.announce()
      if (detail.added.length > 0 || detail.removed.length > 0) void mdns?.restart()
    })
    this.#watch.start()
    for (const { id, addresses } of this.peers.all()) {
      if (addresses.length > 0) dialer.found({ id, addresses, way: 'remembered', instance: null })
    }
    keepDialling(this.#init.connect, {
      dial: (address) => this.dialAddress(address, 'address', this.#stopped.signal),
      warn: (message) => {
        this.#init.emit({ type: 'warning', message })
      },
      signal: this.#stopped.signal
    })
  }

  #found(found: Found): void {
    if (found.id === this.#init.self.id) return
    this.#apply(found.id, { type: 'found', way: found.way, addresses: found.addresses })
    this.#init.network?.services.dialer.found(found)
  }

  #heard(event: CapabilityEvent): void {
    switch (event.type) {
      case 'notice':
        this.#warnOfVersion(event.peer, event.capability.version)
        this.#apply(event.peer, { type: 'notice', capability: event.capability, direct: true })
        break
      case 'beat':
        this.#apply(event.peer, { type: 'beat', roundTripMs: event.roundTripMs })
        break
      case 'silent':
        this.#apply(event.peer, { type: 'silent' })
        break
      case 'closed':
        // While the connection stands another stream is opened; until then nothing is heard.
        this.#apply(event.peer, event.connected ? { type: 'silent' } : { type: 'closed' })
        break
    }
  }

  #apply(id: string, news: PeerNews): void {
    const before = this.peers.get(id)?.state
    const change = this.peers.apply(id, news, performance.now())
    const after = this.peers.get(id)?.state
    if (after !== 'silent') this.#stopHangUp(id)
    if (after === 'silent' && before !== 'silent') this.#startHangUp(id)
    if (before === 'connected' && after !== 'connected') this.#init.lost(id, after === 'silent' ? 'silent' : 'closed')
    if (change === 'connected') this.#remember(id)
    this.#tell(id, change)
  }

  #tell(id: string, change: PeerChange): void {
    if (change === null) return
    const peer = this.list().find((each) => each.id === id)
    if (peer === undefined) return
    if (change === 'lost') this.#init.emit({ type: 'peer-lost', peer, reason: 'the connection ended' })
    else this.#init.emit({ type: change === 'connected' ? 'peer-connected' : 'peer-changed', peer })
  }

  #startHangUp(id: string): void {
    const timer = setTimeout(() => {
      this.#hangUps.delete(id)
      void this.#init.network?.hangUp(peerIdFromString(id)).catch(() => undefined)
    }, HANG_UP_AFTER_MS)
    timer.unref()
    this.#hangUps.set(id, timer)
  }

  #stopHangUp(id: string): void {
    clearTimeout(this.#hangUps.get(id))
    this.#hangUps.delete(id)
  }

  #remember(id: string): void {
    const record = this.peers.get(id)
    if (record?.capability == null) return
    const addresses = [...new Set([...record.addresses, ...record.capability.addresses])]
    this.#init.store.save({ id, name: record.ownName, addresses, seen: Date.now() })
  }

  #clone(address: string): void {
    this.#clones = [...this.#clones, address]
    this.#warnOnce(
      `clone ${address}`,
      `Another process uses this device's identity, at ${address}. Was the home copied? Give that copy a home of its own ` +
        '(--home), or remove its identity folder: then it is a new device.'
    )
  }

  #warnOfVersion(id: string, version: string): void {
    const own = this.#init.self.version
    if (major(version) === major(own)) return
    const name = this.names().get(id) ?? id
    this.#warnOnce(`version ${id}`, `${name} runs ownmesh ${version}, this device ${own}: update the older one.`)
  }

  #warnOnce(key: string, message: string): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#init.emit({ type: 'warning', message })
  }
}

/** Until 1.0 each minor release may change the protocols. */
function major(version: string): string {
  const [first = '', second = ''] = version.split('.')
  return first === '0' ? `${first}.${second}` : first
}
