import { MeshError, ServedEngineError } from '../../errors.ts'
import type { Done, Tokens } from '../../interface.ts'
import { chatBody } from './chat-body.ts'
import type { ChatQuestion } from './chat-body.ts'
import { ending } from './ending.ts'
import { eventStream } from './event-stream.ts'
import type { Observed } from './rates.ts'
import { ask, contentOf, unreachable } from './requests.ts'
import type { Endpoint } from './requests.ts'
import { ServedAnswer } from './served-answer.ts'
import type { Prefilled } from './served-answer.ts'

export interface ChatRequest extends ChatQuestion {
  /** What else the server has, by its names. */
  others: readonly string[]
}

export interface ChatTimes {
  /**
   * Until the first sign of the model: it loads, and reads the prompt. A large one loads from a slow disk within five
   * minutes, which is also Node's own limit for the head of an answer. @default 300000
   */
  firstMs?: number
  /**
   * Between two signs of it: another's prompt may be read meanwhile. Whoever asked has long gone to somebody else.
   * @default 60000
   */
  betweenMs?: number
  /** After its last word, for the figures. @default 2000 */
  figuresMs?: number
}

/** The end, with what it showed of the model's speed. */
export interface ChatEnd {
  type: 'end'
  done: Done
  observed: Observed
}

/** Of most languages, about. */
const BYTES_PER_TOKEN = 4

/**
 * One answer of a server, as it comes. Whoever leaves the loop, and the signal, close the request at once: that is how
 * such servers are told to stop.
 *
 * @throws {PromptTooLongError} {BusyError} {ServedEngineError} {InvalidRequestError}
 * @throws the signal's reason
 */
export async function* chat(
  endpoint: Endpoint,
  request: ChatRequest,
  signal: AbortSignal,
  { firstMs = 5 * 60_000, betweenMs = 60_000, figuresMs = 2_000 }: ChatTimes = {}
): AsyncGenerator<Prefilled | Tokens | ChatEnd, void> {
  const { sampling, begun } = request
  // Tokens are not known here, and what was begun counts as part of the answer.
  const spent = Math.ceil(Buffer.byteLength(begun) / BYTES_PER_TOKEN)
  const budget = Math.max(1, sampling.maxTokens - spent)
  const startedAt = performance.now()
  const answer = new ServedAnswer({ ...request, engine: endpoint.name, budget, startedAt })
  const closing = ending([signal])
  const early = setTimeout(() => {
    closing.abort(new ServedEngineError(`${endpoint.name} has said nothing for ${Math.round(firstMs / 1000)} s.`))
  }, firstMs)
  try {
    const body = chatBody(request, budget)
    const response = await ask(endpoint, { path: '/v1/chat/completions', body, signal: closing.signal })
    if (!(response.headers.get('content-type') ?? '').includes('text/event-stream') || response.body === null) {
      throw new ServedEngineError(
        `${endpoint.name} answers ${contentOf(response)} in place of a stream of events: it has no OpenAI API.`
      )
    }
    const silenceMs = (): number =>
      answer.phase === 'finished' ? figuresMs : answer.phase === 'waiting' ? firstMs : betweenMs
    try {
      for await (const data of eventStream(response.body, { name: endpoint.name, silenceMs })) {
        yield* answer.take(data, performance.now())
        if (answer.phase !== 'waiting') clearTimeout(early)
        if (answer.phase === 'over') break
      }
    } catch (err) {
      // Its last word is said; only the figures are missing.
      if (answer.phase !== 'finished') throw err
    }
    yield* answer.end()
    yield { type: 'end', ...answer.outcome(performance.now()) }
  } catch (err) {
    signal.throwIfAborted()
    if (closing.signal.aborted) throw closing.signal.reason
    if (err instanceof MeshError) throw err
    throw answer.phase === 'waiting'
      ? unreachable(endpoint, err)
      : new ServedEngineError(`${endpoint.name} broke off in the middle of its answer.`, { cause: err })
  } finally {
    clearTimeout(early)
    closing.release()
    closing.abort(new DOMException('The answer is no longer needed.', 'AbortError'))
  }
}
