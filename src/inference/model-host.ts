import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Done, Waiting } from '../interface.ts'
import { PREFILL_CHUNK } from './batch-plan.ts'
import { BatchSession } from './batch-session.ts'
import { Batcher } from './batcher.ts'
import type { BatchedReader, JoinOptions } from './batcher.ts'
import { DecoderSession } from './decoder-session.ts'
import { gathering } from './gather.ts'
import { generation, prepare } from './generation.ts'
import type { PreparedRequest } from './generation.ts'
import { loadModelText } from './loaded-model.ts'
import type { LoadedModel, ModelText } from './loaded-model.ts'
import { LEFT_TOKENS, MEASURED_TOKENS, measureRates } from './measure.ts'
import type { Admission, MemoryKeeper } from './memory-keeper.ts'
import type { GenerateCommand, LoadingStep, Measured, ModelSource, Reply } from './messages.ts'
import type { PrefixCache } from './prefix-cache.ts'
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
  prefixes: PrefixCache
  /** See `EngineInit`. */
  gatherMs: number
}

/**
 * A place is shown once a second. Where 32 wait, each answer that ends changes 31 places, and to tell them all at once
 * took longer than a small model takes for an answer.
 */
const TELL_PLACE_MS = 250

/** A text that grows twenty times a second is read as one that flows. */
const MOST_GATHER_MS = 50

/** Loading is told as often as a person can read it. */
const TELL_LOADING_MS = 100

/** Garbage below this is left to the collector, whose own run takes some 10 ms. */
export const MUCH_GARBAGE_BYTES = 64 * 2 ** 20

/** After all that was sent until now left this process, and before it hears anything: it waits for nobody. */
const said = promisify((done: () => void) => {
  process.nextTick(done)
})

/** What has a turn at a model, and the leave to hold it. */
interface Turn {
  text: ModelText
  admission: Admission
}

/** One model in the child process: loads it when it is first needed, runs its answers beside each other, frees it. */
export class ModelHost {
  readonly #hash: string
  readonly #init: ModelHostInit
  readonly #queue = requestQueue(() => this.#atOnce)
  #atOnce = 1
  #text: ModelText | null = null
  #loaded: LoadedModel | null = null
  /** What became of the load that is under way; null where it was cut short. */
  #loading: Promise<{ err: unknown } | null> | null = null
  /** Answers that have begun. */
  #answering = 0
  #measured: Measured | null = null

  constructor(hash: string, init: ModelHostInit) {
    this.#hash = hash
    this.#init = init
  }

