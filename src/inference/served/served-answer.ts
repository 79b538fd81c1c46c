import { InvalidRequestError, PromptTooLongError, ServedEngineError } from '../../errors.ts'
import type { Done, ResolvedSampling, Tokens } from '../../interface.ts'
import { stopStrings } from '../stop-strings.ts'
import type { StopStrings } from '../stop-strings.ts'
import { amount, count, fields, list, text } from './json.ts'
import type { Fields } from './json.ts'
import type { Observed } from './rates.ts'
import { forPerson, isTooLong, messageIn } from './requests.ts'

export interface ServedAnswerInit {
  /** Of the engine, for messages. */
  engine: string
  /** As the server calls the model. */
  model: string
  /** What else it has, by its names. */
  others: readonly string[]
  sampling: ResolvedSampling
  /** What the reader already has. */
  begun: string
  /** Tokens that may still come. */
  budget: number
  /** Milliseconds of a monotonic clock, as all times here. */
  startedAt: number
}

/** How much of the prompt is read, 0 to 1. */
export interface Prefilled {
  type: 'prefilled'
  fraction: number
}

/**
 * - `waiting`: nothing of the model yet
 * - `answering`: words or thoughts came
 * - `finished`: its last word is said, and figures may follow
 * - `over`: nothing more is wanted
 */
type Phase = 'waiting' | 'answering' | 'finished' | 'over'

/** So that a piece fits into a frame of the wire (64 KiB) whatever it holds. */
const LONGEST_PIECE = 8 * 1024
/** Fewer tell nothing of the speed. */
const FEWEST_TOKENS = 8
const FEWEST_PROMPT_TOKENS = 64
const MAX_UINT32 = 2 ** 32 - 1

/** What the events of a server make: text for the reader, and at the end the figures. No clock, no socket. */
export class ServedAnswer {
  phase: Phase = 'waiting'
  readonly #init: ServedAnswerInit
  readonly #stops: StopStrings
  /** White space at the end of what the reader has, which the model is not given and may say again. */
  #pending: string
  #firstAt = 0
  #lastAt = 0
  #pieces = 0
  #thoughts = 0
  #finish: string | null = null
  #usage: Fields = {}
  #timings: Fields = {}

  constructor(init: ServedAnswerInit) {
    this.#init = init
    this.#stops = stopStrings(init.sampling.stop)
    this.#pending = init.begun.slice(init.begun.trimEnd().length)
  }

