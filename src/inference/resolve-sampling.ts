import { randomInt } from 'node:crypto'
import { InvalidRequestError } from '../errors.ts'
import type { ResolvedSampling, SamplingOptions } from '../interface.ts'
import type { GenerationConfig } from './model-folder.ts'

const DEFAULT_MAX_TOKENS = 512
const SEEDS = 2 ** 32
/** Every token is compared with each of them. */
const MOST_STOP_STRINGS = 16
const LONGEST_STOP_STRING = 256

/**
 * The request's options, then the model's own, then the defaults of `SamplingOptions`. A model's temperature and its
 * kin count only where the model says that it wants to be sampled (`do_sample`), as in Hugging Face's `generate`.
 *
 * @throws {InvalidRequestError} for a value that is out of its range
 */
export function resolveSampling(
  asked: SamplingOptions,
  model: GenerationConfig,
  contextLength: number
): ResolvedSampling {
  const own = model.do_sample === true ? model : {}
  const resolved: ResolvedSampling = {
    maxTokens: Math.min(asked.maxTokens ?? model.max_new_tokens ?? DEFAULT_MAX_TOKENS, contextLength),
    temperature: asked.temperature ?? (model.do_sample === true ? (own.temperature ?? 1) : 0),
    topP: asked.topP ?? own.top_p ?? 1,
    topK: asked.topK ?? own.top_k ?? 0,
    repetitionPenalty: asked.repetitionPenalty ?? model.repetition_penalty ?? 1,
    seed: asked.seed ?? randomInt(SEEDS),
    stop: (asked.stop ?? []).filter((stop) => stop !== '')
  }
  const { maxTokens, temperature, topP, topK, repetitionPenalty, seed, stop } = resolved
  check(Number.isInteger(maxTokens) && maxTokens >= 1, 'maxTokens must be a whole number of at least 1')
  check(temperature >= 0 && temperature <= 100, 'temperature must be from 0 to 100')
  check(topP > 0 && topP <= 1, 'topP must be above 0 and at most 1')
  check(Number.isInteger(topK) && topK >= 0, 'topK must be a whole number, 0 for off')
  check(repetitionPenalty > 0 && repetitionPenalty <= 100, 'repetitionPenalty must be above 0 and at most 100')
  check(Number.isInteger(seed) && seed >= 0 && seed < SEEDS, 'seed must be a whole number of 32 bits')
  check(
    stop.length <= MOST_STOP_STRINGS && stop.every(({ length }) => length <= LONGEST_STOP_STRING),
    `at most ${MOST_STOP_STRINGS} stop strings of ${LONGEST_STOP_STRING} characters are taken`
  )
  return resolved
}

function check(holds: boolean, rule: string): void {
  if (!holds) throw new InvalidRequestError(`${rule.charAt(0).toUpperCase()}${rule.slice(1)}.`)
}
