import { setMaxListeners } from 'node:events'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { BusyError, PeerUnreachableError } from '../../errors.ts'
import type { AbortOptions } from '../../interface.ts'
import { systemClock } from '../clock.ts'
import { silentLog } from '../log.ts'
import { PeerQuota } from '../quota.ts'
import { asError } from '../stream.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { listOf, manifestOf, piecesOf, type Asking } from './client.ts'
import { MODEL_PROTOCOL, SIGN_OF_LIFE_MS, SILENCE_MS } from './constants.ts'
import type {
  ModelComponents,
  ModelExchange,
  ModelInit,
  Piece,
  SharedFile,
  SharedModel,
  WantedPieces
} from './index.ts'
import { MAX_MODEL_STREAMS, MAX_TRANSFERS, PEER_RATE, REQUESTS_PER_PEER } from './limits.ts'
import { letGo } from './pace.ts'
import { refuse, serveModel } from './server.ts'

export class ModelService implements ModelExchange {
  readonly #components: ModelComponents
  readonly #init: Required<ModelInit>
  readonly #quota = new PeerQuota({ atOnce: REQUESTS_PER_PEER, rate: PEER_RATE })
  #stopping = new AbortController()
  #transfers = 0
  /** When the next byte may go out, where there is a limit. */
  #next = -Infinity

  constructor(components: ModelComponents, init: ModelInit) {
    this.#components = components
    this.#init = {
      maxUpload: null,
      clock: systemClock,
      silenceMs: SILENCE_MS,
      signOfLifeMs: SIGN_OF_LIFE_MS,
      log: silentLog,
      ...init
    }
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    // Each stream listens.
    setMaxListeners(Infinity, this.#stopping.signal)
    await this.#components.registrar.handle(MODEL_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: MAX_MODEL_STREAMS,
      maxOutboundStreams: MAX_MODEL_STREAMS
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new PeerUnreachableError('This device is stopping.'))
    await this.#components.registrar.unhandle(MODEL_PROTOCOL)
  }

  list(peer: PeerId, options?: AbortOptions): Promise<SharedModel[]> {
    return listOf(this.#asking(peer, options))
  }

  manifest(peer: PeerId, model: string, options?: AbortOptions): Promise<SharedFile[]> {
    return manifestOf(this.#asking(peer, options), model)
  }

  pieces(peer: PeerId, wanted: WantedPieces, options?: AbortOptions): AsyncGenerator<Piece, void> {
    return piecesOf(this.#asking(peer, options), wanted)
  }

  #asking(peer: PeerId, { signal }: AbortOptions = {}): Asking {
    const stop = this.#stopping.signal
    return {
      ...{ streams: this.#components.connectionManager, peer, silenceMs: this.#init.silenceMs },
      signal: signal === undefined ? stop : AbortSignal.any([stop, signal])
    }
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    const { share, maxUpload, signOfLifeMs, clock, log } = this.#init
    const refusal = this.#quota.enter(peer, clock.monotonic())
    try {
      if (refusal !== null) {
        await refuse(stream, new BusyError(refusal))
        return
      }
      await serveModel(stream, {
        ...{ share, maxUpload, signOfLifeMs, now: () => clock.monotonic() },
        allowed: (bytes, signal) => this.#allowed(bytes, signal),
        transfer: (work) => this.#transfer(work),
        signal: this.#stopping.signal
      })
    } catch (error) {
      // Already told to the other side, as far as it may know.
      log.debug(`model for ${peer}: ${asError(error).message}`)
    } finally {
      if (refusal === null) this.#quota.leave(peer)
    }
  }

  async #transfer(work: () => Promise<void>): Promise<void> {
    if (this.#transfers >= MAX_TRANSFERS) throw new BusyError(`${MAX_TRANSFERS} transfers are running already`)
    this.#transfers++
    try {
      await work()
    } finally {
      this.#transfers--
    }
  }

  async #allowed(bytes: number, signal: AbortSignal): Promise<void> {
    const { maxUpload, clock } = this.#init
    if (maxUpload === null) return
    const { waitMs, next } = letGo(this.#next, { bytes, perSecond: maxUpload, now: clock.monotonic() })
    this.#next = next
    if (waitMs > 0) await unlessAborted(new Promise<void>((resolve) => void clock.after(waitMs, resolve)), signal)
  }
}
