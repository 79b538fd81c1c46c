/**
 * @packageDocumentation
 *
 * `/mesh/capability/1.0.0`: one kept-open stream between each two devices, over which both say what they run and how
 * busy they are, on change, and that they live, every two seconds. A service for libp2p; it needs `identify`.
 *
 * ```ts
 * const node = await createLibp2p({ services: { identify: identify(), capability: capability({ current }) } })
 * const stop = node.services.capability.listen((event) => …)
 * node.services.capability.changed()
 * ```
 *
 * The stream is opened by the device whose PeerId, written in base58, is the lesser string; the other one waits. So
 * two that dial each other at the same moment still have one stream. It moves to a newer connection when one comes.
 *
 * A device that falls silent keeps its stream: whoever wants to hang up may. The wire is in ../PROTOCOL.md.
 */
import type { PeerId, Startable } from '@libp2p/interface'
import type { Capability } from '../../interface.ts'
import type { Clock } from '../clock.ts'
import type { Connections, Handlers, Topologies } from '../components.ts'
import type { Log } from '../log.ts'
import { CapabilityExchange } from './capability.ts'
import type { Known } from './words.ts'

export { CAPABILITY_PROTOCOL } from './constants.ts'
export type { Known, Lost } from './words.ts'

/** `peer` is a PeerId in base58. */
export type CapabilityEvent =
  /** What it runs; `receivedAt` is this device's monotonic clock. */
  | { type: 'notice'; peer: string; capability: Capability; receivedAt: number }
  /** It lives; the round trip is known when it answered a heartbeat of ours. */
  | { type: 'beat'; peer: string; roundTripMs: number | null }
  /** Nothing came for `SILENT_MS`. The next `beat` or `notice` ends the silence. */
  | { type: 'silent'; peer: string }
  /** Whether that device can do without the connection. Before the first word, and from a release without it: no. */
  | { type: 'spare'; peer: string; spare: boolean }
  /** Who else is there, as that device knows it: some at a time. */
  | { type: 'known'; peer: string; known: Known[] }
  /** The stream is gone. While the peer is connected another one is opened. */
  | { type: 'closed'; peer: string; reason: string; connected: boolean }

export interface CapabilityInit {
  /** What this device says of itself now. */
  current: () => Capability
  /** What it knows of the others, for a peer that asks. @default nothing */
  known?: () => Known[]
  clock?: Clock
  log?: Log
}

export interface CapabilityComponents {
  peerId: PeerId
  registrar: Handlers & Topologies
  connectionManager: Connections
}

export interface CapabilityService extends Startable {
  /** Calls the listener for everything that happens from now on; the returned function ends that. */
  listen: (listener: (event: CapabilityEvent) => void) => () => void
  /** Tells all peers what `current()` says now. Calls in quick succession become one notice. */
  changed: () => void
  /** Tells a peer whether this device can do without the connection; said once for each stream, by whoever wants to. */
  spare: (peer: string, isSpare: boolean) => void
  /** Asks a peer who else is there; `known` events follow. */
  askKnown: (peer: string) => void
}

export function capability(init: CapabilityInit): (components: CapabilityComponents) => CapabilityService {
  return (components) => new CapabilityExchange(components, init)
}
