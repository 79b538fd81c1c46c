/**
 * How devices find each other: a UDP beacon and mDNS say where a device listens, `redial` decides when to dial, the
 * network watch tells when to do it all again, and the diagnosis says why it does not work. What is said is the
 * `Voice`: members of a mesh speak under its tag, an open door by the mesh's two words, a newcomer knocks. Nothing here
 * is proved: who is found is a candidate until Noise has proved its PeerId and the roster has admitted it.
 *
 * @example
 *
 * ```ts
 * const voice = { mesh: meshTag(roster.mesh), door: null, looking: false }
 * const node = await createLibp2p({ ..., services: { beacon: beacon({ voice }), mdns: mdns({ voice }) } })
 * node.services.beacon.addEventListener('found', ({ detail }) => { dialer.found(detail) })
 * node.services.beacon.speak({ ...voice, door: doorWords(roster.mesh) })
 * ```
 */
import { UdpBeacon } from './beacon.ts'
import { RedialingDialer } from './dialer.ts'
import { WrappedMdns } from './mdns.ts'
import { PollingNetworkWatch } from './network-watch.ts'
import type { Connection, Libp2pEvents, PeerId, TypedEventTarget } from '@libp2p/interface'
import type { MulticastDNSComponents } from '@libp2p/mdns'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Discovery, FoundBy } from '../../interface.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { DialFailure } from './dial-error.ts'
import type { InterfaceTable } from './interfaces.ts'

export type { DialFailure } from './dial-error.ts'
export { diagnose } from './diagnosis.ts'
export type { NetworkFacts } from './diagnosis.ts'
export type { InterfaceTable } from './interfaces.ts'
export { readNetworkFacts } from './network-facts.ts'
export type { Run, SystemFacts } from './network-facts.ts'
export { parseConnectAddress, parseListenAddress } from './address.ts'
export { COMMON_TAG, DEFAULT_BEACON_PORT, DEFAULT_PORT, meshTag } from './constants.ts'
export { scan } from './scan.ts'
export type { ScanOptions } from './scan.ts'

// ---------------------------------------------------------------- what is said and heard

/** What this device says of itself on the network. All null and false: nothing, but it listens all the same. */
export interface Voice {
  /** `meshTag(id)` of the mesh that it is a member of, or null. Members of one mesh find each other under it. */
  mesh: string | null
  /** The mesh's two words as a number, 0 to 65535, while its door is open; otherwise null. */
  door: number | null
  /** Whether it looks for a mesh: it knocks, with its PeerId alone, and asks for open doors. */
  looking: boolean
}

/** A device was heard of. It comes again and again while the device is there, at most once a second when unchanged. */
export interface Found {
  /** PeerId in base58, claimed and not yet proved. */
  id: string
  /** Multiaddrs without `/p2p`, worth dialling from here, at least one. */
  addresses: string[]
  way: FoundBy
  /** Changes when the device's process restarts; null where the way does not tell. */
  instance: string | null
}

/** A device whose door is open, in whichever mesh, the own one included. As often as `Found`. */
export interface FoundDoor extends Found {
  /** The mesh's two words as a number, 0 to 65535; null from a release that does not tell them. */
  words: number | null
}

// ---------------------------------------------------------------- beacon

/**
 * What strangers can cause is bounded, for each source and for all together: beyond the rates, which stand in
 * `beacon.ts`, events are left out, and come when the device is heard again.
 */
export interface BeaconEvents {
  /** A device that speaks under the tag of our mesh. */
  found: CustomEvent<Found>
  /** Whatever our own voice is. */
  door: CustomEvent<FoundDoor>
  /** A newcomer looks for a mesh. At most once a minute for each id, and again after `speak`. */
  knock: CustomEvent<{ id: string; address: string }>
  /**
   * At `address` is an ownmesh that is not ours and whose door is closed: a closed one answers a knock so. At most once
   * a minute for each address, and again after `speak`.
   */
  foreign: CustomEvent<{ address: string }>
  /** Somebody at `address` runs with our own identity, in whichever voice. Once for each instance. */
  clone: CustomEvent<{ instance: string; address: string }>
}

export interface BeaconState {
  port: number
  /** Why the common port cannot be listened on, or null. */
  listenError: string | null
  networks: {
    name: string
    address: string
    loopback: boolean
    /** False where we do not listen: nothing is said there. */
    announced: boolean
    /** Why nothing can be sent there, or null. */
    sendError: string | null
    /** An own datagram came back through the network stack. */
    heardBack: boolean
  }[]
  /** False while the voice is silent: nothing is sent then, so nothing comes back. */
  speaking: boolean
  /** Devices of our mesh heard lately. */
  heard: { id: string; source: string; agoMs: number }[]
  /** Where other ownmesh devices were heard lately: open doors, newcomers, other meshes. */
  others: { address: string; agoMs: number }[]
}

