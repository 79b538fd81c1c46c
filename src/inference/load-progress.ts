import type { LoadingStep } from './messages.ts'

/** Reading the files is most of it: from a card or a disk they come many times slower than they are put in order. */
const READING_SHARE = 0.8
/** It is loaded when the child says so, and not before. */
const ALMOST = 0.99

/**
 * How far a model is loaded, from 0 to less than 1, never going back. Of its files the bytes that were read are known.
 * What onnxruntime then does with them it does not tell; the growth of its process against what the model needs does,
 * where the system tells that of another process. Elsewhere the figure stands still for that last part.
 */
export class LoadProgress {
  readonly #resident: () => number | null
  #step: LoadingStep = { step: 'reading', fraction: 0 }
  /** Memory of the process when the session was begun. */
  #before: number | null = null
  #highest = 0

  /** @param resident memory of the process that loads, in bytes; null where it is not known */
  constructor(resident: () => number | null) {
    this.#resident = resident
  }

  take(step: LoadingStep): void {
    if (step.step === 'creating') this.#before = this.#resident()
    this.#step = step
  }

  fraction(): number {
    const now = this.#step.step === 'reading' ? this.#step.fraction * READING_SHARE : this.#creating(this.#step.growth)
    this.#highest = Math.max(this.#highest, Math.min(now, ALMOST))
    return this.#highest
  }

  #creating(growth: number): number {
    const resident = this.#resident()
    const grown = resident === null || this.#before === null ? 0 : resident - this.#before
    return READING_SHARE + (1 - READING_SHARE) * Math.min(1, Math.max(0, grown / Math.max(growth, 1)))
  }
}
