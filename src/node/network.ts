import '../polyfill.ts'
import { gossipsub, type GossipSub } from '@libp2p/gossipsub'
import { identify, type Identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { ListenError } from '../errors.ts'
import type { Capability } from '../interface.ts'
import { ask, type Answer, type Ask } from '../protocols/ask/index.ts'
import { capability, type CapabilityService, type Known } from '../protocols/capability/index.ts'
import { beacon, dialer, mdns, type Beacon, type Dialer, type Mdns, type Voice } from '../protocols/discovery/index.ts'
import { encrypter } from '../protocols/encrypter.ts'
import { guard, type Guard, type GuardInit } from '../protocols/guard.ts'
import { silentLibp2pLog } from '../protocols/libp2p-log.ts'
import type { Log } from '../protocols/log.ts'
import { model, type ModelExchange, type ModelInit } from '../protocols/model/index.ts'
import { muxer } from '../protocols/muxer.ts'
import { gossipOptions, notices, type Notices } from '../protocols/notices/index.ts'
import { pair, PAIR_PROTOCOL, type Pair, type PairConversation } from '../protocols/pair/index.ts'
import { roster, type RosterExchange, type RosterInit } from '../protocols/roster/index.ts'
import { sync, type Sync, type SyncInit } from '../protocols/sync/index.ts'
import { tellOnce } from '../protocols/told-protocols.ts'
import { readEnvironment, type Environment } from './environment.ts'
import { reasonOf } from './files.ts'
import type { Identity } from './identity.ts'
import type { DiscoveryWay } from './settings.ts'

/** The services of a device on the network. Discovery is absent where it is switched off, or nobody shall find us. */
export interface NetworkServices extends Record<string, unknown> {
  guard: Guard
  identify: Identify
  pair: Pair
  roster: RosterExchange
  sync: Sync
  pubsub: GossipSub
  ask: Ask
  model: ModelExchange
  capability: CapabilityService
  notices: Notices
  dialer: Dialer
  beacon?: Beacon
  mdns?: Mdns
}

export type Network = Libp2p<NetworkServices>

/** Every device of a home and its visitors, with room; more are strangers. */
const MOST_CONNECTIONS = 300
/**
 * New connections a second from one address, and those whose handshake is not finished. libp2p's defaults of 5 and 10
 * refuse the devices behind one address, or on one machine, that all start after a power cut.
 */
const NEW_CONNECTIONS_PER_SECOND = 32
const PENDING_CONNECTIONS = 64

export interface NetworkInit {
  identity: Identity
  /** Multiaddrs; none for a device that only asks. */
  listen: string[]
  discovery: readonly DiscoveryWay[]
  beaconPort: number
  /** Goes with each beacon: see `Capability.instance`. */
  instance: string
  current: () => Capability
  /** What this device knows of the others. */
  known: () => Known[]
  /** How many devices the mesh has. */
  devices: () => number
  answer: Answer
  isMember: (peer: PeerId) => boolean
  mayPass: GuardInit['mayPass']
  gater: ConnectionGater
  roster: Pick<RosterInit, 'mine' | 'records' | 'merge'>
  /** What others get of this device's models. */
  models: Pick<ModelInit, 'share' | 'maxUpload'>
  /** Begins to sync with a member. */
  meet: SyncInit['meet']
  /** Speaks with a newcomer. */
  welcome: (conversation: PairConversation) => Promise<void>
  /** What beacon and mDNS say from the first moment on. */
  voice: Voice
  log: Log
}

/** Puts libp2p together; nothing listens or is sent before `startNetwork`, so that nobody misses what comes first. */
export async function createNetwork(init: NetworkInit, environment: Environment = readEnvironment()): Promise<Network> {
  const { identity, listen, discovery, beaconPort, instance, voice, current, answer, log } = init
  const { isMember, mayPass, gater, welcome, known, devices } = init
  const network = await createLibp2p<NetworkServices>({
    start: false,
    privateKey: identity.privateKey,
    ...(environment.debug === undefined && { logger: silentLibp2pLog }),
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [encrypter],
    streamMuxers: [muxer],
    connectionGater: gater,
    connectionManager: {
      maxConnections: MOST_CONNECTIONS,
      inboundConnectionThreshold: NEW_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: PENDING_CONNECTIONS,
      // The dialer decides when to dial again.
      reconnectRetries: 0
    },
    // Heartbeats tell sooner, and tell more.
    connectionMonitor: { enabled: false },
    services: {
      guard: guard({ mayPass, open: [PAIR_PROTOCOL], log }),
      // Of a stranger nothing is asked: members are identified when they connect.
      identify: identify({ runOnConnectionOpen: false }),
      pubsub: gossipsub(gossipOptions),
      pair: pair({ answer: welcome, log }),
      roster: roster({ ...init.roster, log }),
      capability: capability({ current, known, log }),
      sync: sync({ meet: init.meet, log }),
      notices: notices({ accept: (peer) => isMember(peerIdFromString(peer)), devices, log }),
      ask: ask({ answer, log }),
      model: model({ ...init.models, log }),
      dialer: dialer({ log }),
      ...(discovery.includes('beacon') && { beacon: beacon({ port: beaconPort, instance, voice, log }) }),
      ...(discovery.includes('mdns') && { mdns: mdns({ voice, log }) })
    }
  })
  tellOnce(network.peerStore)
  return network
}

/** @throws {ListenError} when it cannot listen */
export async function startNetwork(network: Network, listen: readonly string[]): Promise<void> {
  try {
    await network.start()
  } catch (err) {
    throw new ListenError(`Cannot listen on ${listen.join(', ')}: ${reasonOf(err)}.`, { cause: err })
  }
}
