/**
 * Who is next at an engine that works on few asks at a time: pure. Invariants, for whoever waits in a line:
 * 1. an ask of the device's own owner is next, or next but one where the ask before was the owner's too
 * 2. with `n` other devices in the line, the `j`-th ask of each waits for at most `2 × n × j − 1` others
 * 3. a device that has no ask in the line finds room in it, however many the others have there
 */

/** Asks are numbers that the caller chooses; of one device they keep their order. */
export interface Line {
  /** Asks of the owner. */
  readonly own: readonly number[]
  /** Other devices that wait, each with its asks, in the order of their turns. */
  readonly others: readonly { readonly asker: string; readonly asks: readonly number[] }[]
  /** Whether the one who was last let through was the owner's. */
  readonly ownBefore: boolean
}

export const EMPTY_LINE: Line = { own: [], others: [], ownBefore: false }

/** Whoever waits behind so many others is better answered elsewhere; for the owner's asks and for all others' each. */
export const MOST_WAITING = 64

/**
 * The line with one more ask, or null where there is no room for it. Of other devices each may have as many waiting as
 * there are places free: the dynamic threshold of Choudhury and Hahne (1998). So one alone gets half of them, two get a
 * third each, and the last places are always there for those who have none.
 *
 * @param asker the device that asks; null for the owner of this one
 */
export function enter(line: Line, ask: number, asker: string | null): Line | null {
  if (asker === null) return line.own.length < MOST_WAITING ? { ...line, own: [...line.own, ask] } : null
  const mine = line.others.find((other) => other.asker === asker)
  const free = MOST_WAITING - line.others.reduce((sum, { asks }) => sum + asks.length, 0)
  if ((mine?.asks.length ?? 0) >= free) return null
  return mine === undefined
    ? { ...line, others: [...line.others, { asker, asks: [ask] }] }
    : { ...line, others: line.others.map((other) => (other === mine ? { asker, asks: [...mine.asks, ask] } : other)) }
}

/** Lets the next one through: the owner and the others in turn, the others one after another. Null when nobody waits. */
export function next({ own, others, ownBefore }: Line): { ask: number; line: Line } | null {
  const [first, ...behind] = others
  const [mine, ...moreOfMine] = own
  if (mine !== undefined && (first === undefined || !ownBefore)) {
    return { ask: mine, line: { own: moreOfMine, others, ownBefore: true } }
  }
  const [theirs, ...moreOfTheirs] = first?.asks ?? []
  if (first === undefined || theirs === undefined) return null
  const again = moreOfTheirs.length === 0 ? [] : [{ asker: first.asker, asks: moreOfTheirs }]
  return { ask: theirs, line: { own, others: [...behind, ...again], ownBefore: false } }
}

/** The line without an ask that is no longer wanted. */
export function without(line: Line, ask: number): Line {
  return {
    ...line,
    own: line.own.filter((each) => each !== ask),
    others: line.others
      .map(({ asker, asks }) => ({ asker, asks: asks.filter((each) => each !== ask) }))
      .filter(({ asks }) => asks.length > 0)
  }
}

/** The asks in the order in which they will be let through if nobody else comes. */
export function order(line: Line): number[] {
  const asks: number[] = []
  for (let step = next(line); step !== null; step = next(step.line)) asks.push(step.ask)
  return asks
}
