/**
 * @packageDocumentation
 *
 * Notices of what devices run, over gossipsub, for those that are not connected to each other directly. Only notices:
 * bulk never goes over gossip. A service for libp2p; the gossipsub service beside it must be named `pubsub`.
 *
 * ```ts
 * const node = await createLibp2p({
 *   services: { identify: identify(), pubsub: gossipsub(gossipOptions), notices: notices() }
 * })
 * node.services.notices.publish(capability)
 * ```
 *
 * Whoever signed a message is the device that it speaks of, so nobody can speak for another one.
 */
import type { GossipSub } from '@libp2p/gossipsub'
import type { PeerId, Startable } from '@libp2p/interface'
import type { Capability } from '../../interface.ts'
import type { Lost } from '../capability/words.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { GossipedNotices } from './notices.ts'

export { gossipOptions, NOTICES_TOPIC } from './constants.ts'
export { repeatMs } from './pace.ts'

/** `peer` is the signer's PeerId in base58. */
export interface Notice {
  peer: string
  capability: Capability
  /** Whom its signer, their neighbour, has just lost. @default nobody */
  lost?: Lost[]
}

export interface NoticesInit {
  /** Whether this device may be heard and passed on: a roster's question. @default all */
  accept?: (peer: string) => boolean
  /** How many devices the mesh has: what each of them says grows rarer with it. @default 1 */
  devices?: () => number
  /** From 0 up to but not including 1. @default Math.random */
  random?: () => number
  clock?: Clock
  log?: Log
}

export interface NoticesComponents {
  peerId: PeerId
  pubsub: Pick<GossipSub, 'publish' | 'subscribe' | 'unsubscribe' | 'topicValidators'>
}

export interface Notices extends Startable {
  /** Tells everybody what is news, a second after the last time at the soonest, and again every `repeatMs`. */
  publish: (capability: Capability) => void
  /** Says once, with the next notice and that at once, that this device has lost a neighbour. */
  lost: (lost: Lost) => void
  /** Says it again though nothing changed: somebody holds this device for lost. */
  renew: () => void
  /** Calls the listener for each notice of another device; the returned function ends that. */
  listen: (listener: (notice: Notice) => void) => () => void
}

export function notices(init: NoticesInit = {}): (components: NoticesComponents) => Notices {
  return (components) => new GossipedNotices(components, init)
}
