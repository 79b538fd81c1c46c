import { connect } from 'node:net'
import { BusyError, InvalidRequestError, PromptTooLongError, ServedEngineError } from '../../errors.ts'
import type { AbortOptions, EngineInfo, GenerateEvent, GenerateRequest, ModelInfo } from '../../interface.ts'
import type { EngineLog } from '../index.ts'
import { reasonOf } from '../model-folder.ts'
import { resolveSampling } from '../resolve-sampling.ts'
import { isLoopback } from './address.ts'
import { chat } from './chat.ts'
import type { ChatEnd } from './chat.ts'
import { eventQueue } from '../event-queue.ts'
import { ending } from './ending.ts'
import type { EngineEntry, ServedTimes } from './index.ts'
import { lookWithin } from './look.ts'
import type { Seen, SeenModel } from './look.ts'
import type { KnownRates, ServedRates } from './rates.ts'
import { UnreachableError } from './requests.ts'

/** Requests under way at one server; more are better asked elsewhere. */
const MOST_REQUESTS = 64
const WAITING_MS = 1000
/** A model that failed is not offered for a while: first briefly, then longer, so that fast failure attracts nothing. */
const FIRST_REST_MS = 2_000
const LONGEST_REST_MS = 5 * 60_000
/** A model that thinks before it answers needs room for both. */
const MAX_TOKENS = 4096

interface Rest {
  failures: number
  until: number
  reason: string
}

export interface ServerInit {
  entry: EngineEntry
  rates: ServedRates
  log: EngineLog
  changed: () => void
  times: Required<Pick<ServedTimes, 'touchMs' | 'lookMs' | 'lookTimeoutMs'>> & ServedTimes
}

/** One server: what it has, whether it is there, and what is asked of it. */
export class Server {
  readonly entry: EngineEntry
  readonly #init: ServerInit
  readonly #stopped = new AbortController()
  /** By hash: those that failed lately. */
  readonly #resting = new Map<string, Rest>()
  #seen: Seen | null = null
  /** Why it is not there; null while it is. */
  #down: string | null = 'it was not looked at yet'
  #looking: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #lookedAt = -Infinity
  /** Whether somebody took the last connection. */
  #listens = true
  #running = 0
  /** Counts up whenever a request begins: an answer that was alone shows the speed of a lone request. */
  #begun = 0

  constructor(init: ServerInit) {
    this.#init = init
    this.entry = init.entry
  }

  /** Offered now. */
  get models(): SeenModel[] {
    return this.#down === null && this.#seen?.state === 'up' ? this.#seen.models : []
  }

  /** Begins to watch it, with what a look before found where there was one. */
  start(seen?: Seen): void {
    if (seen !== undefined) this.#take(seen)
    else void this.look()
    this.#schedule()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#stopped.abort(new ServedEngineError(`The engine ${this.entry.name} is no longer used.`))
  }

