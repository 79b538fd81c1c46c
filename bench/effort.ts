/** How often each thing is measured. */
export interface Effort {
  /** The full number, or with `--quick` a twentieth of it and at least two: enough to see that everything works. */
  times: (full: number) => number
  /** Told on standard error, so that standard output is the table alone. */
  tell: (message: string) => void
}

const QUICK_PART = 20

export function effort({ quick }: { quick: boolean }): Effort {
  return {
    times: (full) => (quick ? Math.max(2, Math.ceil(full / QUICK_PART)) : full),
    tell: (message) => {
      console.error(message)
    }
  }
}

/**
 * Runs every way once a round, each round beginning with another one, so that what changes slowly on the machine (heat,
 * other programs) meets all of them alike.
 * @returns for each way its results, the n-th of each from the same round
 */
export async function interleaved<Way extends string, T>(
  rounds: number,
  ways: Readonly<Record<Way, (round: number) => Promise<T>>>
): Promise<Record<Way, T[]>> {
  const names = Object.keys(ways) as Way[]
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Way, T[]>
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) results[name].push(await ways[name](round))
  }
  return results
}

/** The results of two ways, round by round. */
export function paired<T>(first: readonly T[], second: readonly T[], read: (result: T) => number): [number, number][] {
  return first.flatMap((one, index) => {
    const other = second[index]
    return other === undefined ? [] : [[read(one), read(other)]]
  })
}
