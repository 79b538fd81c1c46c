import { join } from 'node:path'
import type { Done, Waiting } from '../interface.ts'
import { DecoderSession } from './decoder-session.ts'
import { gathering } from './gather.ts'
import { generation } from './generation.ts'
import { loadModelText } from './loaded-model.ts'
import type { LoadedModel } from './loaded-model.ts'
import { measureRates } from './measure.ts'
import type { GenerateCommand, Measured, ModelSource, Reply } from './messages.ts'
import { chooseSession } from './providers.ts'
import { requestQueue } from './request-queue.ts'
import type { Runtime } from './runtime.ts'

export interface ModelHostInit {
  runtime: () => Promise<Runtime>
  runtimeFolder: string
  send: (reply: Reply) => void
  /** See `EngineInit`. */
  gatherMs: number
}

/**
 * A place is shown once a second. Where 32 wait, each answer that ends changes 31 places, and to tell them all at once
 * took longer than a small model takes for an answer.
 */
const TELL_PLACE_MS = 250

/** One model in the child process: loads it when it is first needed, works off its queue, frees it. */
export class ModelHost {
  readonly #hash: string
  readonly #init: ModelHostInit
  readonly #queue = requestQueue()
  #loaded: LoadedModel | null = null
  #measured: Measured | null = null

  constructor(hash: string, init: ModelHostInit) {
    this.#hash = hash
    this.#init = init
  }

  async generate({ id, model, ...request }: GenerateCommand, signal: AbortSignal): Promise<void> {
    const { send } = this.#init
    const arrived = performance.now()
    let state: Omit<Waiting, 'type'> = { place: 0, loaded: null, prefilled: null }
    const progress = (change: Partial<typeof state>): void => {
      state = { ...state, ...change }
      send({ type: 'progress', id, ...state })
    }
    let telling: NodeJS.Timeout | undefined
    await this.#queue.run(
      async () => {
        const begun = performance.now()
        // Loading tells nothing on its way; it is 0 until it is done.
        if (this.#loaded === null) progress({ loaded: 0 })
        const loaded = await this.#load(model, signal)
        progress({ loaded: null, prefilled: 0 })
        const pieces = gathering((piece) => {
          send({ ...piece, id })
        }, this.#init)
        for await (const event of generation(loaded, request, signal)) {
          if (event.type === 'prefilled') progress({ prefilled: event.fraction })
          else if (event.type === 'tokens') pieces.add(event)
          else {
            pieces.flush()
            send({ ...event, queueMs: begun - arrived, id } satisfies Done & { id: string })
          }
        }
      },
      {
        signal,
        place: (place) => {
          state = { ...state, place }
          // At its turn something else is told at once, with the place in it.
          if (place === 0) clearTimeout(telling)
          else {
            telling ??= setTimeout(() => {
              telling = undefined
              progress({})
            }, TELL_PLACE_MS)
          }
        }
      }
    )
  }

  /** Measures again where it is loaded already; loading measures by itself where nothing is known. */
  async measure(model: ModelSource, signal: AbortSignal): Promise<void> {
    await this.#queue.run(
      async () => {
        const before = this.#measured
        const { session } = await this.#load(model, signal)
        const after = this.#measured
        if (after === null || after !== before) return
        this.#tell({ ...after, rates: await measureRates(session, signal) })
      },
      { signal, place: () => undefined }
    )
  }

  async unload(signal: AbortSignal): Promise<void> {
    await this.#queue.run(
      async () => {
        const loaded = this.#loaded
        this.#loaded = this.#measured = null
        await loaded?.session.release()
        this.#init.send({ type: 'loaded', hash: this.#hash, loaded: false })
      },
      { signal, place: () => undefined }
    )
  }

  async #load(model: ModelSource, signal: AbortSignal): Promise<LoadedModel> {
    if (this.#loaded !== null) return this.#loaded
    const runtime = await this.#init.runtime()
    const text = await loadModelText(model.path)
    const session = await this.#open(runtime, model, signal)
    this.#loaded = { ...text, session }
    this.#init.send({ type: 'loaded', hash: this.#hash, loaded: true })
    return this.#loaded
  }

  async #open(runtime: Runtime, model: ModelSource, signal: AbortSignal): Promise<DecoderSession> {
    const path = join(model.path, model.graph)
    const { measured } = model
    if (measured !== null) {
      this.#trying(measured.provider)
      const session = await DecoderSession.create(runtime, path, { ...model, provider: measured.provider }).catch(
        () => null
      )
      if (session !== null) {
        this.#measured = measured
        return session
      }
      // What worked once does not any more (a driver was updated or removed): look again.
    }
    const chosen = await chooseSession(runtime, path, model, {
      runtimeFolder: this.#init.runtimeFolder,
      trying: (provider) => {
        this.#trying(provider)
      },
      signal
    })
    this.#tell(chosen.measured)
    return chosen.session
  }

  #trying(provider: string): void {
    this.#init.send({ type: 'trying', hash: this.#hash, provider })
  }

  #tell(measured: Measured): void {
    this.#measured = measured
    this.#init.send({ type: 'measured', hash: this.#hash, measured })
  }
}
