import { InvalidRequestError, UnknownModelError } from '../../errors.ts'
import type { AbortOptions, EngineInfo, GenerateEvent, GenerateRequest, ModelInfo, Rates } from '../../interface.ts'
import type { EngineEntry, Served, ServedInit } from './index.ts'
import { lookWithin } from './look.ts'
import type { SeenModel } from './look.ts'
import { ServedRates } from './rates.ts'
import { Server } from './server.ts'
import type { ServerInit } from './server.ts'

/** Ids of requests that are refused a second time, as for the engine that runs models itself. */
const REMEMBERED_IDS = 1024
/** Nobody waits longer for the first look, after which a server that is slow to say what it has comes by itself. */
const FIRST_LOOK_MS = 1_500
const TIMES = { touchMs: 2_000, lookMs: 15_000, lookTimeoutMs: 5_000 }

/** All servers of a device as one engine. */
export class ServedEngines implements Served {
  readonly #init: ServedInit
  readonly #times: ServerInit['times']
  readonly #rates: ServedRates
  /** By name, in the order of their addition. */
  readonly #servers = new Map<string, Server>()
  readonly #ids = new Set<string>()
  /** Settles when each server was looked at once, or the time for that is over. */
  readonly #first: Promise<unknown>

  constructor(init: ServedInit) {
    this.#init = init
    this.#times = { ...TIMES, ...init.times }
    this.#rates = new ServedRates(init.measurements)
    for (const entry of init.engines) {
      const server = this.#server(entry)
      this.#servers.set(entry.name, server)
      server.start()
    }
    this.#first = within(
      FIRST_LOOK_MS,
      [...this.#servers.values()].map((server) => server.look())
    )
  }

  has(hash: string): boolean {
    return this.#offered().some(({ model }) => model.hash === hash)
  }

  /** Those that are offered now; the first call waits for the first look at each server. */
  async models(): Promise<ModelInfo[]> {
    await this.#first
    return this.#offered().map(({ server, model }) => server.infoOf(model))
  }

  measure(hash: string): Promise<Rates> {
    return new Promise((resolve) => {
      const found = this.#offered().find(({ model }) => model.hash === hash)
      if (found === undefined) throw this.#unknown(hash)
      const { decodeRate, prefillRate } = found.server.ratesOf(found.model)
      resolve({ decodeRate, prefillRate })
    })
  }

  async *generate(request: GenerateRequest, options?: AbortOptions): AsyncGenerator<GenerateEvent, void, undefined> {
    options?.signal?.throwIfAborted()
    const { id, model } = request
    if (this.#ids.has(id)) throw new InvalidRequestError(`The request ${id} was already run here; an id runs once.`)
    const found = this.#offered().find(({ model: { hash } }) => hash === model)
    if (found === undefined) throw this.#unknown(model)
    this.#ids.add(id)
    const [oldest] = this.#ids
    if (this.#ids.size > REMEMBERED_IDS && oldest !== undefined) this.#ids.delete(oldest)
    yield* found.server.generate(request, options)
  }

  /** A server loads and unloads by its own rules. */
  unload(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    for (const server of this.#servers.values()) server.stop()
    return Promise.resolve()
  }

  list(): EngineInfo[] {
    return [...this.#servers.values()].map((server) => server.info())
  }

  async add(entry: EngineEntry, { signal }: AbortOptions = {}): Promise<EngineInfo> {
    const seen = await lookWithin(this.#times.lookTimeoutMs, entry, null, signal)
    this.#servers.get(entry.name)?.stop()
    const server = this.#server(entry)
    this.#servers.set(entry.name, server)
    server.start(seen)
    return server.info()
  }

  remove(name: string): boolean {
    const server = this.#servers.get(name)
    if (server === undefined) return false
    server.stop()
    this.#servers.delete(name)
    this.#init.changed()
    return true
  }

  #server(entry: EngineEntry): Server {
    const { log, changed } = this.#init
    return new Server({ entry, rates: this.#rates, log, changed, times: this.#times })
  }

  /** Of two servers with one model, the one that works and was added first. */
  #offered(): { server: Server; model: SeenModel }[] {
    const all = [...this.#servers.values()].flatMap((server) => server.models.map((model) => ({ server, model })))
    const working = all.filter(({ server, model }) => server.infoOf(model).broken === null)
    const byHash = new Map<string, { server: Server; model: SeenModel }>()
    for (const each of [...working, ...all]) {
      if (!byHash.has(each.model.hash)) byHash.set(each.model.hash, each)
    }
    return [...byHash.values()]
  }

  #unknown(hash: string): UnknownModelError {
    const down = this.list().flatMap(({ reason }) => (reason === null ? [] : [reason]))
    return new UnknownModelError(`No engine here has the model ${hash.slice(0, 12)}. ${down.join(' ')}`.trim())
  }
}

function within(ms: number, looks: readonly Promise<void>[]): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void Promise.all(looks).then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
