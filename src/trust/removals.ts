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
    }
  }
}

/** The removals that were not looked at yet, by rank, then causal order. */
class RemovalQueue {
  readonly #order: CausalOrder
  readonly #standing: Standing
  /** Of each one's signer, when it was put into its place. */
  readonly #rank: number[] = []
  readonly #waiting: number[]

  constructor(order: CausalOrder, standing: Standing) {
    this.#order = order
    this.#standing = standing
    this.#waiting = order.records.flatMap(({ body }, at) => (body.type === 'remove' ? [at] : []))
    for (const at of this.#waiting) this.#rank[at] = standing.rank(at)
    this.#waiting.sort((a, b) => (this.#isBefore(a, b) ? -1 : 1))
  }

  /** The first of those that lie in the past of a record, or of all. */
  first(of: number | undefined): number | undefined {
    for (;;) {
      const at = of === undefined ? this.#waiting[0] : this.#waiting.find((each) => this.#order.precedes(each, of))
      if (at === undefined) return undefined
      const rank = this.#standing.rank(at)
      if (rank === this.#rank[at]) return at
      // Its signer had been admitted by a device that is gone, and now has a later admission or none. Since ranks only
      // sink, whoever is first and has not sunk is the first indeed.
      this.done(at)
      this.#rank[at] = rank
      const place = this.#waiting.findIndex((each) => this.#isBefore(at, each))
      this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, at)
    }
  }

  done(removal: number): void {
    this.#waiting.splice(this.#waiting.indexOf(removal), 1)
  }

  #isBefore(a: number, b: number): boolean {
    const [rankOfA = 0, rankOfB = 0] = [this.#rank[a], this.#rank[b]]
    return rankOfA === rankOfB ? a < b : rankOfA < rankOfB
  }
}
