import type { ModelInfo } from '../interface.ts'
import type { CatalogModel } from './catalog.ts'
import type { MeasurementStore } from './index.ts'
import { contextWithin, needOf, tooLargeReason } from './memory-need.ts'
import type { DeviceMemory, MeasuredLoad, MemoryNeed } from './memory-need.ts'

/** Without a limit everything fits. */
const NO_LIMIT: DeviceMemory = { budget: Infinity, total: Infinity }

/** What a model needs here, and what of it there is. */
export interface Fit {
  need: MemoryNeed
  /** Longest prompt and answer together that fit, in tokens. */
  contextLength: number
  /** Why it cannot be loaded, or null. */
  tooLarge: string | null
}

/** What this device knows of its models' memory: their files' sizes, and what loading them has shown, which is kept. */
export class ModelMemories {
  readonly #store: MeasurementStore
  readonly #device: DeviceMemory
  /** By hash: what was read or kept; it is asked for with each question. */
  readonly #known = new Map<string, MeasuredLoad | null>()

  constructor(store: MeasurementStore, device: DeviceMemory = NO_LIMIT) {
    this.#store = store
    this.#device = device
  }

  get budget(): number {
    return this.#device.budget
  }

  fitOf({ info: { hash, name }, size }: CatalogModel): Fit {
    const need = needOf(size, this.measured(hash))
    const { budget } = this.#device
    return {
      need,
      contextLength: contextWithin(need, size.contextLength, budget),
      tooLarge: tooLargeReason(name, size, need, this.#device)
    }
  }

  /** What a list of models shows of it. */
  facts(model: CatalogModel): Pick<ModelInfo, 'contextLength' | 'memory' | 'tooLarge' | 'loadMs'> {
    const { info, size } = model
    if (info.broken !== null) return { contextLength: info.contextLength }
    const { need, contextLength, tooLarge } = this.fitOf(model)
    const measured = this.measured(info.hash)
    const { budget } = this.#device
    return {
      // Of one that is too large, what it could do elsewhere.
      contextLength: tooLarge === null ? contextLength : size.contextLength,
      memory: {
        loaded: need.loaded,
        perToken: need.perToken,
        budget: Number.isFinite(budget) ? budget : null,
        isMeasured: measured !== null && measured.bytes >= need.loaded,
        fullContext: size.contextLength
      },
      ...(tooLarge !== null && { tooLarge }),
      ...(measured !== null && { loadMs: measured.loadMs })
    }
  }

  measured(hash: string): MeasuredLoad | null {
    let known = this.#known.get(hash)
    if (known === undefined) {
      const kept = this.#store.get(keyOf(hash))
      known = kept === undefined ? null : (JSON.parse(kept) as MeasuredLoad)
      this.#known.set(hash, known)
    }
    return known
  }

  /** The most that it ever took, and how long it took the last time. */
  keep(hash: string, { bytes, loadMs }: MeasuredLoad): void {
    const most = { bytes: Math.max(bytes, this.measured(hash)?.bytes ?? 0), loadMs }
    this.#store.set(keyOf(hash), JSON.stringify(most))
    this.#known.set(hash, most)
  }
}

function keyOf(hash: string): string {
  return `memory ${hash}`
}