  /** Looks, once at a time; never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  has(hash: string): boolean {
    return this.models.some((model) => model.hash === hash)
  }

  infoOf(model: SeenModel): ModelInfo {
    const { name, hash, bytes, quantization, contextLength, loaded, carriesOn } = model
    return {
      name,
      hash,
      bytes,
      parameters: this.#parametersOf(model),
      quantization,
      contextLength,
      loaded,
      builtIn: false,
      broken: this.#restOf(hash)?.reason ?? null,
      engine: this.entry.name,
      ...(!carriesOn && { startsOnly: true })
    }
  }

  ratesOf(model: SeenModel): KnownRates {
    return this.#init.rates.of(this.entry.url, model.hash, this.#parametersOf(model), model.quantization)
  }

  info(): EngineInfo {
    const { name, url, keyFile, parameters } = this.entry
    const seen = this.#seen
    const state = this.#down !== null || seen === null ? 'down' : seen.state
    return {
      name,
      url,
      kind: seen?.kind ?? null,
      state,
      reason: this.#down ?? (state === 'loading' ? `${name} is loading its model.` : null),
      models: (seen?.models ?? []).map((model) => {
        const { decodeRate, measured } = this.ratesOf(model)
        const { hash, contextLength, carriesOn } = model
        const own = { name: model.name, hash, parameters: this.#parametersOf(model), contextLength, carriesOn }
        return { ...own, decodeRate, measured, reason: this.#restOf(hash)?.reason ?? null }
      }),
      keyFile,
      parameters,
      remarks: [
        `${name} is another program: it may keep logs of what it is asked and answers, beyond what ownmesh can see.`,
        ...(isLoopback(url)
          ? []
          : url.startsWith('http:')
            ? [`What goes to ${url} is not encrypted: whoever is on the way can read it, the key too.`]
            : ['What it is asked leaves this device.']),
        ...(seen?.remarks ?? [])
      ]
    }
  }

  /** Answers with a model of this server, which is offered now. */
  async *generate(
    request: GenerateRequest,
    { signal }: AbortOptions = {}
  ): AsyncGenerator<GenerateEvent, void, undefined> {
    const model = this.models.find(({ hash }) => hash === request.model)
    const seen = this.#seen
    if (model === undefined || seen === null) throw this.#gone(request.model)
    const { id, name, hash, contextLength, generation, carriesOn } = model
    const { messages, continuation } = request
    if (messages.length === 0 || messages.every(({ content }) => content.trim() === '')) {
      throw new InvalidRequestError('The prompt is empty; say something.')
    }
    const begun = continuation?.text ?? ''
    if (!carriesOn && continuation !== undefined && (begun !== '' || continuation.tokens.length > 0)) {
      throw new ServedEngineError(`${this.entry.name} cannot carry on from an answer that another began.`)
    }
    if (this.#running >= MOST_REQUESTS) {
      throw new BusyError(`${MOST_REQUESTS} questions wait for ${this.entry.name} already; ask again in a moment.`)
    }
    const sampling = resolveSampling(
      request.sampling,
      // Never more than half of the context, of which the prompt needs a part.
      { max_new_tokens: Math.max(1, Math.min(MAX_TOKENS, Math.floor(contextLength / 2))), ...generation },
      contextLength
    )
    const end = ending([this.#stopped.signal, signal])
    this.#running++
    const number = ++this.#begun
    const alone = this.#running === 1
    try {
      yield { type: 'accepted', model: { name, hash }, sampling }
      const answer = chat(
        this.entry,
        {
          kind: seen.kind,
          model: id,
          messages,
          sampling,
          begun,
          others: seen.models.map((other) => other.id).filter((other) => other !== id)
        },
        end.signal,
        this.#init.times
      )
      for await (const event of withSigns(answer, () => this.#loaded(hash))) {
        if (event.type !== 'end') yield event
        else {
          const { done, observed } = event
          this.#resting.delete(hash)
          if (alone && number === this.#begun) this.#observe(model, observed)
          yield done
        }
      }
    } catch (err) {
      if (!end.signal.aborted) this.#failed(hash, err)
      throw err
    } finally {
      end.release()
      end.abort(new DOMException('The answer is no longer needed.', 'AbortError'))
      this.#running--
    }
  }

  #parametersOf({ parameters }: SeenModel): number | null {
    return parameters ?? this.entry.parameters
  }

  #loaded(hash: string): number | null {
    const model = this.#seen?.models.find((each) => each.hash === hash)
    // Servers tell whether, not how far.
    return model === undefined ? null : Number(model.loaded)
  }

  #gone(hash: string): ServedEngineError {
    return new ServedEngineError(
      this.#down ?? `${this.entry.name} does not have the model ${hash.slice(0, 12)} any more.`
    )
  }

  #observe(model: SeenModel, { decodeRate, prefillRate }: ChatEnd['observed']): void {
    // The wait for a model that had to be loaded says nothing of how it reads.
    const observed = { decodeRate, prefillRate: model.loaded ? prefillRate : null }
    if (observed.decodeRate === null && observed.prefillRate === null) return
    this.#init.rates.keep(this.entry.url, model.hash, observed)
    this.#init.changed()
  }

