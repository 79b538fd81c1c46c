import type { Engine, ModelInfo, Rates } from '../interface.ts'
import { offerOf, type OwnCapability } from './own-capability.ts'
import { publishRate, type PublishedRate } from './rate-ladder.ts'

/** A device that got slower or faster (a game began, a fan failed) is seen after this much idleness. */
const MEASURE_AGAIN_AFTER_MS = 10 * 60_000

/** Keeps what this device offers true: its models, each at the rates that were measured for it. */
export class Measuring {
  readonly #engine: Engine
  readonly #capability: OwnCapability
  readonly #maxRate: number | null
  readonly #warn: (message: string) => void
  readonly #published = new Map<string, { prefill: PublishedRate; decode: PublishedRate }>()
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #engineError: string | null = null
  /** Settles when the first round is over, whatever came of it. */
  readonly first: Promise<void>

  constructor(init: {
    engine: Engine
    capability: OwnCapability
    maxRate: number | null
    warn: (message: string) => void
  }) {
    this.#engine = init.engine
    this.#capability = init.capability
    this.#maxRate = init.maxRate
    this.#warn = init.warn
    this.first = this.#round({ again: false })
    this.#scheduleNext()
  }

  /** Why nothing runs here, in the engine's words; null while something does. */
  get engineError(): string | null {
    return this.#capability.get().models.length > 0 ? null : this.#engineError
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#stopped.abort()
  }

  #scheduleNext(): void {
    this.#timer = setTimeout(() => {
      const idle = this.#capability.get().queue === 0
      void (idle ? this.#round({ again: true }) : Promise.resolve()).then(() => {
        if (!this.#stopped.signal.aborted) this.#scheduleNext()
      })
    }, MEASURE_AGAIN_AFTER_MS)
    this.#timer.unref()
  }

  async #round({ again }: { again: boolean }): Promise<void> {
    try {
      const models = (await this.#engine.models()).filter(({ broken }) => broken === null)
      const offers = []
      for (const model of strongestFirst(models)) {
        const rates = await this.#rates(model, again)
        if (rates !== null) offers.push(offerOf(model, rates))
        // The strongest is worth telling of before the rest is measured.
        if (!again) this.#capability.update({ models: [...offers], hardware: this.#engine.hardware() })
      }
      this.#capability.update({ models: offers, hardware: this.#engine.hardware() })
    } catch (err) {
      if (!this.#stopped.signal.aborted) this.#warn(`Models could not be read: ${messageOf(err)}`)
    }
  }

  /** Published rates after a measurement, or null for a model that does not run here. */
  async #rates({ hash, name }: ModelInfo, again: boolean): Promise<Rates | null> {
    try {
      const measured = await this.#engine.measure(hash, { signal: this.#stopped.signal, again })
      const before = this.#published.get(hash)
      const prefill = publishRate(before?.prefill.step ?? null, measured.prefillRate)
      const decode = publishRate(before?.decode.step ?? null, Math.min(measured.decodeRate, this.#maxRate ?? Infinity))
      this.#published.set(hash, { prefill, decode })
      return { prefillRate: prefill.rate, decodeRate: decode.rate }
    } catch (err) {
      if (this.#stopped.signal.aborted) return null
      this.#engineError = messageOf(err)
      this.#warn(`The model ${name} does not run here: ${messageOf(err)}`)
      return null
    }
  }
}

function strongestFirst(models: readonly ModelInfo[]): ModelInfo[] {
  return models.toSorted((a, b) => Number(a.builtIn) - Number(b.builtIn) || (b.parameters ?? 0) - (a.parameters ?? 0))
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err)
}
