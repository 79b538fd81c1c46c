import { AnswerInterruptedError, NobodyCanAnswerError, PromptTooLongError } from '../errors.ts'
import type {
  Accepted,
  AskDone,
  AskEvent,
  AskOptions,
  Done,
  GenerateRequest,
  Message,
  ModelOffer,
  PeerLabel,
  Tokens
} from '../interface.ts'
import { AnswerSoFar } from './answer-so-far.ts'
import type { Recalled, Recollection } from './memories/recalling.ts'
import type { Carrying } from './answer-so-far.ts'
import { readAsk } from './ask.ts'
import type { Ask } from './ask.ts'
import { attempt } from './attempt.ts'
import type { AttemptDependencies } from './attempt.ts'
import type { Candidate, Placed } from './candidate.ts'
import { consequenceOf } from './failure.ts'
import { failedAttempt, place } from './placement.ts'
import type { Failed, PlacementRequest, Ranked } from './placement.ts'
import type { UsableModels } from './size-class.ts'
import type { Warmth } from './warmth.ts'

export interface AnswerDependencies extends AttemptDependencies {
  /** Every device that could ever answer, the asking one too, as it is now. */
  candidates(): Candidate[]
  /** What `usableModels` last gave. */
  usable(): UsableModels
  /** Counts an ask in flight there, until the returned function is called. */
  began(peerId: string): () => void
  /** An attempt that was sent at `startedAt` failed: see `asideAfterFailure`. */
  failed(peerId: string, error: unknown, startedAt: number): void
  succeeded(peerId: string, done: Done): void
  /** Who has read a conversation up to its last question; see `Warmth`. */
  warmth: Pick<Warmth, 'find' | 'answered'>
  /** 32 random hexadecimal digits. */
  randomId(): string
  /** Searches what is remembered for what these messages ask. */
  recall(messages: readonly Message[]): Recalled
}

/**
 * Asks the best device, and the next one when that fails. Invariants:
 * 1. the texts joined are a beginning of one answer; nothing is lost, nothing comes twice
 * 2. each attempt has an id of its own, so that no engine runs anything twice
 * 3. every attempt ends aborted and closed, and whatever it says later is ignored
 * 4. the reader is told of every change of device after the first was named, before any text of the new one
 *
 * While an event is awaited only `options.signal` ends the answer at once; between events, leaving the loop does.
 *
 * @throws {NobodyCanAnswerError} before any text; {AnswerInterruptedError} after it; both name every device's reason
 * @throws {PromptTooLongError} when every engine that was asked says so
 * @throws the errors of `readAsk`, those that failure.ts gives back to the asker, and the signal's reason
 */
export async function* answer(
  prompt: string | Message[],
  options: AskOptions,
  deps: AnswerDependencies
): AsyncGenerator<AskEvent, void> {
  options.signal?.throwIfAborted()
  const ask = readAsk(prompt, options, deps.candidates())
  const recalled = options.memories === false ? null : deps.recall(ask.messages)
  yield* new Answer(ask, recalled, deps, options.signal).events()
}

/** One device's turn at the answer. */
interface Turn extends Placed {
  carrying: Carrying
  startedAt: number
  accepted: Accepted | undefined
  /** Whether tokens of it belong to the answer. */
  counts: boolean
}

class Answer {
  readonly #ask: Ask
  readonly #recalled: Recalled | null
  readonly #deps: AnswerDependencies
  readonly #signal: AbortSignal | undefined
  readonly #askedAt: number
  readonly #baseId: string
  readonly #soFar = new AnswerSoFar()
  readonly #errors: unknown[] = []
  #failures: Failed[] = []
  /** The device that the reader takes to be answering, and why it no longer is. */
  #named: { peer: PeerLabel; hash: string; reason: string } | undefined
  #firstTokenAt: number | undefined
  /** Ids of the memories that the reader was told of last, and whether they were given. */
  #told = ''

  constructor(ask: Ask, recalled: Recalled | null, deps: AnswerDependencies, signal: AbortSignal | undefined) {
    this.#ask = ask
    this.#recalled = recalled
    this.#deps = deps
    this.#signal = signal
    this.#askedAt = deps.clock.monotonic()
    this.#baseId = deps.randomId()
  }

