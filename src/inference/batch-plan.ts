/**
 * What the graph does next, where several asks share it: pure. Prompts are read in pieces, a row at a time; whoever
 * answers gets a token with everybody else who answers. Invariants:
 * 1. between two tokens of a row at most `between` tokens of others' prompts are read
 * 2. each step for those that answer has all of them in it
 * 3. every second piece goes to the row that came first: a prompt is read after at most twice as many pieces as it and
 *    the prompts of those before it have; the pieces between go to the prompt that is done soonest
 * 4. nothing is read twice, and nobody's tokens are left out: work is what the rows would have taken alone
 */

/**
 * Rows that are worked on together. Tokens a second grow with them as long as reading the weights costs more than
 * reading the caches; with 16 to 32 that is over (measured on two cores, models of 2.5 and 52 million parameters), and
 * more of them would only all be slower.
 */
export const MAX_ROWS = 32

/**
 * Rows of a graph that takes one row at a time. They take turns, so that nobody waits for the end of a long answer, and
 * each has at least this part of the speed.
 */
export const MAX_ROWS_APART = 4

/** Tokens of the prompt read at once, at least. */
export const PREFILL_CHUNK = 64

/** A run cannot be interrupted, so a cancel waits for it. */
const RUN_S = 1 / 20
/**
 * Reading the weights is a small part of a run by then, and what lies between its layers grows: with 256 the memory that an
 * answer is granted did not suffice.
 */
const MOST_PIECE = 128

/**
 * Tokens of the prompt read at once: whole chunks, as many as a fast device reads before anybody sees a pause.
 * @param prefillRate tokens a second
 */
export function pieceFor(prefillRate: number): number {
  const chunks = Math.floor((prefillRate * RUN_S) / PREFILL_CHUNK)
  return Math.min(MOST_PIECE, Math.max(1, chunks) * PREFILL_CHUNK)
}

/**
 * Who reads an answer sees nothing of a pause as short as this. Prompts that come together are read together, where the
 * device is as fast as that: those whose answers begin together are then computed together to their end.
 */
const PAUSE_S = 0.1

/** Tokens of prompts that may be read between two tokens of an answer. @param prefillRate tokens a second */
export function readBetween(prefillRate: number): number {
  return Math.max(PREFILL_CHUNK, Math.floor(prefillRate * PAUSE_S))
}

/** A row that has something for the graph to do. */
export interface ReadyRow {
  /** Grows with each row that joins. */
  id: number
  /** Tokens of its prompt that are to be read at once; 1 where it answers. */
  piece: number
  /** Tokens of its prompt that were not read yet, the piece among them; 0 where it answers. */
  unread: number
}

export interface BatchState {
  /** Tokens of prompts since those who answer had their last one. */
  readonly read: number
  /** Whose prompt is next. */
  readonly favours: 'first come' | 'soonest done'
}

export type BatchStep = { do: 'read'; row: number } | { do: 'decode'; rows: number[] }

export const BATCH_START: BatchState = { read: 0, favours: 'first come' }

/**
 * Null where no row has anything to do.
 * @param between tokens of prompts that may be read between two of an answer, at least `PREFILL_CHUNK`
 */
export function nextStep(
  state: BatchState,
  rows: readonly ReadyRow[],
  between: number
): { step: BatchStep; state: BatchState } | null {
  const answering = rows.filter(({ unread }) => unread === 0).map(({ id }) => id)
  const reader = favoured(
    rows.filter(({ unread }) => unread > 0),
    state
  )
  const fits = reader !== null && (state.read === 0 || state.read + reader.piece <= between)
  if (reader !== null && (answering.length === 0 || fits)) {
    const favours = state.favours === 'first come' ? 'soonest done' : 'first come'
    // Where nobody answers nobody waits for it.
    const read = answering.length === 0 ? 0 : state.read + reader.piece
    return { step: { do: 'read', row: reader.id }, state: { read, favours } }
  }
  if (answering.length === 0) return null
  return { step: { do: 'decode', rows: answering }, state: { ...state, read: 0 } }
}

function favoured(rows: readonly ReadyRow[], { favours }: BatchState): ReadyRow | null {
  const before = (one: ReadyRow, other: ReadyRow): boolean =>
    favours === 'first come' || one.unread === other.unread ? one.id < other.id : one.unread < other.unread
  return rows.reduce<ReadyRow | null>((best, row) => (best === null || before(row, best) ? row : best), null)
}

/** A row whose next token is wanted. */
export interface RowLength {
  /** Tokens in its cache. */
  length: number
  /** Tokens that it may come to, for which memory was kept free. */
  most: number
}

/**
 * Which rows share a run, by their index: those whose caches may be made as long as the longest of them. What that adds
 * to the shortest is at most `worth` tokens, above which another run costs less than the padding; and all of them
 * together, each as long as the longest after this token, stay within the memory that was kept free for them.
 */
export function shareRuns(rows: readonly RowLength[], worth: number): number[][] {
  const sorted = rows.map((row, index) => ({ ...row, index })).toSorted((a, b) => b.length - a.length)
  const groups: { longest: number; most: number; indices: number[] }[] = []
  for (const { length, most, index } of sorted) {
    const group = groups.find(({ longest, most: granted, indices }) => {
      return longest - length <= worth && (indices.length + 1) * (longest + 1) <= granted + most
    })
    if (group === undefined) groups.push({ longest: length, most, indices: [index] })
    else {
      group.most += most
      group.indices.push(index)
    }
  }
  return groups.map(({ indices }) => indices.sort((a, b) => a - b))
}
