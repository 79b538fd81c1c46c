import {
  BrokenModelError,
  BusyError,
  EngineFailedError,
  EngineUnavailableError,
  InvalidRequestError,
  ModelTooLargeError,
  UnknownModelError,
  errorFromName
} from '../errors.ts'
import type {
  AbortOptions,
  Accepted,
  BenchEvent,
  GenerateEvent,
  GenerateRequest,
  ModelInfo,
  ProviderReport,
  Rates
} from '../interface.ts'
import { MAX_ROWS, MAX_ROWS_APART } from './batch-plan.ts'
import { bench } from './bench.ts'
import { Calls } from './calls.ts'
import { createCatalog } from './catalog.ts'
import type { Catalog, CatalogModel } from './catalog.ts'
import { EngineProcess } from './engine-process.ts'
import type { Death } from './engine-process.ts'
import type { EventQueue } from './event-queue.ts'
import { adapterInWords, processorInWords, threadsFor } from './hardware.ts'
import type { EngineInit, EngineLog, LocalEngine } from './index.ts'
import { LoadProgress } from './load-progress.ts'
import { Measurements } from './measurements.ts'
import type { Command, Measured, ModelSource, Reply } from './messages.ts'
import { reasonOf } from './model-folder.ts'
import { answersWithin, paddingWorth } from './memory-need.ts'
import { ModelMemories } from './model-memories.ts'
import { residentOf } from './resident.ts'
import { resolveSampling } from './resolve-sampling.ts'
import { RUNTIME_PACKAGE, runtimeFolder, runtimeVersion } from './runtime.ts'
import { Runs } from './runs.ts'
import { Watchdog } from './watchdog.ts'

/** Requests running or waiting for one model; more are better asked elsewhere. */
const QUEUE_LIMIT = 64
/** Ids of finished requests that are still refused: far more than can be under way anywhere in a mesh. */
const REMEMBERED_IDS = 1024
/** A text that grows a hundred times a second looks as if it flowed. */
const GATHER_MS = 10
const STOPPED = 'The engine was stopped.'

