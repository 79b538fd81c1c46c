import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Done, Waiting } from '../interface.ts'
import { DecoderSession } from './decoder-session.ts'
import { gathering } from './gather.ts'
import { generation, prepare } from './generation.ts'
import { loadModelText } from './loaded-model.ts'
import type { LoadedModel, ModelText } from './loaded-model.ts'
import { LEFT_TOKENS, MEASURED_TOKENS, measureRates } from './measure.ts'
import type { Admission, MemoryKeeper } from './memory-keeper.ts'
import type { GenerateCommand, LoadingStep, Measured, ModelSource, Reply } from './messages.ts'
import { chooseSession } from './providers.ts'
import { requestQueue } from './request-queue.ts'
import { collect, ownMemory } from './resident.ts'
import type { Runtime } from './runtime.ts'
import { readThrough } from './weight-files.ts'

export interface ModelHostInit {
  runtime: () => Promise<Runtime>
  runtimeFolder: string
  send: (reply: Reply) => void
  memory: Pick<MemoryKeeper, 'admit' | 'forget'>
  /** See `EngineInit`. */
  gatherMs: number
}

/**
 * A place is shown once a second. Where 32 wait, each answer that ends changes 31 places, and to tell them all at once
 * took longer than a small model takes for an answer.
 */
const TELL_PLACE_MS = 250

/** Loading is told as often as a person can read it. */
const TELL_LOADING_MS = 100

/** Garbage below this is left to the collector, whose own run takes some 10 ms. */
const MUCH_GARBAGE_BYTES = 64 * 2 ** 20

/** What has a model's turn, and the leave to hold it. */
interface Turn {
  text: ModelText
  admission: Admission
}

/** One model in the child process: loads it when it is first needed, works off its queue, frees it. */
export class ModelHost {
  readonly #hash: string
  readonly #init: ModelHostInit
  readonly #queue = requestQueue()
  #text: ModelText | null = null
  #loaded: LoadedModel | null = null
  #measured: Measured | null = null

  constructor(hash: string, init: ModelHostInit) {
    this.#hash = hash
    this.#init = init
  }

