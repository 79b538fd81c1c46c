import type { ResolvedSampling } from '../interface.ts'
import { randomAt } from './random.ts'

/**
 * The next token for a row of logits.
 *
 * Order as in Hugging Face's `generate`: repetition penalty, temperature, top-k, top-p. Greedy takes the lowest id among
 * equals. `position` is the token's place in the answer; with the seed it decides the draw.
 *
 * @param logits one float for each token of the vocabulary; changed in place
 * @param seen ids of prompt and answer so far
 */
export function nextToken(
  logits: Float32Array,
  seen: ReadonlySet<number>,
  sampling: ResolvedSampling,
  position: number
): number {
  if (sampling.repetitionPenalty !== 1) penalize(logits, seen, sampling.repetitionPenalty)
  if (sampling.temperature === 0) return argmax(logits)
  const candidates = likeliest(logits, sampling)
  return draw(candidates, randomAt(sampling.seed, position))
}

/** Keskar et al., CTRL (2019), section 4.1: a seen token's score is divided by the penalty, or multiplied if negative. */
function penalize(logits: Float32Array, seen: ReadonlySet<number>, penalty: number): void {
  for (const id of seen) {
    const score = logits[id]
    if (score !== undefined) logits[id] = score > 0 ? score / penalty : score * penalty
  }
}

/** Greedy: the lowest id among equals. */
export function argmax(logits: Float32Array): number {
  let best = 0
  let highest = -Infinity
  for (let id = 0; id < logits.length; id++) {
    const score = logits[id] ?? -Infinity
    if (score > highest) {
      highest = score
      best = id
    }
  }
  return best
}

interface Candidate {
  id: number
  /** Share of the whole, not yet adding up to 1. */
  weight: number
}

/**
 * Weights below this part of the highest can never be drawn in practice (2^-40), and leaving them out keeps sorting
 * cheap with vocabularies of 100,000.
 */
const NEGLIGIBLE = 2 ** -40

function likeliest(logits: Float32Array, { temperature, topK, topP }: ResolvedSampling): Candidate[] {
  const highest = logits[argmax(logits)] ?? 0
  const candidates: Candidate[] = []
  for (let id = 0; id < logits.length; id++) {
    const weight = Math.exp(((logits[id] ?? -Infinity) - highest) / temperature)
    if (weight > NEGLIGIBLE) candidates.push({ id, weight })
  }
  candidates.sort((a, b) => b.weight - a.weight || a.id - b.id)
  if (topK > 0) candidates.length = Math.min(candidates.length, topK)
  if (topP >= 1) return candidates
  // Nucleus (Holtzman et al. 2020): the fewest likeliest tokens that reach topP together.
  const enough = topP * sum(candidates)
  let reached = 0
  const count = candidates.findIndex(({ weight }) => (reached += weight) >= enough) + 1
  return count === 0 ? candidates : candidates.slice(0, count)
}

function draw(candidates: readonly Candidate[], random: number): number {
  let left = random * sum(candidates)
  for (const { id, weight } of candidates) {
    left -= weight
    if (left < 0) return id
  }
  return candidates.at(-1)?.id ?? 0
}

function sum(candidates: readonly Candidate[]): number {
  return candidates.reduce((total, { weight }) => total + weight, 0)
}
