/**
 * @packageDocumentation
 *
 * `/mesh/sync/1.0.0`: two members bring their documents to the same state, and tell each other of every change from then
 * on. For members only: a stranger is kept away by `guard`. This moves messages and decides nothing about what they mean;
 * a talk does that, for each stream one. A service for libp2p; it needs `identify`.
 *
 * ```ts
 * const node = await createLibp2p({
 *   services: { identify: identify(), sync: sync({ meet: (link) => new MyTalk(link) }) }
 * })
 * ```
 *
 * The stream is opened by the device with the lesser PeerId, as with `capability`, and kept open. The wire is in
 * ../PROTOCOL.md.
 */
import type { PeerId, Startable } from '@libp2p/interface'
import type { Clock } from '../clock.ts'
import type { KeptStreamsComponents } from '../kept-streams.ts'
import type { Log } from '../log.ts'
import { SyncService } from './sync.ts'
import type { SyncMessage } from './words.ts'

export { SYNC_PROTOCOL } from './constants.ts'
export type { SyncMessage } from './words.ts'

/** A stream to a member. */
export interface SyncLink {
  peer: PeerId
  /** Whether this device opened it. */
  leads: boolean
  /**
   * Sends one message; fulfilled when the stream takes more.
   *
   * @throws {PeerUnreachableError} when the stream ends, {PeerSilentError} when the other side takes nothing
   */
  send: (message: SyncMessage) => Promise<void>
}

/** What is said over a link. */
export interface SyncTalk {
  /** Called when it can be sent; may send at once. */
  start: () => void
  /** Takes one message; the next one is read when it is fulfilled. What it throws ends the stream. */
  receive: (message: SyncMessage) => Promise<void>
  /** The stream is over. */
  stop: () => void
}

export interface SyncInit {
  /** A stream to a member is open. */
  meet: (link: SyncLink) => SyncTalk
  clock?: Clock
  log?: Log
}

/** Everything is done by its being there. */
export type Sync = Startable

export function sync(init: SyncInit): (components: KeptStreamsComponents) => Sync {
  return (components) => new SyncService(components, init)
}
