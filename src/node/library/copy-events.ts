import type { ModelCopyEvent } from '../../interface.ts'
import type { Copied } from '../../packages/index.ts'

/** Often enough that a bar moves evenly; a megabyte on a fast disk is a thousandth of a second. */
const TELL_EVERY_MS = 100

/** How far a copy has come, told now and then and at its end. */
export class CopyTally {
  readonly #now: () => number
  #total: number
  #bytes = 0
  #told = -Infinity
  #keptBytes = 0
  /** Came in this run, before the present beginning. */
  #came = 0

  constructor(total = 0, now: () => number = () => performance.now()) {
    this.#total = total
    this.#now = now
  }

  /** How many bytes were there from an earlier try. */
  get kept(): number {
    return Math.max(0, this.#keptBytes - this.#came)
  }

  /** Begins, or begins anew: what came until then is found there. */
  begin(total: number): void {
    this.#came += this.#bytes - this.#keptBytes
    this.#total = total
    this.#bytes = 0
    this.#keptBytes = 0
  }

  *count({ bytes, kept }: Copied): Generator<ModelCopyEvent, void> {
    this.#bytes += bytes
    this.#keptBytes += kept
    if (this.#bytes < this.#total && this.#now() - this.#told < TELL_EVERY_MS) return
    this.#told = this.#now()
    yield { type: 'progress', bytes: this.#bytes, total: this.#total, kept: this.kept }
  }
}

/** Passes on how far a copy has come. Resolves to the bytes that were there before. */
export async function* copyEvents(
  copy: AsyncGenerator<Copied, void>,
  total: number,
  now?: () => number
): AsyncGenerator<ModelCopyEvent, number> {
  const tally = new CopyTally(total, now)
  for await (const step of copy) yield* tally.count(step)
  return tally.kept
}