  async generate({ id, model, ...request }: GenerateCommand, signal: AbortSignal): Promise<void> {
    const { send } = this.#init
    const arrived = performance.now()
    this.#atOnce = model.atOnce
    let state: Omit<Waiting, 'type' | 'loaded'> = { place: 0, prefilled: null }
    const progress = (change: Partial<typeof state>): void => {
      state = { ...state, ...change }
      send({ type: 'progress', id, ...state })
    }
    let telling: NodeJS.Timeout | undefined
    const place = (before: number): void => {
      state = { ...state, place: before }
      // At its turn something else is told at once, with the place in it.
      if (before === 0) clearTimeout(telling)
      else {
        telling ??= setTimeout(() => {
          telling = undefined
          progress({})
        }, TELL_PLACE_MS)
      }
    }
    await this.#queue
      .run(
        async () => {
          const text = await this.#read(model)
          const prepared = prepare(text, request)
          const admission = await this.#init.memory.admit({
            ...{ hash: this.#hash, name: model.name, need: model.need, tokens: prepared.most, signal, place }
          })
          const used = { tokens: 0 }
          try {
            const { rows } = await this.#load(model, { text, admission }, signal)
            const begun = performance.now()
            progress({ place: 0, prefilled: 0 })
            const pieces = gathering(
              (piece) => {
                send({ ...piece, id })
              },
              { gatherMs: () => this.#gatherMs() }
            )
            const reader = rows.join({ ...this.#roomOf(model, prepared), signal })
            this.#answering++
            try {
              for await (const event of generation(text, reader, prepared, signal)) {
                used.tokens = reader.length
                if (event.type === 'prefilled') progress({ prefilled: event.fraction })
                else if (event.type === 'tokens') pieces.add(event)
                else {
                  pieces.flush()
                  send({ ...event, queueMs: begun - arrived, id } satisfies Done & { id: string })
                }
              }
            } finally {
              this.#answering--
              // What was said leaves before this process is busy with what is kept.
              await said()
              try {
                this.#keep(model, reader, prepared)
              } finally {
                reader.leave()
              }
            }
          } finally {
            if (used.tokens * model.need.perToken > MUCH_GARBAGE_BYTES) await collect()
            admission.end({ ...used, isLoaded: this.#loaded !== null })
          }
        },
        { signal, place }
      )
      .finally(() => {
        clearTimeout(telling)
      })
  }

  #roomOf({ hash, traits }: ModelSource, { prompt, answered, most }: PreparedRequest): Omit<JoinOptions, 'signal'> {
    const ids = [...prompt, ...answered]
    const known = this.#init.prefixes.take(hash, ids, { piece: traits.reuse === 'tokens' ? 1 : PREFILL_CHUNK, most })
    return { most, prompt: ids.length, known: known && { ...known, ids: ids.slice(0, known.length) } }
  }

  /** However the answer ended: what was read was read. */
  #keep({ hash, need }: ModelSource, reader: BatchedReader, { prompt }: PreparedRequest): void {
    const { prefixes } = this.#init
    if (!prefixes.takes(reader.keepable, need.loaded)) return
    const kept = reader.keep()
    if (kept !== null) prefixes.add(hash, { ids: kept.ids, prompt: prompt.length }, kept.cache, need.loaded)
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
      // Beside answers it would look slower than it is.
      { signal, place: () => undefined, alone: true }
    )
  }

  /** Frees it after what is under way and waits. */
  async unload(signal: AbortSignal): Promise<void> {
    await this.#queue.run(() => this.drop(), { signal, place: () => undefined, alone: true })
    this.#init.memory.forget(this.#hash)
  }

  /** Frees it now: nothing may be under way. */
  async drop(): Promise<void> {
    const loaded = this.#loaded
    this.#loaded = this.#measured = this.#text = null
    this.#init.prefixes.forget(this.#hash)
    if (loaded === null) return
    await loaded.session.release()
    await collect()
    this.#init.send({ type: 'loaded', hash: this.#hash, took: null })
  }

  /** As many events a second from all answers together as from one, as long as each of them still seems to flow. */
  #gatherMs(): number {
    const { gatherMs } = this.#init
    return Math.max(gatherMs, Math.min(gatherMs * this.#answering, MOST_GATHER_MS))
  }

  async #read({ path, contextLength }: ModelSource): Promise<ModelText> {
    return (this.#text ??= await loadModelText(path, contextLength))
  }

  /** Whoever comes first loads it for all who wait; where that one gives up, the next begins anew. */
  async #load(model: ModelSource, turn: Turn, signal: AbortSignal): Promise<LoadedModel> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#loaded !== null) return this.#loaded
      if (this.#loading === null) {
        const loading = this.#loadNow(model, turn, signal)
        this.#loading = loading.then(
          () => null,
          (err: unknown) => (signal.aborted ? null : { err })
        )
        try {
          return await loading
        } finally {
          this.#loading = null
        }
      }
      const aborted = new Promise<null>((resolve) => {
        signal.addEventListener(
          'abort',
          () => {
            resolve(null)
          },
          { once: true }
        )
      })
      const failed = await Promise.race([this.#loading, aborted])
      if (failed !== null) throw failed.err
    }
  }

  async #loadNow(model: ModelSource, { text, admission }: Turn, signal: AbortSignal): Promise<LoadedModel> {
    const started = performance.now()
    try {
      const runtime = await this.#init.runtime()
      await this.#readWeights(model, signal)
      const before = await ownMemory()
      this.#tellLoading({ step: 'creating', growth: creationGrowth(model) })
      // What is told leaves before this process is blocked.
      await setImmediate()
      const session = await this.#open(runtime, model, signal)
      const rows = new BatchSession(session, { ...model.traits, worth: model.paddingWorth })
      const { provider = '', rates } = this.#measured ?? {}
      const { prefillRate = 0 } = rates ?? {}
      this.#loaded = { ...text, session, rows: new Batcher(rows, { ...model.traits, provider, prefillRate }) }
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