  async generate({ id, model, ...request }: GenerateCommand, signal: AbortSignal): Promise<void> {
    const { send } = this.#init
    const arrived = performance.now()
    let state: Omit<Waiting, 'type' | 'loaded'> = { place: 0, prefilled: null }
    const progress = (change: Partial<typeof state>): void => {
      state = { ...state, ...change }
      send({ type: 'progress', id, ...state })
    }
    let telling: NodeJS.Timeout | undefined
    await this.#queue.run(
      async () => {
        const text = await this.#read(model)
        const prepared = prepare(text, request)
        let tokens = 0
        const admission = await this.#init.memory.admit({
          ...{ hash: this.#hash, name: model.name, need: model.need, tokens: prepared.most, signal },
          place: (place) => {
            progress({ place })
          }
        })
        try {
          const loaded = await this.#load(model, { text, admission }, signal)
          const begun = performance.now()
          progress({ place: 0, prefilled: 0 })
          const pieces = gathering((piece) => {
            send({ ...piece, id })
          }, this.#init)
          for await (const event of generation(loaded, prepared, signal)) {
            if (event.type === 'prefilled') {
              tokens = Math.ceil(event.fraction * (prepared.prompt.length + prepared.answered.length))
              progress({ prefilled: event.fraction })
            } else if (event.type === 'tokens') {
              tokens += event.tokens.length
              pieces.add(event)
            } else {
              pieces.flush()
              send({ ...event, queueMs: begun - arrived, id } satisfies Done & { id: string })
            }
          }
        } finally {
          if (tokens * model.need.perToken > MUCH_GARBAGE_BYTES) await collect()
          admission.end({ tokens, isLoaded: this.#loaded !== null })
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
        const text = await this.#read(model)
        const tokens = Math.min(MEASURED_TOKENS, text.contextLength)
        const admission = await this.#init.memory.admit({
          ...{ hash: this.#hash, name: model.name, need: model.need, tokens, signal, isUse: this.#loaded === null },
          place: () => undefined
        })
        try {
          const before = this.#measured
          const { session } = await this.#load(model, { text, admission }, signal)
          const after = this.#measured
          if (after === null || after !== before) return
          this.#tell({ ...after, rates: await measureRates(session, signal) })
        } finally {
          admission.end({ tokens, isLoaded: this.#loaded !== null })
        }
      },
      { signal, place: () => undefined }
    )
  }

  /** Frees it after what is under way and waits. */
  async unload(signal: AbortSignal): Promise<void> {
    await this.#queue.run(() => this.drop(), { signal, place: () => undefined })
    this.#init.memory.forget(this.#hash)
  }

  /** Frees it now: nothing may be under way. */
  async drop(): Promise<void> {
    const loaded = this.#loaded
    this.#loaded = this.#measured = this.#text = null
    if (loaded === null) return
    await loaded.session.release()
    await collect()
    this.#init.send({ type: 'loaded', hash: this.#hash, took: null })
  }

  async #read({ path, contextLength }: ModelSource): Promise<ModelText> {
    return (this.#text ??= await loadModelText(path, contextLength))
  }

  async #load(model: ModelSource, { text, admission }: Turn, signal: AbortSignal): Promise<LoadedModel> {
    if (this.#loaded !== null) return this.#loaded
    const started = performance.now()
    try {
      const runtime = await this.#init.runtime()
      await this.#readWeights(model, signal)
      const before = await ownMemory()
      this.#tellLoading({ step: 'creating', growth: creationGrowth(model) })
      // What is told leaves before this process is blocked.
      await setImmediate()
      const session = await this.#open(runtime, model, signal)
      this.#loaded = { ...text, session }
      // A measurement that came with it has left something behind, which is no part of the model.
      const measuring = this.#measured === model.measured ? 0 : model.need.perToken * LEFT_TOKENS
      const bytes = Math.max(0, (await ownMemory()) - before - measuring)
      admission.loaded(bytes)
      this.#init.send({
        type: 'loaded',
        hash: this.#hash,
        took: { bytes, loadMs: Math.round(performance.now() - started) }
      })
      return this.#loaded
    } catch (err) {
      this.#init.send({ type: 'loaded', hash: this.#hash, took: null })
      throw err
    }
  }

  async #readWeights({ path, files }: ModelSource, signal: AbortSignal): Promise<void> {
    let toldAt = -Infinity
    const tell = (fraction: number): void => {
      if (fraction > 0 && performance.now() - toldAt < TELL_LOADING_MS) return
      toldAt = performance.now()
      this.#tellLoading({ step: 'reading', fraction })
    }
    tell(0)
    const paths = files.map((file) => join(path, file))
    await readThrough(
      paths,
      (bytes, total) => {
        tell(bytes / Math.max(total, 1))
      },
      signal
    )
  }

  async #open(runtime: Runtime, model: ModelSource, signal: AbortSignal): Promise<DecoderSession> {
    const path = join(model.path, model.graph)
    const { measured } = model
    if (measured !== null) {
      this.#trying(measured.provider)
      const { provider } = measured
      const { threads } = model
      const session = await DecoderSession.create(runtime, path, { provider, threads, remark: this.#remark }).catch(
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
      remark: this.#remark,
      signal
    })
    this.#tell(chosen.measured)
    return chosen.session
  }

  readonly #remark = (text: string): void => {
    this.#init.send({ type: 'remark', text })
  }

  #tellLoading(loading: LoadingStep): void {
    this.#init.send({ type: 'loading', hash: this.#hash, loading })
  }

  #trying(provider: string): void {
    this.#init.send({ type: 'trying', hash: this.#hash, provider })
  }

  #tell(measured: Measured): void {
    this.#measured = measured
    this.#init.send({ type: 'measured', hash: this.#hash, measured })
  }
}

/** By how much this process grows while a session is made: the weights are read, and put in the order of the kernels. */
function creationGrowth({ need }: ModelSource): number {
  return need.loaded + need.loading
}
