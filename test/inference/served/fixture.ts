import { randomBytes } from 'node:crypto'
import type { GenerateEvent, GenerateRequest, Tokens } from '../../../src/interface.ts'
import { createServed } from '../../../src/inference/served/index.ts'
import type { EngineEntry, Served, ServedTimes } from '../../../src/inference/served/index.ts'
import { ScriptedServer } from './scripted-server.ts'

/** Quick enough for a test, slow enough for a busy machine. */
const QUICK: ServedTimes = {
  touchMs: 30,
  lookMs: 60_000,
  lookTimeoutMs: 3_000,
  firstMs: 3_000,
  betweenMs: 3_000,
  figuresMs: 300
}

/** Servers and engines of one test, all gone after it. */
export class Bench {
  readonly servers: ScriptedServer[] = []
  readonly logged: string[] = []
  readonly store = new Map<string, string>()
  #served: Served[] = []
  #changed = 0
  #wake: () => void = () => undefined

  async server(init: Parameters<typeof ScriptedServer.start>[0] = {}): Promise<ScriptedServer> {
    const server = await ScriptedServer.start(init)
    this.servers.push(server)
    return server
  }

  served(engines: EngineEntry[] = [], times: ServedTimes = {}): Served {
    const log = (message: string): void => void this.logged.push(message)
    const served = createServed({
      engines,
      measurements: { get: (key) => this.store.get(key), set: (key, value) => void this.store.set(key, value) },
      log: { debug: log, info: log, warn: log },
      changed: () => {
        this.#changed++
        this.#wake()
      },
      times: { ...QUICK, ...times }
    })
    this.#served.push(served)
    return served
  }

  /** An engine with one server, whose first model is asked. */
  async with(init: Parameters<typeof ScriptedServer.start>[0] = {}, times: ServedTimes = {}) {
    const server = await this.server(init)
    const served = this.served([entry(server)], times)
    const [model] = await served.models()
    return {
      server,
      served,
      model: model!,
      ask: (changes: Partial<GenerateRequest> = {}, signal?: AbortSignal) =>
        collect(served.generate(request(model!.hash, changes), signal === undefined ? {} : { signal }))
    }
  }

  /** Until the condition holds, looked at after each change. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const before = this.#changed
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (this.#changed !== before) resolve()
      })
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#served.map((served) => served.stop()))
    await Promise.all(this.servers.map((server) => server.close()))
  }
}

export function entry(server: { url: string }, changes: Partial<EngineEntry> = {}): EngineEntry {
  return { name: 'box', url: server.url, keyFile: null, parameters: null, ...changes }
}

export function request(model: string, changes: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    id: randomBytes(16).toString('hex'),
    model,
    messages: [{ role: 'user', content: 'Hi' }],
    sampling: { maxTokens: 100 },
    ...changes
  }
}

export async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = []
  for await (const each of events) all.push(each)
  return all
}

export function textOf(events: readonly GenerateEvent[]): string {
  return events
    .filter((each): each is Tokens => each.type === 'tokens')
    .map(({ text }) => text)
    .join('')
}
