/**
 * @packageDocumentation
 *
 * `/mesh/ask/1.0.0`: one question, and the answer as it is made. A service for libp2p, like its own `ping`:
 *
 * ```ts
 * const node = await createLibp2p({
 *   services: { ask: ask({ answer: (request, { signal, peer }) => engine.generate(request, { signal }) }) }
 * })
 * for await (const event of node.services.ask.ask(peerId, request, { signal })) …
 * ```
 *
 * The wire is in ../PROTOCOL.md.
 */
import type { PeerId, Startable } from '@libp2p/interface'
import type { AbortOptions, GenerateEvent, GenerateRequest } from '../../interface.ts'
import type { Handlers, Streams } from '../components.ts'
import type { Log } from '../log.ts'
import { AskService } from './ask.ts'

export { ASK_PROTOCOL } from './constants.ts'

/** What answers here. `peer` is the asking device, as Noise authenticated it. The signal ends with the asker's wish. */
export type Answer = (
  request: GenerateRequest,
  options: { signal: AbortSignal; peer: string }
) => AsyncIterable<GenerateEvent>

export interface AskInit {
  answer: Answer
  /** Silence of the other device that counts as failure. @default 10000 */
  silenceMs?: number
  /** @default 1000 */
  waitingMs?: number
  /** By then a request must have arrived whole. @default 10000 */
  requestTimeoutMs?: number
  /** A reader that takes nothing for so long is given up. @default 30000 */
  writeTimeoutMs?: number
  /** Asks of one peer at the same time. @default 64 */
  maxAsksPerPeer?: number
  /** @default 600 */
  maxAsksPerMinute?: number
  log?: Log
}

export interface AskComponents {
  registrar: Handlers
  connectionManager: Streams
}

export interface AskRequestOptions extends AbortOptions {
  /** Overrides that of the service for this ask. */
  silenceMs?: number
}

export interface Ask extends Startable {
  /**
   * The answer of a peer to one request. Leaving the loop early, or the signal, frees the engine there within a token.
   *
   * @throws {PeerUnreachableError} when it cannot be dialled, or goes away before it is done
   * @throws {PeerSilentError} when it says nothing for `silenceMs`
   * @throws {BusyError} and the other errors of the table in PROTOCOL.md, as the peer reports them
   * @throws {ProtocolError} when it breaks the protocol
   * @throws {InvalidRequestError} when the request cannot be sent
   */
  ask: (peer: PeerId, request: GenerateRequest, options?: AskRequestOptions) => AsyncGenerator<GenerateEvent>
}

export function ask(init: AskInit): (components: AskComponents) => Ask {
  return (components) => new AskService(components, init)
}
