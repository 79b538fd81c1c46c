import type { EngineKind, Message, ResolvedSampling } from '../../interface.ts'
import { carryingOn } from './carrying-on.ts'

/** A question as it is put to a server. */
export interface ChatQuestion {
  kind: EngineKind
  /** As the server calls the model. */
  model: string
  messages: readonly Message[]
  sampling: ResolvedSampling
  /** What the reader already has; empty for a whole answer. */
  begun: string
}

/** How each kind calls what the OpenAI API lacks. Who does not know a name ignores it, or is not told. */
const PENALTY: Readonly<Record<EngineKind, 'repeat_penalty' | 'repetition_penalty' | null>> = {
  ollama: null,
  'llama.cpp': 'repeat_penalty',
  'lm-studio': 'repeat_penalty',
  vllm: 'repetition_penalty',
  exo: null,
  other: null
}
const TAKES_TOP_K: readonly EngineKind[] = ['llama.cpp', 'lm-studio', 'vllm', 'exo']
/** The OpenAI API takes no more; ours are looked for here too. */
const MOST_STOPS = 4

/** https://platform.openai.com/docs/api-reference/chat/create, with what the kind takes beside it. */
export function chatBody({ kind, model, messages, sampling, begun }: ChatQuestion, budget: number): object {
  const { temperature, topP, topK, repetitionPenalty, seed, stop } = sampling
  const penalty = PENALTY[kind]
  return {
    model,
    messages: begun.trim() === '' ? messages : [...messages, { role: 'assistant', content: begun.trimEnd() }],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: budget,
    temperature,
    top_p: topP,
    ...(temperature > 0 && { seed }),
    ...(stop.length > 0 && { stop: stop.slice(0, MOST_STOPS) }),
    ...(TAKES_TOP_K.includes(kind) && topK > 0 && { top_k: topK }),
    ...(penalty !== null && repetitionPenalty !== 1 && { [penalty]: repetitionPenalty }),
    // It tells how much of the prompt it has read.
    ...(kind === 'llama.cpp' && { return_progress: true }),
    ...(begun.trim() !== '' && carryingOn(kind))
  }
}
