import type { Rates } from '../../interface.ts'
import type { MeasurementStore } from '../index.ts'
import { bytesPerWeight } from './model-size.ts'

/** What is known of one model's speed. */
export interface KnownRates extends Rates {
  /** From real answers; else estimated. */
  measured: boolean
}

/** What one answer showed; null where it could not show it. */
export interface Observed {
  decodeRate: number | null
  prefillRate: number | null
}

/**
 * Weights cross memory once a token. 100 GB/s is what a small GPU, a laptop of Apple's or a desktop's memory moves: where
 * somebody runs such a server there is about that.
 */
const ASSUMED_BYTES_PER_SECOND = 100e9
/**
 * Whoever serves a model finds it fast enough; below this it would never be asked, and so never be measured. 12 tokens/s
 * is where a model that was too slow counts as usable again.
 */
const SLOWEST_ESTIMATE = 12
const FASTEST_ESTIMATE = 200
/** For a model whose size nobody tells: the middle of what people run. */
const ASSUMED_PARAMETERS = 8e9
/** Prompts are read in batches; on processors about this much faster than answers are written, on GPUs more. */
const PREFILL_FACTOR = 10
/** Weight of the newest answer: after three, most of it is what was seen lately. */
const NEWEST = 0.4
/** Nothing real is outside; a clock that jumped is. Tokens a second. */
const SLOWEST = 0.01
const FASTEST = 100_000

/** From the size alone: good enough to be tried once, after which the truth is known. */
export function estimateRates(parameters: number | null, quantization: string | null): Rates {
  const bytes = (parameters ?? ASSUMED_PARAMETERS) * bytesPerWeight(quantization)
  const decodeRate = Math.min(Math.max(ASSUMED_BYTES_PER_SECOND / bytes, SLOWEST_ESTIMATE), FASTEST_ESTIMATE)
  return { decodeRate, prefillRate: PREFILL_FACTOR * decodeRate }
}

/** Moving averages over real answers, kept beyond the process. */
export class ServedRates {
  readonly #store: MeasurementStore

  constructor(store: MeasurementStore) {
    this.#store = store
  }

  of(url: string, hash: string, parameters: number | null, quantization: string | null): KnownRates {
    const estimate = estimateRates(parameters, quantization)
    const { decodeRate, prefillRate } = this.#kept(url, hash)
    return {
      decodeRate: decodeRate ?? estimate.decodeRate,
      prefillRate: prefillRate ?? (decodeRate === null ? estimate.prefillRate : PREFILL_FACTOR * decodeRate),
      measured: decodeRate !== null
    }
  }

  keep(url: string, hash: string, { decodeRate, prefillRate }: Observed): void {
    const before = this.#kept(url, hash)
    const next: Observed = {
      decodeRate: average(before.decodeRate, decodeRate),
      prefillRate: average(before.prefillRate, prefillRate)
    }
    this.#store.set(keyOf(url, hash), JSON.stringify(next))
  }

  #kept(url: string, hash: string): Observed {
    const text = this.#store.get(keyOf(url, hash))
    return text === undefined ? { decodeRate: null, prefillRate: null } : (JSON.parse(text) as Observed)
  }
}

function average(before: number | null, now: number | null): number | null {
  if (now === null || !(now >= SLOWEST && now <= FASTEST)) return before
  return before === null ? now : before + NEWEST * (now - before)
}

/** The same model may run at two addresses, on two machines. */
function keyOf(url: string, hash: string): string {
  return `served ${hash} at ${url}`
}