  /**
   * What one event gives the reader.
   *
   * @throws {ServedEngineError} when it is no event of this API, an error of the server, or of another model
   * @throws {PromptTooLongError}
   */
  take(data: string, now: number): (Prefilled | Tokens)[] {
    if (data === '[DONE]') {
      this.#finish ??= 'stop'
      this.phase = 'over'
      return []
    }
    const chunk = this.#parse(data)
    this.#usage = { ...this.#usage, ...fields(chunk.usage) }
    this.#timings = { ...this.#timings, ...fields(chunk.timings) }
    const [choice] = list(chunk.choices)
    const events = choice === undefined ? [] : this.#delta(choice, now)
    const progress = fraction(chunk.prompt_progress)
    if (progress !== null && this.phase === 'waiting') events.unshift({ type: 'prefilled', fraction: progress })
    if (this.phase === 'finished' && count(this.#usage.completion_tokens) !== null) this.phase = 'over'
    return events
  }

  /** What was held back: the text is complete. @throws {ServedEngineError} {InvalidRequestError} when it is no answer */
  end(): Tokens[] {
    const { engine, budget } = this.#init
    if (this.phase === 'waiting' || this.phase === 'answering') {
      throw new ServedEngineError(`${engine} broke off in the middle of its answer.`)
    }
    if (this.#pieces === 0 && this.#thoughts > 0 && this.#finish === 'length') {
      throw new InvalidRequestError(
        `The model used all of its ${budget} tokens for thinking. Allow more with --max-tokens.`
      )
    }
    return this.#finish === 'stop string' ? [] : pieces(this.#stops.flush())
  }

  /** The figures, and what they say of the speed. What a server tells and cannot be is not taken over. */
  outcome(now: number): { done: Done; observed: Observed } {
    const { budget, startedAt, sampling } = this.#init
    const prompt = count(this.#usage.prompt_tokens) ?? 0
    const promptTokens = prompt <= MAX_UINT32 ? prompt : 0
    const told = count(this.#usage.completion_tokens) ?? 0
    const counted = this.#pieces + this.#thoughts
    // A piece is at least one token, and beyond the budget there are none.
    const tokens = Math.min(told >= this.#pieces && told <= budget ? told : counted, budget)
    const firstAt = this.#firstAt === 0 ? now : this.#firstAt
    const decodeMs = Math.max(0, this.#lastAt - firstAt)
    const prefillMs = firstAt - startedAt
    return {
      done: {
        type: 'done',
        finishReason: this.#finish === 'length' ? 'length' : 'stop',
        promptTokens,
        answerTokens: sampling.maxTokens - budget + tokens,
        queueMs: 0,
        prefillMs,
        decodeMs
      },
      observed: {
        decodeRate:
          tokens < FEWEST_TOKENS
            ? null
            : (amount(this.#timings.predicted_per_second) ?? amount(((tokens - 1) / decodeMs) * 1000)),
        prefillRate: this.#prefillRate(promptTokens, prefillMs)
      }
    }
  }

  #prefillRate(promptTokens: number, prefillMs: number): number | null {
    // llama.cpp tells what it really read: the beginning may be remembered.
    const read = count(this.#timings.prompt_n)
    if (read !== null) return read < FEWEST_PROMPT_TOKENS ? null : amount(this.#timings.prompt_per_second)
    return promptTokens < FEWEST_PROMPT_TOKENS ? null : amount((promptTokens / prefillMs) * 1000)
  }

  #parse(data: string): Fields {
    const { engine } = this.#init
    let chunk: Fields
    try {
      chunk = fields(JSON.parse(data))
    } catch {
      throw new ServedEngineError(`${engine} sends damaged JSON in its answer.`)
    }
    if (chunk.error !== undefined && chunk.error !== null) {
      const said = messageIn(chunk.error) ?? 'it gave no reason'
      throw isTooLong(said)
        ? new PromptTooLongError(`The prompt is too long for ${engine}: ${forPerson(said)}`)
        : new ServedEngineError(`${engine} failed at the answer: ${forPerson(said)}`)
    }
    this.#checkModel(text(chunk.model))
    return chunk
  }

  /** Some servers write a model's path or its version in place of its name; another of their models is a lie. */
  #checkModel(answering: string | null): void {
    const { engine, model, others } = this.#init
    if (answering === null || answering === model || !others.includes(answering)) return
    throw new ServedEngineError(`${engine} answers with ${forPerson(answering)} where ${model} was asked for.`)
  }

  #delta(choice: Fields, now: number): (Prefilled | Tokens)[] {
    const { content, reasoning_content: ofLlamaCpp, reasoning } = fields(choice.delta)
    const said = text(content)
    const thought = text(ofLlamaCpp) ?? text(reasoning)
    if (said !== null || thought !== null) {
      this.#lastAt = now
      if (this.#firstAt === 0) this.#firstAt = now
      if (this.phase === 'waiting') this.phase = 'answering'
    }
    if (thought !== null) this.#thoughts++
    const events = said === null ? [] : this.#say(said)
    const finish = text(choice.finish_reason)
    if (finish !== null && this.phase !== 'over') {
      this.#finish = finish
      this.phase = 'finished'
    }
    return events
  }

  #say(said: string): Tokens[] {
    const { text: shown, stopped } = this.#stops.push(this.#fresh(said))
    const left = this.#init.budget - this.#pieces
    const events = pieces(shown).slice(0, left)
    this.#pieces += Math.max(1, events.length)
    if (stopped) this.#finish = 'stop string'
    // A server that goes on beyond what was agreed upon is not listened to.
    else if (this.#pieces >= this.#init.budget) this.#finish = 'length'
    if (this.#finish !== null) this.phase = 'over'
    return events
  }

  /** Without the white space that the reader has already. */
  #fresh(said: string): string {
    let at = 0
    while (at < said.length && this.#pending !== '' && said[at] === this.#pending[0]) {
      this.#pending = this.#pending.slice(1)
      at++
    }
    if (at < said.length) this.#pending = ''
    return said.slice(at)
  }
}

function fraction(progress: unknown): number | null {
  const { total, processed } = fields(progress)
  const whole = amount(total)
  const read = count(processed)
  return whole === null || read === null ? null : Math.min(read / whole, 1)
}

/** In pieces that a frame can hold, never between the halves of a character. */
function pieces(said: string): Tokens[] {
  const cut: Tokens[] = []
  for (let at = 0; at < said.length;) {
    let end = Math.min(at + LONGEST_PIECE, said.length)
    if (end < said.length && /[\ud800-\udbff]/.test(said[end - 1] ?? '')) end--
    cut.push({ type: 'tokens', tokens: [], text: said.slice(at, end) })
    at = end
  }
  return cut
}