  async *events(): AsyncGenerator<AskEvent, void> {
    while (true) {
      const placed = this.#choose()
      const done = yield* this.#turn(placed)
      if (done === undefined && !this.#soFar.complete()) continue
      yield this.#summary(placed, done)
      return
    }
  }

  #choose(): Placed {
    const deps = this.#deps
    const continues = this.#soFar.continues()
    const { placement } = this.#ask
    const request: PlacementRequest = {
      ...placement,
      promptTokens: placement.promptTokens + this.#soFar.spent,
      failures: this.#failures,
      warm: deps.warmth.find(this.#ask.messages),
      ...(continues === undefined ? {} : { continues })
    }
    const ranked = place(request, deps.candidates(), deps.usable(), deps.clock.monotonic())
    const [best] = ranked
    if (best?.eligible !== true || best.model === null) throw this.#nobodyLeft(ranked)
    return { candidate: best.candidate, model: best.model }
  }

  /** Gives `done` when the device came to the end, undefined when it failed. */
  async *#turn(placed: Placed): AsyncGenerator<AskEvent, Done | undefined> {
    const { peer } = placed.candidate
    const carrying = this.#soFar.carrying(placed.model)
    const turn: Turn = {
      ...placed,
      carrying,
      startedAt: this.#deps.clock.monotonic(),
      accepted: undefined,
      counts: false
    }
    const ended = this.#deps.began(peer.id)
    try {
      for await (const event of attempt(placed, this.#request(placed.model), this.#deps, this.#signal)) {
        if (event.type === 'accepted') yield* this.#accepted(turn, event)
        else if (event.type === 'waiting') yield { ...event, peer }
        else if (event.type === 'tokens') yield* this.#tokens(turn, event)
        else {
          this.#deps.succeeded(peer.id, event)
          this.#deps.warmth.answered(this.#ask.messages, this.#soFar.text, placed, event.reusedTokens)
          return event
        }
      }
    } catch (err) {
      if (this.#signal?.aborted === true) throw this.#signal.reason
      this.#deps.failed(peer.id, err, turn.startedAt)
      // What another device has begun to answer cannot be wrong in itself.
      if (consequenceOf(err).then === 'throw' && this.#soFar.text === '') throw err
      this.#failures.push(failedAttempt(placed, err))
      this.#errors.push(err)
      if (turn.accepted !== undefined && this.#named !== undefined) this.#named.reason = messageOf(err)
    } finally {
      ended()
    }
    return undefined
  }

  #request(model: ModelOffer): GenerateRequest {
    return {
      id: attemptId(this.#baseId, this.#errors.length),
      model: model.hash,
      messages: this.#recollection(model).messages,
      ...this.#soFar.request(model, this.#ask.sampling)
    }
  }

  *#accepted(turn: Turn, event: Accepted): Generator<AskEvent> {
    const { peer } = turn.candidate
    const { hash } = event.model
    turn.accepted = event
    if (this.#named !== undefined) {
      const { peer: from, reason } = this.#named
      yield { type: 'moved', from, to: peer, reason, sameModel: this.#named.hash === hash }
    }
    this.#named = { peer, hash, reason: '' }
    yield { type: 'accepted', peer, model: event.model }
    const { memories, given } = this.#recollection(turn.model)
    const told = JSON.stringify([given, memories.map(({ id }) => id)])
    if (memories.length > 0 && told !== this.#told) yield { type: 'memories', memories, given }
    this.#told = told
  }

  /** What is remembered, for one model: the same each time, so that another device with it carries on exactly. */
  #recollection(model: ModelOffer): Recollection {
    const { messages, sampling, placement } = this.#ask
    if (this.#recalled === null) return { memories: [], given: false, messages }
    const expected = sampling.maxTokens ?? placement.expectedTokens
    return this.#recalled.for(model, model.contextLength - placement.promptTokens - expected)
  }

  *#tokens(turn: Turn, event: Tokens): Generator<AskEvent> {
    if (event.tokens.length === 0 && event.text === '') return
    // Another model's ids without text change nothing: should it fail now, the first one's ids still count.
    if (turn.carrying === 'text' && !turn.counts && event.text === '') return
    if (!turn.counts) {
      turn.counts = true
      if (turn.carrying !== 'exact' && turn.accepted !== undefined) {
        this.#soFar.startWith(turn.model, turn.accepted.sampling)
      }
      if (turn.carrying === 'fresh') this.#firstTokenAt = this.#deps.clock.monotonic()
      // The answer has moved on since, so devices that failed earlier may be asked again.
      this.#failures = this.#failures.filter(({ excludes }) => excludes !== 'device')
    }
    this.#soFar.add(event)
    if (event.text !== '') yield { type: 'text', text: event.text }
  }

  /** `done` is undefined where a device failed between its last token and its `done`. */
  #summary({ candidate, model }: Placed, done: Done | undefined): AskDone {
    const failovers = this.#errors.length
    const endedAt = this.#deps.clock.monotonic()
    const firstTokenAt = this.#firstTokenAt ?? endedAt
    const answerTokens = done?.answerTokens ?? this.#soFar.spent
    // Where one engine did it all, its own time: ours holds the reader's pauses too.
    const decodeMs = failovers === 0 && done !== undefined ? done.decodeMs : endedAt - firstTokenAt
    return {
      type: 'done',
      model: model.name,
      peer: candidate.peer,
      finishReason: done?.finishReason ?? 'length',
      promptTokens: done?.promptTokens ?? this.#ask.placement.promptTokens,
      answerTokens,
      timeToFirstTokenMs: firstTokenAt - this.#askedAt,
      tokensPerSecond: decodeMs > 0 ? (answerTokens * 1000) / decodeMs : 0,
      failovers
    }
  }

  #nobodyLeft(ranked: readonly Ranked[]): unknown {
    const { peer: wanted } = this.#ask.placement
    const candidates = ranked
      .filter(({ candidate }) => wanted === undefined || candidate.peer.id === wanted)
      .map(({ candidate, reason }) => ({ ...candidate.peer, reason }))
    const reasons = candidates.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
    const cause = this.#errors.at(-1)
    const { length: received } = this.#soFar.text
    if (received > 0) {
      return new AnswerInterruptedError(
        `The answer broke off after ${received} characters, and nobody could carry on. ${reasons}.`,
        { cause, details: { received, candidates } }
      )
    }
    // Every engine that counted says so: the prompt is at fault, not the devices.
    if (this.#errors.length > 0 && this.#errors.every((err) => err instanceof PromptTooLongError)) return cause
    if (this.#errors.length === 0 && ranked.some(({ tooLong }) => tooLong)) {
      return new PromptTooLongError(`The prompt is too long. ${reasons}.`, { details: { candidates } })
    }
    return new NobodyCanAnswerError(`Nobody can answer. ${reasons}.`, { cause, details: { candidates } })
  }
}

const ID_DIGITS = 32
const NUMBER_DIGITS = 4

/** An id for each attempt, random but for its last digits, which number the attempts. */
function attemptId(baseId: string, number: number): string {
  return baseId.slice(0, ID_DIGITS - NUMBER_DIGITS) + number.toString(16).padStart(NUMBER_DIGITS, '0')
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err)
}