export interface Beacon extends TypedEventTarget<BeaconEvents> {
  start(): void
  stop(): Promise<void>
  /** 16 hexadecimal digits, random for this process. */
  readonly instance: string
  /** Reads the interfaces again and announces at once: after a change of the network, or of what we listen on. */
  announce(): void
  /** Changes what is said, and announces at once as at the start. The same voice again changes nothing. */
  speak(voice: Voice): void
  state(): BeaconState
}

export interface BeaconInit {
  /** @default silent */
  log?: Log
  /** UDP port, the same on all devices. @default 6372 */
  port?: number
  /** What to say until `speak`. @default silent */
  voice?: Voice
  /** 16 hexadecimal digits, random for this process. @default random */
  instance?: string
  /** @default os.networkInterfaces */
  interfaces?: () => InterfaceTable
}

export interface BeaconComponents {
  peerId: PeerId
  transportManager: { getAddrs(): Multiaddr[] }
  /** Tells when listening starts. */
  events?: TypedEventTarget<Libp2pEvents>
}

export function beacon(init: BeaconInit = {}): (components: BeaconComponents) => Beacon {
  return (components) => new UdpBeacon(components, init)
}

// ---------------------------------------------------------------- mDNS

export interface MdnsEvents {
  /** A device that answers for our mesh. */
  found: CustomEvent<Found>
  /** Only while our own door is open, or while we look for one. */
  door: CustomEvent<FoundDoor>
}

export interface MdnsState {
  /** Why queries do not leave this device (typically no default route), or null. */
  sendError: string | null
  /** An own query came back through the network stack. */
  heardBack: boolean
  /** False while the voice is silent: nothing is asked then, so nothing comes back. */
  speaking: boolean
  /** Ids of the devices that answered. */
  heard: string[]
}

export interface Mdns extends TypedEventTarget<MdnsEvents> {
  start(): Promise<void>
  stop(): Promise<void>
  /** Joins the group on the interfaces that are there now, and queries at once. */
  restart(): Promise<void>
  /**
   * Changes what is asked and answered, at once. A member answers for its mesh, an open door for ownmesh in general;
   * who only looks asks for doors and answers nothing. The same voice again changes nothing.
   */
  speak(voice: Voice): void
  state(): MdnsState
}

export interface MdnsInit {
  /** @default silent */
  log?: Log
  /** What to say until `speak`. @default silent */
  voice?: Voice
  /** @default 5353 */
  port?: number
  /** @default os.networkInterfaces */
  interfaces?: () => InterfaceTable
}

export function mdns(init: MdnsInit = {}): (components: MulticastDNSComponents) => Mdns {
  return (components) => new WrappedMdns(components, init)
}

// ---------------------------------------------------------------- dialling

/** A device that was heard of; `Discovery` of interface.ts without the name, which only the mesh knows. */
export interface KnownDevice extends Omit<Discovery, 'name'> {
  /** `dialError` in a word for programs. */
  dialFailure: DialFailure | null
}

/** Dials what is found and keeps dialling; see `redial.ts` for when. */
export interface Dialer {
  start(): void
  stop(): void
  /** A device was heard of, in whichever way. */
  found(found: Found): void
  /** Forget all waits and dial now. */
  networkChanged(): void
  /** Never dial it again unless it is found again. An open connection stays. */
  forget(id: string): void
  known(): KnownDevice[]
}

export interface DialerInit {
  /** @default silent */
  log?: Log
  /** Dials running at once. @default 8 */
  maxDials?: number
  /** @default 3000 */
  addressTimeoutMs?: number
  /** @default the system's, keeping the process alive */
  clock?: DialerClock
  /** From 0 up to but not including 1. @default Math.random */
  random?: () => number
}

export type DialerClock = Pick<Clock, 'monotonic' | 'after'>

export interface DialerComponents {
  peerId: PeerId
  connectionManager: {
    openConnection(address: Multiaddr, options: { signal: AbortSignal; force: boolean }): Promise<Connection>
    getConnections(peerId: PeerId): Connection[]
  }
  events: TypedEventTarget<Libp2pEvents>
}

export function dialer(init: DialerInit = {}): (components: DialerComponents) => Dialer {
  return (components) => new RedialingDialer(components, init)
}

// ---------------------------------------------------------------- changes of the network

export interface NetworkChange {
  /** Addresses with their interfaces, for example `eth0 192.168.1.5/24`. */
  added: string[]
  removed: string[]
  /** How long this machine slept, or 0. */
  sleptMs: number
}

export interface NetworkWatchEvents {
  change: CustomEvent<NetworkChange>
}

export interface NetworkWatch extends TypedEventTarget<NetworkWatchEvents> {
  start(): void
  stop(): void
}

export interface NetworkWatchInit {
  /** @default os.networkInterfaces */
  interfaces?: () => InterfaceTable
  /** Wall clock in milliseconds. @default Date.now */
  clock?: () => number
  /** Calls `look` again and again; returns what ends it. @default setInterval, without keeping the process alive */
  every?: (ms: number, look: () => void) => () => void
}

export function networkWatch(init: NetworkWatchInit = {}): () => NetworkWatch {
  return () => new PollingNetworkWatch(init)
}
