import type { Scored } from './store.ts'

/** About four letters of a Latin script are one token, and no script needs more than one for each byte of three. */
const BYTES_PER_TOKEN = 3

/** What surrounds a memory in a prompt: a line, its date, its tags. */
const TOKENS_AROUND = 12

/** What scores less than this part of the best is not about the same thing. */
const LEAST_OF_BEST = 0.25

export interface RecallBudget {
  /** Tokens that the memories may take in the prompt together. */
  tokens: number
  /** @default 20 */
  most?: number
  /** Tokens of a text. @default an estimate that is rather too high */
  countTokens?: (text: string) => number
}

/**
 * Chooses the memories to put before a question: the most relevant ones that fit into the budget together, best first. One
 * that is too long is passed over, and shorter ones after it still have their chance.
 */
export function chooseWithin(scored: readonly Scored[], budget: RecallBudget): Scored[] {
  const { tokens, most = 20, countTokens = estimateTokens } = budget
  const sorted = scored.toSorted((one, other) => other.score - one.score || other.time - one.time)
  const best = sorted[0]?.score ?? 0
  const chosen: Scored[] = []
  const texts = new Set<string>()
  let left = tokens
  for (const memory of sorted) {
    if (chosen.length >= most || memory.score < best * LEAST_OF_BEST) break
    const needed = countTokens(memory.text) + TOKENS_AROUND
    // The same words from two devices help no more than once.
    if (needed > left || texts.has(memory.text)) continue
    chosen.push(memory)
    texts.add(memory.text)
    left -= needed
  }
  return chosen
}

export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}