  #restOf(hash: string): Rest | undefined {
    const rest = this.#resting.get(hash)
    return rest !== undefined && rest.until > performance.now() ? rest : undefined
  }

  #failed(hash: string, err: unknown): void {
    // The request's own fault, or a server that has enough to do.
    if (err instanceof InvalidRequestError || err instanceof PromptTooLongError || err instanceof BusyError) return
    const failures = (this.#resting.get(hash)?.failures ?? 0) + 1
    const restMs = Math.min(FIRST_REST_MS * 2 ** (failures - 1), LONGEST_REST_MS)
    this.#resting.set(hash, { failures, until: performance.now() + restMs, reason: reasonOf(err) })
    this.#init.changed()
    // Whether it is the model or the whole server is known in a moment.
    void this.look().then(() => {
      this.#schedule()
    })
  }

  /** A try to connect between the looks; a look at once where that says something new. */
  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#stopped.signal.aborted) return
    const { touchMs, lookMs } = this.#init.times
    const rested = [...this.#resting.values()].map(({ until }) => until - performance.now()).filter((ms) => ms > 0)
    this.#timer = setTimeout(
      () => {
        const isLoading = this.#down === null && this.#seen?.state === 'loading'
        const isDue = performance.now() - this.#lookedAt >= lookMs || isLoading
        void (isDue ? this.look() : this.#touch()).then(() => {
          // A model's rest may be over.
          if (this.#resting.size > 0) this.#init.changed()
          this.#schedule()
        })
      },
      Math.min(touchMs, ...rested)
    )
  }

  async #touch(): Promise<void> {
    const { url } = this.entry
    // Over TLS a connection that says nothing is an error in somebody's log.
    if (url.startsWith('https:')) return
    const isThere = await listens(url, this.#init.times.touchMs, this.#stopped.signal)
    const isNews = isThere !== this.#listens || (!isThere && this.#down === null)
    this.#listens = isThere
    if (isNews) await this.look()
  }

  async #look(): Promise<void> {
    const { entry, times, log } = this.#init
    const before = this.#down
    this.#lookedAt = performance.now()
    try {
      this.#take(await lookWithin(times.lookTimeoutMs, entry, this.#seen, this.#stopped.signal))
      if (before !== null) log.info(`the engine ${entry.name} is there (${entry.url})`)
    } catch (err) {
      if (this.#stopped.signal.aborted) return
      this.#down = reasonOf(err)
      // It may be back before the next try to connect, which is then news.
      if (err instanceof UnreachableError) this.#listens = false
      if (before === this.#down) return
      log.info(`the engine ${entry.name} is not used: ${this.#down}`)
      this.#init.changed()
    }
  }

  #take(seen: Seen): void {
    const wasDown = this.#down !== null
    const before = this.#seen
    this.#lookedAt = performance.now()
    this.#seen = seen.state === 'loading' && before !== null ? { ...before, state: 'loading' } : seen
    this.#down = null
    // It was started anew, or its owner has mended something.
    if (wasDown) this.#resting.clear()
    if (wasDown || JSON.stringify(before) !== JSON.stringify(this.#seen)) this.#init.changed()
  }
}

type Event = Exclude<GenerateEvent, { type: 'accepted' | 'done' }> | ChatEnd

/** The answer with a sign of life each second until its first word. */
async function* withSigns(
  answer: ReturnType<typeof chat>,
  loaded: () => number | null
): AsyncGenerator<Event, void, undefined> {
  const events = eventQueue<Event>()
  let prefilled: number | null = null
  const sign = (): void => {
    events.push({ type: 'waiting', place: 0, loaded: loaded(), prefilled })
  }
  const signs = setInterval(sign, WAITING_MS)
  const pump = async (): Promise<void> => {
    for await (const event of answer) {
      if (event.type === 'prefilled') prefilled = event.fraction
      else clearInterval(signs)
      events.push(event.type === 'prefilled' ? { type: 'waiting', place: 0, loaded: 1, prefilled } : event)
    }
  }
  pump().catch((err: unknown) => {
    events.fail(err)
  })
  try {
    for (;;) {
      const event = await events.next()
      yield event
      if (event.type === 'end') return
    }
  } finally {
    clearInterval(signs)
  }
}

/** Whether somebody takes a connection; anything but a refusal counts as yes where the time is over. */
function listens(url: string, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
    })
    const end = (is: boolean): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      socket.destroy()
      resolve(is)
    }
    const stop = (): void => {
      end(false)
    }
    const timer = setTimeout(stop, timeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    socket.once('connect', () => {
      end(true)
    })
    socket.once('error', stop)
    if (signal.aborted) stop()
  })
}
