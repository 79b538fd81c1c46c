import { setMaxListeners } from 'node:events'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { BusyError } from '../../errors.ts'
import type { GenerateEvent, GenerateRequest } from '../../interface.ts'
import {
  MAX_ASK_STREAMS,
  MAX_ASKS_PER_MINUTE,
  MAX_ASKS_PER_PEER,
  REQUEST_TIMEOUT_MS,
  WRITE_TIMEOUT_MS
} from '../limits.ts'
import { silentLog } from '../log.ts'
import { PeerQuota } from '../quota.ts'
import { askPeer } from './client.ts'
import { ASK_PROTOCOL, SILENCE_MS, WAITING_MS } from './constants.ts'
import type { Ask, AskComponents, AskInit, AskRequestOptions } from './index.ts'
import { answerStream, refuse } from './server.ts'

export class AskService implements Ask {
  readonly #components: AskComponents
  readonly #init: Required<AskInit>
  readonly #quota: PeerQuota
  #stopping = new AbortController()

  constructor(components: AskComponents, init: AskInit) {
    this.#components = components
    this.#init = {
      silenceMs: SILENCE_MS,
      waitingMs: WAITING_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      writeTimeoutMs: WRITE_TIMEOUT_MS,
      maxAsksPerPeer: MAX_ASKS_PER_PEER,
      maxAsksPerMinute: MAX_ASKS_PER_MINUTE,
      log: silentLog,
      ...init
    }
    const { maxAsksPerPeer, maxAsksPerMinute } = this.#init
    this.#quota = new PeerQuota({
      atOnce: maxAsksPerPeer,
      rate: { capacity: maxAsksPerMinute, perSecond: maxAsksPerMinute / 60 }
    })
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    // Each answer listens.
    setMaxListeners(Infinity, this.#stopping.signal)
    await this.#components.registrar.handle(ASK_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: MAX_ASK_STREAMS,
      maxOutboundStreams: MAX_ASK_STREAMS
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#components.registrar.unhandle(ASK_PROTOCOL)
  }

  ask(peer: PeerId, request: GenerateRequest, options: AskRequestOptions = {}): AsyncGenerator<GenerateEvent> {
    return askPeer(this.#components.connectionManager, peer, request, {
      silenceMs: options.silenceMs ?? this.#init.silenceMs,
      signal: options.signal
    })
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    const refusal = this.#quota.enter(peer, performance.now())
    try {
      if (refusal !== null) {
        await refuse(stream, new BusyError(`This device takes no more from you now: ${refusal}.`))
        return
      }
      await answerStream(stream, peer, { ...this.#init, signal: this.#stopping.signal })
    } catch (error) {
      // Already told to the asker, as far as it may know.
      this.#init.log.debug(`ask from ${peer} failed: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      if (refusal === null) this.#quota.leave(peer)
    }
  }
}
