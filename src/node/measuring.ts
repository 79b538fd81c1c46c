import type { Engine, ModelInfo, ModelOffer, Rates } from '../interface.ts'
import { MAX_MODELS } from '../protocols/limits.ts'
import { systemClock, type Clock } from '../protocols/clock.ts'
import { offerOf, type OwnCapability } from './own-capability.ts'
import { publishRate, type PublishedRate } from './rate-ladder.ts'
import { byStrength } from './size-class.ts'

/** A device that got slower or faster (a game began, a fan failed) is seen after this much idleness. */
const MEASURE_AGAIN_AFTER_MS = 10 * 60_000

/** A first measurement takes about two seconds; a model that needs longer is better asked than waited for. */
export const FIRST_MEASUREMENT_MS = 10_000

/** Keeps what this device offers true: its models, each at the rates that were measured for it. */
export class Measuring {
  readonly #engine: Engine
  readonly #capability: OwnCapability
  readonly #maxRate: number | null
  readonly #warn: (message: string) => void
  readonly #mark: (models: ModelInfo[]) => ModelInfo[]
  readonly #clock: Pick<Clock, 'after'>
  readonly #published = new Map<string, { prefill: PublishedRate; decode: PublishedRate }>()
  /** What was last told of each model that does not run, by hash: once is enough. */
  readonly #told = new Map<string, string>()
  /** What may be offered, by hash. */
  readonly #offers = new Map<string, ModelOffer>()
  /** Hashes of the models that are there, by the latest look. */
  #present: ReadonlySet<string> = new Set()
  readonly #stopped = new AbortController()
  #cancelNext: () => void = () => undefined
  #engineError: string | null = null
  #refreshing = Promise.resolve()
  /** The latest round. */
  #running: Promise<void>
  /** Settles when the first round is over, whatever came of it. */
  readonly first: Promise<void>

  constructor(init: {
    engine: Engine
    capability: OwnCapability
    maxRate: number | null
    warn: (message: string) => void
    /** The model that its owner chose, marked. @default none is chosen */
    mark?: (models: ModelInfo[]) => ModelInfo[]
    clock?: Pick<Clock, 'after'>
  }) {
    this.#engine = init.engine
    this.#capability = init.capability
    this.#maxRate = init.maxRate
    this.#warn = init.warn
    this.#mark = init.mark ?? ((models) => models)
    this.#clock = init.clock ?? systemClock
    this.first = this.#round('first')
    this.#running = this.first
  }

  /** The models here have changed: what is gone is offered no more at once, what is new once it was measured. */
  look(): Promise<void> {
    this.#cancelNext()
    this.#running = this.#running.then(() => {
      this.#cancelNext()
      return this.#stopped.signal.aborted ? undefined : this.#round('changed')
    })
    return this.#running
  }

  /** Why nothing runs here, in the engine's words; null while something does. */
  get engineError(): string | null {
    return this.#capability.get().models.length > 0 ? null : this.#engineError
  }

  stop(): void {
    this.#cancelNext()
    this.#stopped.abort()
  }

  /**
   * Something changed that needs no measurement: other engines came or went, or showed another speed; a model was loaded
   * or unloaded; the owner chose another.
   */
  refresh(): Promise<void> {
    // One after the other: what was read earlier must not be told later.
    this.#refreshing = this.#refreshing.then(() => this.#refresh())
    return this.#refreshing
  }

  async #refresh(): Promise<void> {
    try {
      const models = await this.#models()
      for (const model of models) {
        const offered: Rates | undefined = this.#offers.get(model.hash)
        const rates = model.engine === undefined ? (offered ?? null) : await this.#rates(model, false)
        if (rates === null) continue
        const { prefillRate, decodeRate } = rates
        this.#offers.set(model.hash, offerOf(model, { prefillRate, decodeRate }))
      }
      this.#publish()
    } catch (err) {
      if (!this.#stopped.signal.aborted) this.#warn(`Models could not be read: ${messageOf(err)}`)
    }
  }

  /** Those that work and fit, the strongest first. What is no longer there is no longer offered. */
  async #models(): Promise<ModelInfo[]> {
    const all = this.#mark(await this.#engine.models())
    const models = all.filter(({ broken, tooLarge }) => broken === null && tooLarge === undefined)
    this.#stopped.signal.throwIfAborted()
    this.#present = new Set(models.map(({ hash }) => hash))
    return models.sort(byStrength)
  }

  #publish(): void {
    if (this.#stopped.signal.aborted) return
    const offers = [...this.#offers.values()]
      .filter(({ hash }) => this.#present.has(hash))
      .sort((a, b) => Number(b.chosen === true) - Number(a.chosen === true) || byStrength(a, b))
    const most = MAX_MODELS - offers.filter(({ builtIn }) => builtIn).length
    const models = offers.filter(({ builtIn }, index) => builtIn || index < most)
    this.#capability.update({ models, hardware: this.#engine.hardware() })
  }

  /** Rounds never overlap: the wait begins when one is over. */
  #scheduleNext(): void {
    this.#cancelNext = this.#clock.after(MEASURE_AGAIN_AFTER_MS, () => {
      if (this.#capability.get().queue === 0) this.#running = this.#round('again')
      else this.#scheduleNext()
    })
  }

  /** Each model is told of when it is known; `again` measures what was measured before. */
  async #round(why: 'first' | 'changed' | 'again'): Promise<void> {
    const { signal } = this.#stopped
    try {
      const models = await this.#models()
      // What is gone is offered no more, also while the others are measured.
      if (why === 'changed') this.#publish()
      for (const model of models) {
        const rates = await this.#rates(model, why === 'again')
        signal.throwIfAborted()
        if (rates === null) this.#offers.delete(model.hash)
        else this.#offers.set(model.hash, offerOf(await this.#now(model), rates))
        // The strongest is worth telling of before the rest is measured.
        if (why !== 'again') this.#publish()
      }
      this.#publish()
    } catch (err) {
      if (!signal.aborted) this.#warn(`Models could not be read: ${messageOf(err)}`)
    } finally {
      if (!signal.aborted) this.#scheduleNext()
    }
  }

  /** As it is now: measuring has loaded it, and perhaps unloaded another. */
  async #now(model: ModelInfo): Promise<ModelInfo> {
    return (await this.#models()).find(({ hash }) => hash === model.hash) ?? model
  }

  /** Published rates after a measurement, or null for a model that does not run here. */
  async #rates({ hash, name }: ModelInfo, again: boolean): Promise<Rates | null> {
    try {
      const measured = await this.#engine.measure(hash, { signal: this.#stopped.signal, again })
      const before = this.#published.get(hash)
      const prefill = publishRate(before?.prefill.step ?? null, measured.prefillRate)
      const decode = publishRate(before?.decode.step ?? null, Math.min(measured.decodeRate, this.#maxRate ?? Infinity))
      this.#published.set(hash, { prefill, decode })
      this.#told.delete(hash)
      return { prefillRate: prefill.rate, decodeRate: decode.rate }
    } catch (err) {
      if (this.#stopped.signal.aborted) return null
      const reason = messageOf(err)
      this.#engineError = reason
      if (this.#told.get(hash) !== reason) this.#warn(`The model ${name} does not run here: ${reason}`)
      this.#told.set(hash, reason)
      return null
    }
  }
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err)
}
