import { randomBytes } from 'node:crypto'
import type { Answering, Capability, ModelInfo, ModelOffer, Rates } from '../interface.ts'

/**
 * What this device says of itself. Each change raises the sequence and is told to whoever listens; a change that
 * leaves everything as it was is none.
 */
export class OwnCapability {
  #current: Capability
  readonly #changed: () => void
  readonly #now: () => number
  /** When a pause ends by itself, by `now`; null where it does not. */
  #resumesAt: number | null = null

  constructor(init: { name: string; version: string; answering: Answering; changed: () => void; now?: () => number }) {
    this.#changed = init.changed
    this.#now = init.now ?? (() => performance.now())
    this.#current = {
      name: init.name,
      version: init.version,
      answering: init.answering,
      // 64 bits: two processes of one device that meet must differ.
      instance: randomBytes(8).toString('hex'),
      sequence: 0,
      models: [],
      queue: 0,
      hardware: null,
      addresses: [],
      roster: null
    }
  }

  get(): Capability {
    if (this.#resumesAt === null) return this.#current
    return { ...this.#current, resumesInMs: Math.max(0, Math.round(this.#resumesAt - this.#now())) }
  }

  /** Whether it takes asks, and when a pause ends by itself. */
  answer(answering: Answering, resumesAt: number | null): void {
    if (answering === this.#current.answering && resumesAt === this.#resumesAt) return
    this.#resumesAt = resumesAt
    this.#change({ ...this.#current, answering })
  }

  update(change: Partial<Pick<Capability, 'name' | 'models' | 'queue' | 'hardware' | 'addresses' | 'roster'>>): void {
    const keys = Object.keys(change) as (keyof typeof change)[]
    const isSame = (key: keyof typeof change) => JSON.stringify(change[key]) === JSON.stringify(this.#current[key])
    if (!keys.every(isSame)) this.#change({ ...this.#current, ...change })
  }

  /** Says the same once more, as something later than all that was said. */
  renew(): void {
    this.#change(this.#current)
  }

  #change(next: Capability): void {
    this.#current = { ...next, sequence: this.#current.sequence + 1 }
    this.#changed()
  }
}

/** A model whose loading was never timed: as from a slow card, 100 MB a second. */
const ASSUMED_LOAD_RATE = 100e6

/** Milliseconds until it answers, more than for a loaded one. */
function loadMsOf({ loaded, loadMs, bytes, engine }: ModelInfo): number {
  // Other engines load as they like; when is theirs to know.
  return loaded || engine !== undefined ? 0 : Math.max(1, loadMs ?? Math.round((bytes / ASSUMED_LOAD_RATE) * 1000))
}

/** A model as it is offered to others, at the rates that are published for it. */
export function offerOf(model: ModelInfo, rates: Rates): ModelOffer {
  const { name, hash, parameters, quantization, contextLength, builtIn, startsOnly = false, chosen = false } = model
  const loadMs = loadMsOf(model)
  return {
    name,
    hash,
    parameters,
    quantization,
    contextLength,
    builtIn,
    ...rates,
    ...(startsOnly && { startsOnly }),
    ...(loadMs > 0 && { loadMs }),
    ...(chosen && { chosen })
  }
}
