import { InvalidRequestError, PromptTooLongError } from '../errors.ts'
import type { Continuation, Done, Message, ResolvedSampling, Tokens } from '../interface.ts'
import { answerText } from './answer-text.ts'
import type { Reader } from './batcher.ts'
import type { ModelText } from './loaded-model.ts'
import { nextToken } from './sampling.ts'

/**
 * Answers that are computed together are each as long in memory as the longest. Where they use up all that they were
 * granted, without this they could not stay together to the end.
 */
const PADDING_ROOM = 64

/** One question, with nothing left open. */
export interface GenerationRequest {
  messages: readonly Message[]
  sampling: ResolvedSampling
  continuation: Continuation
}

/** A question in tokens. */
export interface PreparedRequest {
  prompt: readonly number[]
  /** The answer so far. */
  answered: readonly number[]
  /** Whether it is another model's text. */
  byText: boolean
  sampling: ResolvedSampling
  /** The most tokens of the answer. */
  limit: number
  /** What prompt and answer can come to together, and room to lie beside a longer one. */
  most: number
}

export type GenerationEvent = { type: 'prefilled'; fraction: number } | Tokens | Omit<Done, 'queueMs'>

/**
 * Reads a question without the weights, so that what it takes is known before they are loaded.
 *
 * @throws {PromptTooLongError} when prompt and continuation leave no room for an answer
 */
export function prepare(
  { prompt: chat, contextLength, fullContext }: ModelText,
  { messages, sampling, continuation }: GenerationRequest
): PreparedRequest {
  const prompt = chat.encode(messages)
  const byText = continuation.tokens.length === 0 && continuation.text !== ''
  const answered = byText ? chat.encodeText(continuation.text) : continuation.tokens
  // With a continuation the answer may also be complete; it only has to fit.
  const room = contextLength - prompt.length - answered.length
  if (room < (answered.length > 0 ? 0 : 1)) {
    throw new PromptTooLongError(
      `The prompt has ${prompt.length} tokens` +
        (answered.length > 0 ? ` and the answer so far ${answered.length}` : '') +
        `; the model's context of ${contextLength} leaves no room for an answer. Shorten it or ask a larger model.` +
        (contextLength < fullContext
          ? ` (The model could take ${fullContext}; this device's memory has room for that much: mesh join --memory.)`
          : '')
    )
  }
  const limit = Math.min(sampling.maxTokens, contextLength - prompt.length)
  const most = Math.min(contextLength, prompt.length + limit + (byText ? answered.length : 0) + PADDING_ROOM)
  return { prompt, answered, byText, sampling, limit, most }
}

/**
 * Answers one question with what reads tokens of a loaded model. What the reader has read already is the beginning of the
 * question, and is not read again; at least one token of it is left.
 *
 * A continuation with tokens reads them after the prompt and replays them through the text state, so that only what the
 * reader has not seen comes out; they count against `maxTokens`, and greedy text is what it would have been. One with
 * text only (from another model) reads that text as the beginning of the answer.
 *
 * @throws {InvalidRequestError} for a prompt or a continuation with tokens that the graph does not have
 * @throws the signal's reason, at the latest after one run of the graph
 */
export async function* generation(
  model: ModelText,
  reader: Reader,
  { prompt, answered, byText, sampling, limit }: PreparedRequest,
  signal: AbortSignal
): AsyncGenerator<GenerationEvent, void, undefined> {
  if (!prompt.every((id) => id < reader.vocabulary)) {
    throw new InvalidRequestError(
      `The prompt holds tokens beyond the ${reader.vocabulary} that the model's graph knows: its tokenizer or its ` +
        'chat template is of another model. Copy or download it again.'
    )
  }
  if (!answered.every((id) => Number.isInteger(id) && id >= 0 && id < reader.vocabulary)) {
    throw new InvalidRequestError('The answer so far holds tokens that this model does not have.')
  }
  const started = performance.now()
  const reused = reader.length
  const text = answerText(model.tokens, { stop: sampling.stop, atStart: !byText })
  let position = answered.length
  let prefillEnd = started
  const done = (finishReason: Done['finishReason']): Omit<Done, 'queueMs'> => ({
    type: 'done',
    finishReason,
    promptTokens: prompt.length,
    ...(reused > 0 && { reusedTokens: reused }),
    answerTokens: position,
    prefillMs: prefillEnd - started,
    decodeMs: performance.now() - prefillEnd
  })

  let stopped = !byText && text.push(answered).stopped
  const last = answered.at(-1)
  if (!stopped && last !== undefined && model.ends.has(last)) stopped = true
  if (stopped || position >= limit) {
    const rest = stopped ? '' : text.finish()
    if (rest !== '') yield { type: 'tokens', tokens: [], text: rest }
    yield done(stopped ? 'stop' : 'length')
    return
  }

  const ids = [...prompt, ...answered]
  const seen = new Set(ids)
  let logits: Float32Array = new Float32Array(0)
  for (let from = reader.length; from < ids.length; from = reader.length) {
    signal.throwIfAborted()
    const piece = ids.slice(from, from + reader.piece)
    logits = await reader.read(piece, ids.length - from - piece.length)
    yield { type: 'prefilled', fraction: reader.length / ids.length }
  }
  prefillEnd = performance.now()

  for (;;) {
    signal.throwIfAborted()
    const id = nextToken(logits, seen, sampling, position)
    position++
    if (model.ends.has(id)) {
      yield { type: 'tokens', tokens: [id], text: text.finish() }
      yield done('stop')
      return
    }
    seen.add(id)
    const { text: shown, stopped } = text.push([id])
    const full = !stopped && position >= limit
    yield { type: 'tokens', tokens: [id], text: full ? shown + text.finish() : shown }
    if (stopped || full) {
      yield done(stopped ? 'stop' : 'length')
      return
    }
    logits = await reader.read([id], null)
  }
}
