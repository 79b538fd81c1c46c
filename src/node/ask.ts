import { InvalidRequestError } from '../errors.ts'
import type { AskOptions, Message, SamplingOptions } from '../interface.ts'
import type { Candidate } from './candidate.ts'
import { estimateTokens } from './expected-time.ts'
import { resolveModel, resolvePeer } from './names.ts'
import type { PlacementRequest } from './placement.ts'

/** What a prompt and its options ask for, with the names resolved. */
export interface Ask {
  messages: Message[]
  sampling: SamplingOptions
  placement: PlacementRequest
}

/** A few paragraphs: what an answer is taken to be for choosing a device, unless fewer tokens are allowed. */
const EXPECTED_TOKENS = 200

/**
 * @throws {InvalidRequestError} when there is nothing to answer
 * @throws {UnknownPeerError} {AmbiguousPeerError} {UnknownModelError} with the known ones
 */
export function readAsk(prompt: string | Message[], options: AskOptions, candidates: readonly Candidate[]): Ask {
  const { system, peer, model, prefer = 'quality', maxTokens = EXPECTED_TOKENS } = options
  const asked: Message[] = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt
  if (asked.every(({ content }) => content.trim() === '')) {
    throw new InvalidRequestError('The prompt is empty. Write what you want to know.')
  }
  const messages: Message[] = system === undefined ? asked : [{ role: 'system', content: system }, ...asked]
  const offers = candidates.flatMap(({ capability }) => capability?.models ?? [])
  const placement: PlacementRequest = {
    promptTokens: estimateTokens(messages),
    expectedTokens: Math.min(maxTokens, EXPECTED_TOKENS),
    prefer,
    ...(peer === undefined ? {} : { peer: resolvePeer(peer, candidates).id }),
    ...(model === undefined ? {} : { model: resolveModel(model, offers) })
  }
  return { messages, sampling: samplingOf(options), placement }
}

const SAMPLING = ['maxTokens', 'temperature', 'topP', 'topK', 'repetitionPenalty', 'seed', 'stop'] as const

function samplingOf(options: AskOptions): SamplingOptions {
  return Object.fromEntries(SAMPLING.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]))
}
