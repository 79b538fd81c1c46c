import type { CausalOrder } from './causality.ts'
import type { Standing } from './standing.ts'

/**
 * Looks at all removals, in the order of their signers' ranks as these are by then, each after those in its own past,
 * and applies each one that still counts when its turn comes.
 *
 * A thief back-dates: it signs as though it did not know that it was removed. Its removal does not lie in the past of
 * the one that removed it, so the rank decides; and whoever removed it ranks higher, or has the recovery phrase.
 */
export function applyRemovals(order: CausalOrder, standing: Standing): void {
  const queue = new RemovalQueue(order, standing)
  // Each lies in the past of the one before it and goes before it.
  const pulled: number[] = []
  for (;;) {
    const last = pulled.at(-1)
    const next = queue.first(last)
    if (next !== undefined) pulled.push(next)
    else if (last === undefined) return
    else {
      pulled.pop()
      queue.done(last)
      if (standing.counts(last)) standing.remove(last)
      queue.ranksMayHaveSunk()
    }
  }
}

/** The removals that were not looked at yet, by rank, then causal order. */
class RemovalQueue {
  readonly #order: CausalOrder
  readonly #standing: Standing
  readonly #rank: number[] = []
  #waiting: number[]
  /** How many admissions had been struck out when this was sorted. */
  #struck = 0

  constructor(order: CausalOrder, standing: Standing) {
    this.#order = order
    this.#standing = standing
    this.#waiting = order.records.flatMap(({ body }, at) => (body.type === 'remove' ? [at] : []))
    this.#sort()
  }

  /** The first of those that lie in the past of a record, or of all. */
  first(of: number | undefined): number | undefined {
    if (of === undefined) return this.#waiting[0]
    return this.#waiting.find((at) => this.#order.precedes(at, of))
  }

  done(removal: number): void {
    this.#waiting.splice(this.#waiting.indexOf(removal), 1)
  }

  /** Whoever was admitted by a device that is gone may have sunk, to a later admission or to none. */
  ranksMayHaveSunk(): void {
    if (this.#standing.struckAdmissions > this.#struck) this.#sort()
  }

  #sort(): void {
    const rank = this.#rank
    for (const at of this.#waiting) rank[at] = this.#standing.rank(at)
    this.#waiting.sort((a, b) => compare(rank[a] ?? 0, rank[b] ?? 0) || a - b)
    this.#struck = this.#standing.struckAdmissions
  }
}

/** Infinity less Infinity is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
