/**
 * @packageDocumentation
 *
 * `/mesh/pair/1.0.0`: how a newcomer and a member come together; the only protocol that a stranger may speak. Carries
 * messages and bounds them; what they mean, and in which order they may come, is decided by whoever holds the
 * conversation. A service for libp2p:
 *
 * ```ts
 * const node = await createLibp2p({
 *   services: { pair: pair({ answer: async (conversation) => { … await conversation.receive() … } }) }
 * })
 * const conversation = await node.services.pair.open(peerId, { signal })
 * await conversation.send({ type: 'hello', session, ticket: null })
 * ```
 *
 * The newcomer opens the stream. The wire is in ../PROTOCOL.md.
 */
import type { PeerId, Startable } from '@libp2p/interface'
import type { AbortOptions, PairMessage } from '../../interface.ts'
import type { Clock } from '../clock.ts'
import type { Dials, Handlers } from '../components.ts'
import type { Log } from '../log.ts'
import { PairService } from './pair.ts'

export { PAIR_PROTOCOL } from './constants.ts'

export interface ReceiveOptions extends AbortOptions {
  /** For a message to arrive; a person may have to read and compare first. @default 120000 */
  timeoutMs?: number
}

/** One conversation between a newcomer and a member, over a stream of its own. */
export interface PairConversation {
  /** The other device, as Noise authenticated it. */
  readonly peer: PeerId
  /** Multiaddr that it speaks from, without its PeerId. */
  readonly address: string
  /** Aborted when the conversation is over, whoever ended it. */
  readonly closed: AbortSignal
  /**
   * Sends one message; `records` of any number, in as many frames as they need.
   *
   * @throws {ProtocolError} when the other side would refuse it
   * @throws {PeerUnreachableError} when the conversation is over
   * @throws {PeerSilentError} when the other side takes nothing for thirty seconds
   */
  send: (message: PairMessage, options?: AbortOptions) => Promise<void>
  /**
   * The next message. One call at a time. Whatever it throws has ended the conversation, and the other side was told
   * `malformed` or `timeout` where that was the reason.
   *
   * @throws {ProtocolError} when it is malformed, or more than the other side may say
   * @throws {PeerSilentError} when none comes in time
   * @throws {PeerUnreachableError} when the other side has left
   */
  receive: (options?: ReceiveOptions) => Promise<PairMessage>
  /** Ends it well: what was sent still arrives. */
  close: () => Promise<void>
  abort: (error: Error) => void
}

export interface PairInit {
  /**
   * Speaks with a newcomer, which has said its first message. The conversation is closed when this resolves, and aborted
   * when it rejects.
   */
  answer: (conversation: PairConversation) => Promise<void>
  /** A newcomer that says nothing for so long after it came is sent away. @default 10000 */
  firstMessageMs?: number
  /** For the rates. */
  clock?: Clock
  log?: Log
}

export interface PairComponents {
  registrar: Handlers
  connectionManager: Dials
}

export interface Pair extends Startable {
  /**
   * Begins to speak with a member, over the connection that there is or a new one.
   *
   * @throws {PeerUnreachableError} when it cannot be dialled, or does not speak this
   * @throws {BusyError} when it takes no more streams
   */
  open: (peer: PeerId, options?: AbortOptions) => Promise<PairConversation>
}

export function pair(init: PairInit): (components: PairComponents) => Pair {
  return (components) => new PairService(components, init)
}
