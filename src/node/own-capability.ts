import { randomBytes } from 'node:crypto'
import type { Answering, Capability, ModelInfo, ModelOffer, Rates } from '../interface.ts'

/**
 * What this device says of itself. Each change raises the sequence and is told to whoever listens; a change that
 * leaves everything as it was is none.
 */
export class OwnCapability {
  #current: Capability
  readonly #changed: () => void

  constructor(init: { name: string; version: string; answering: Answering; changed: () => void }) {
    this.#changed = init.changed
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
    return this.#current
  }

  update(
    change: Partial<Pick<Capability, 'name' | 'answering' | 'models' | 'queue' | 'hardware' | 'addresses' | 'roster'>>
  ): void {
    const next = { ...this.#current, ...change }
    if (JSON.stringify(next) === JSON.stringify(this.#current)) return
    this.#current = next
    this.renew()
  }

  /** Says the same once more, as something later than all that was said. */
  renew(): void {
    this.#current = { ...this.#current, sequence: this.#current.sequence + 1 }
    this.#changed()
  }
}

/** A model as it is offered to others, at the rates that are published for it. */
export function offerOf(model: ModelInfo, rates: Rates): ModelOffer {
  const { name, hash, parameters, quantization, contextLength, builtIn, startsOnly = false } = model
  return {
    name,
    hash,
    parameters,
    quantization,
    contextLength,
    builtIn,
    ...rates,
    ...(startsOnly && { startsOnly })
  }
}