/** The parent's side: requests go to the child, replies to whoever waits for them. */
export class OnnxEngine implements LocalEngine {
  readonly #runtime: string
  readonly #log: EngineLog
  readonly #catalog: Catalog
  readonly #measurements: Measurements
  readonly #process: EngineProcess
  readonly #watchdog: Watchdog
  readonly #runs = new Runs()
  readonly #calls = new Calls((command) => {
    this.#send(command)
  })
  readonly #memories: ModelMemories
  readonly #changed: () => void
  readonly #ids = new Set<string>()
  readonly #loaded = new Set<string>()
  /** When each model was last asked, by hash; this process's monotonic clock. */
  readonly #usedAt = new Map<string, number>()
  /** What could not be loaded, and why, by hash: nothing is usable that is known not to be. */
  readonly #refused = new Map<string, string>()
  /** By hash, from the last look at the folders. */
  #models = new Map<string, CatalogModel>()
  #reports: ProviderReport[] = []
  #hardware = processorInWords()
  #stopped = false
  #benching = false
  readonly #ending = new AbortController()
  #version: string | undefined

  constructor(init: EngineInit) {
    this.#runtime = init.runtime ?? RUNTIME_PACKAGE
    this.#log = init.log
    this.#catalog = createCatalog(init)
    this.#measurements = new Measurements(init.measurements, this.#runtime)
    this.#memories = new ModelMemories(init.measurements, init.memory)
    this.#changed = init.changed ?? (() => undefined)
    this.#process = new EngineProcess({
      runtime: this.#runtime,
      gatherMs: init.gatherMs ?? GATHER_MS,
      memoryBudget: this.#memories.budget,
      keepAliveMs: init.keepAliveMs ?? Infinity,
      log: init.log,
      onReply: (reply) => {
        this.#onReply(reply)
      },
      onDeath: (death) => {
        this.#onDeath(death)
      }
    })
    this.#watchdog = new Watchdog(() => {
      this.#process.kill()
    })
  }

  async models(): Promise<ModelInfo[]> {
    const models = await this.#catalog.list()
    this.#models = new Map(models.map((model) => [model.info.hash, model]))
    for (const hash of this.#loaded) {
      // Its folder was removed or changed: nobody can ask it any more.
      if (!this.#models.has(hash)) this.unload(hash).catch(() => undefined)
    }
    return models.map((model) => this.#info(model))
  }

  #info(model: CatalogModel): ModelInfo {
    const { hash } = model.info
    const broken = model.info.broken ?? this.#refused.get(hash) ?? null
    const usedAt = this.#usedAt.get(hash)
    const measured = broken === null ? this.#measured(hash) : null
    return {
      ...model.info,
      broken,
      ...this.#memories.facts(model),
      loaded: this.#loaded.has(hash),
      ...(usedAt !== undefined && { lastUsedMs: Math.round(performance.now() - usedAt) }),
      ...(measured !== null && { rates: measured.rates, provider: measured.provider })
    }
  }

  /** What was measured of it before; null too where there is no engine. */
  #measured(hash: string): Measured | null {
    try {
      return this.#measurements.of(hash, this.#runtimeVersion()).measured
    } catch (err) {
      if (err instanceof EngineUnavailableError) return null
      throw err
    }
  }

  providers(): ProviderReport[] {
    return this.#reports
  }

  hardware(): string {
    return this.#hardware
  }

  atOnce(hash: string): number {
    const model = this.#models.get(hash)
    if (model === undefined) return 1
    const { padding } = model.traits
    // A cache that stays on a graphics card cannot be put together with others.
    const apart = padding === null || this.#measured(hash)?.provider === 'webgpu'
    const most = apart ? MAX_ROWS_APART : MAX_ROWS
    return answersWithin(this.#memories.fitOf(model).need, this.#memories.budget, most)
  }

  pid(): number | null {
    return this.#process.pid
  }

  async memory(): Promise<number | null> {
    if (this.#process.pid === null) return null
    const bytes = await this.#calls.make((id) => ({ type: 'memory', id }))
    return bytes === null ? null : Math.round(bytes / 2 ** 20)
  }

  async measure(hash: string, { signal, again = false }: AbortOptions & { again?: boolean } = {}): Promise<Rates> {
    signal?.throwIfAborted()
    const source = await this.#source(hash)
    // One that is not loaded is not loaded for this: it would drive out another, or come back without being asked.
    if (source.measured !== null && !(again && this.#loaded.has(hash))) {
      // What is known from before is told as if it had been found now.
      if (this.#reports.length === 0) this.#label(hash)
      return source.measured.rates
    }
    await this.#calls
      .make((id) => ({ type: 'measure', id, model: source }), signal)
      .catch((err: unknown) => {
        this.#refuse(hash, err)
        throw err
      })
    const { measured } = await this.#source(hash)
    if (measured === null) throw new EngineFailedError('The engine did not report what it measured.')
    return measured.rates
  }

  async *bench(hash: string, { signal }: AbortOptions = {}): AsyncGenerator<BenchEvent, void> {
    signal?.throwIfAborted()
    if (this.#benching) throw new BusyError('This device is being measured already; repeat it when that is over.')
    this.#benching = true
    try {
      const source = await this.#source(hash)
      if (this.#runs.size > 0) {
        throw new BusyError(
          'This device is answering; measured beside that, it would look slower than it is. Repeat it later.'
        )
      }
      // Their memory is needed, and what is loaded may be with another provider afterwards.
      for (const loaded of this.#loaded) await this.unload(loaded)
      const version = this.#runtimeVersion()
      const keep = (measured: Measured): void => {
        this.#measurements.keep(hash, version, measured)
        this.#label(hash)
      }
      const init = { source, info: this.#known(hash).info, providers: this.#measurements.providers, keep }
      const ending = AbortSignal.any([this.#ending.signal, ...(signal === undefined ? [] : [signal])])
      const place = { runtime: this.#runtime, runtimeFolder: runtimeFolder(this.#runtime), log: this.#log }
      yield* bench({ ...init, ...place }, { signal: ending })
    } finally {
      this.#benching = false
    }
  }

  async unload(hash: string): Promise<void> {
    if (this.#loaded.has(hash)) await this.#calls.make((id) => ({ type: 'unload', id, hash }))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#ending.abort(new EngineFailedError(STOPPED))
    this.#failAll(new EngineFailedError(STOPPED))
    await this.#process.stop()
  }

  async *generate(
    request: GenerateRequest,
    { signal }: AbortOptions = {}
  ): AsyncGenerator<GenerateEvent, void, undefined> {
    signal?.throwIfAborted()
    const { id } = request
    if (this.#ids.has(id)) throw new InvalidRequestError(`The request ${id} was already run here; an id runs once.`)
    this.#ids.add(id)
    let run: { accepted: Accepted; events: EventQueue<GenerateEvent> }
    try {
      run = await this.#begin(request)
    } catch (err) {
      // It did not run, so the same id may be tried again.
      this.#ids.delete(id)
      throw err
    }
    const onAbort = (): void => {
      run.events.fail(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    try {
      yield run.accepted
      for (;;) {
        const event = await run.events.next()
        signal?.throwIfAborted()
        yield event
        if (event.type === 'done') return
      }
    } catch (err) {
      this.#refuse(request.model, err)
      throw err
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#end(id)
    }
  }

  /** Checks a request and hands it to the child. */
  async #begin(request: GenerateRequest): Promise<{ accepted: Accepted; events: EventQueue<GenerateEvent> }> {
    const { id, messages } = request
    if (messages.length === 0 || messages.every(({ content }) => content.trim() === '')) {
      throw new InvalidRequestError('The prompt is empty; say something.')
    }
    const model = await this.#source(request.model)
    const { info, generation } = this.#known(request.model)
    const sampling = resolveSampling(request.sampling, generation, model.contextLength)
    if (this.#runs.countFor(info.hash) >= QUEUE_LIMIT) {
      throw new BusyError(`${QUEUE_LIMIT} questions wait for ${info.name} here already; ask again in a moment.`)
    }
    const events = this.#runs.begin(id, info.hash, model.atOnce)
    this.#usedAt.set(info.hash, performance.now())
    const { continuation = { tokens: [], text: '' } } = request
    this.#send({ type: 'generate', id, model, messages, sampling, continuation })
    return { accepted: { type: 'accepted', model: { name: info.name, hash: info.hash }, sampling }, events }
  }

  /** Lets go of a request; one that is still under way is cancelled in the child. */
  #end(id: string): void {
    this.#forgetOldIds()
    if (this.#runs.end(id)) this.#send({ type: 'cancel', id })
    this.#watch()
  }

  #forgetOldIds(): void {
    for (const id of this.#ids) {
      if (this.#ids.size <= REMEMBERED_IDS) return
      if (!this.#runs.has(id)) this.#ids.delete(id)
    }
  }

  #known(hash: string): CatalogModel {
    const model = this.#models.get(hash)
    if (model === undefined) {
      const names = [...this.#models.values()].map(({ info }) => `${info.name} (${info.hash.slice(0, 12)})`)
      throw new UnknownModelError(
        `This device has no model ${hash.slice(0, 12)}; it has ${names.length === 0 ? 'none' : names.join(', ')}.`
      )
    }
    const broken = model.info.broken ?? this.#refused.get(hash) ?? null
    if (broken !== null) throw new BrokenModelError(broken)
    return model
  }

  /** @throws {EngineUnavailableError} */
  #runtimeVersion(): string {
    return (this.#version ??= runtimeVersion(this.#runtime))
  }

  /** @throws {EngineUnavailableError} {UnknownModelError} {BrokenModelError} {ModelTooLargeError} */
  async #source(hash: string): Promise<ModelSource> {
    if (this.#stopped) throw new EngineFailedError(STOPPED)
    const version = this.#runtimeVersion()
    // A loaded model was looked at before; the folders of any other may have changed since.
    if (!this.#loaded.has(hash) || !this.#models.has(hash)) await this.models()
    const model = this.#known(hash)
    const { info, path, graph, files } = model
    const { need, contextLength, tooLarge } = this.#memories.fitOf(model)
    const { traits } = model
    const rows = { traits, paddingWorth: paddingWorth(model.size), atOnce: this.atOnce(hash) }
    if (tooLarge !== null) throw new ModelTooLargeError(tooLarge)
    const threads = await threadsFor(info.bytes)
    const { name } = info
    const measured = this.#measurements.of(hash, version)
    return { hash, name, path, graph, files, need, contextLength, threads, ...rows, ...measured }
  }

  #send(command: Command): void {
    // A cancel is for a child that is there.
    if (command.type === 'cancel' && this.#process.pid === null) return
    this.#process.send(command)
    this.#watch()
  }

  /** The child is expected to say something for as long as there is work; `heard` when it just did. */
  #watch({ heard = false } = {}): void {
    // A model may load for minutes, and a measurement loads; both tell nothing meanwhile.
    const loading = this.#calls.size > 0 || this.#runs.loading
    const working = this.#runs.size + this.#calls.size > 0
    this.#watchdog.watch({ working, loading, heard })
  }

  #onReply(reply: Reply): void {
    switch (reply.type) {
      case 'progress':
        this.#runs.progress(reply.id, reply)
        break
      case 'tokens':
      case 'done': {
        const { id, ...event } = reply
        this.#runs.deliver(id, event)
        break
      }
      case 'failed': {
        const err = errorFromName(reply.name, reply.message)
        this.#runs.fail(reply.id, err)
        this.#calls.fail(reply.id, err)
        break
      }
      case 'result':
        this.#calls.answer(reply.id, reply.value)
        break
      case 'trying':
        this.#measurements.trying(reply.provider)
        break
      case 'measured':
        this.#measurements.keep(reply.hash, this.#runtimeVersion(), reply.measured)
        break
      case 'loading':
        this.#onLoading(reply)
        break
      case 'remark':
        this.#log.debug(`engine: ${reply.text}`)
        break
      case 'bench':
        // Only processes that measure tell this.
        break
      case 'loaded':
        this.#onLoaded(reply)
        break
    }
    this.#watch({ heard: true })
    this.#endIdleChild()
  }

  #onLoading({ hash, loading }: Extract<Reply, { type: 'loading' }>): void {
    const { pid } = this.#process
    const progress = this.#runs.loadOf(hash) ?? new LoadProgress(() => (pid === null ? null : residentOf(pid)))
    progress.take(loading)
    this.#runs.load(hash, progress)
  }

  #onLoaded({ hash, took }: Extract<Reply, { type: 'loaded' }>): void {
    this.#measurements.trying(null)
    this.#runs.load(hash, null)
    if (took === null) {
      this.#loaded.delete(hash)
    } else {
      this.#loaded.add(hash)
      this.#memories.keep(hash, took)
      this.#label(hash)
    }
    this.#changed()
  }

  /**
   * A child without a model is let go: what onnxruntime and the allocator do not give back after a model is gone then
   * is free too, some 100 MB. The next question starts another in a fraction of the time that a model takes to load.
   */
  #endIdleChild(): void {
    if (this.#process.pid === null || this.#loaded.size + this.#runs.size + this.#calls.size > 0) return
    // What is being made is finished, and stays: its memory was kept free for it.
    if (this.#runs.loading) return
    this.#process.stop().catch((err: unknown) => {
      this.#log.debug(`the engine's process did not end: ${reasonOf(err)}`)
    })
  }

  /** What `providers` and `hardware` tell follows the model that was loaded last. */
  #label(hash: string): void {
    const version = this.#runtimeVersion()
    const { measured } = this.#measurements.of(hash, version)
    if (measured === null) return
    this.#reports = [...measured.reports, ...this.#measurements.crashed(version)]
    this.#hardware = measured.provider === 'cpu' ? processorInWords() : measured.provider
    if (measured.provider === 'cpu') return
    adapterInWords(measured.provider).then(
      (label) => (this.#hardware = label),
      (err: unknown) => {
        this.#log.debug(`no label for the graphics adapter: ${reasonOf(err)}`)
      }
    )
  }

  /** Want of memory passes; what the files are does not, and other files have another hash. */
  #refuse(hash: string, err: unknown): void {
    if (err instanceof BrokenModelError && !/memory|bad_alloc/i.test(err.message)) this.#refused.set(hash, err.message)
  }

  #onDeath({ err, crashed }: Death): void {
    this.#loaded.clear()
    this.#measurements.died(crashed, this.#runtimeVersion())
    this.#failAll(err)
    this.#changed()
  }

  #failAll(err: EngineFailedError): void {
    this.#runs.failAll(err)
    this.#calls.failAll(err)
    this.#watch()
  }
}
