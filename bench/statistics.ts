/** What is said of repeated measurements. Nothing here assumes a distribution: times have long tails. */

export interface Interval {
  low: number
  high: number
}

/** The nearest-rank percentile; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = ascending(values)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN
}

/** The middle, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN
  return (lower + upper) / 2
}

/**
 * An interval that holds the true median with a probability of at least 95 %: from the k-th smallest to the k-th largest
 * value, where k is the largest rank with P(Binomial(n, ½) < k) ≤ 2.5 % (David and Nagaraja, Order Statistics, 7.1).
 * Below six values no rank is sure enough, and it is their whole range.
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = ascending(values)
  const rank = Math.max(1, lowRank(sorted.length))
  return { low: sorted[rank - 1] ?? NaN, high: sorted[sorted.length - rank] ?? NaN }
}

/** How much longer (or larger) the second of each pair was. */
export function differences(pairs: readonly (readonly [number, number])[]): number[] {
  return pairs.map(([first, second]) => second - first)
}

/** The second of each pair as a multiple of the first. */
export function ratios(pairs: readonly (readonly [number, number])[]): number[] {
  return pairs.map(([first, second]) => second / first)
}

function lowRank(count: number): number {
  // In logarithms: ½ to the power of a thousand is no number any more.
  let logTerm = count * Math.log(0.5)
  let below = 0
  let rank = 0
  while (rank < count) {
    below += Math.exp(logTerm)
    if (below > 0.025) break
    logTerm += Math.log((count - rank) / (rank + 1))
    rank++
  }
  return rank
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((one, other) => one - other)
}
