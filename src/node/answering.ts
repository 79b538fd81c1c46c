import { NotAnsweringError } from '../errors.ts'
import type { Answering, Counters, Engine, Generate, GenerateEvent, GenerateRequest } from '../interface.ts'
import type { Gate } from './gate.ts'
import type { OwnCapability } from './own-capability.ts'
import { paced } from './paced.ts'

export interface AnswerOptions {
  signal?: AbortSignal
  /** The device that asks; null for the owner of this one, who named it. */
  asker: string | null
}

interface Running {
  asker: string | null
  /** Whether its turn has come. */
  begun: boolean
  ended: Promise<void>
  /** Lets go of it; its asker takes it elsewhere. */
  letGo: AbortController
}

/** What is wrong with an ask itself, or with asking this device, rather than with how it answers. */
const TURNED_AWAY: readonly string[] = [
  'BusyError',
  'InvalidRequestError',
  'NotAnsweringError',
  'PromptTooLongError',
  'UnknownModelError'
]

/** How this device answers: its engine, in fair turns, held to the owner's rate, with the queue published. */
export class OwnAnswers {
  readonly #generate: Generate
  readonly #capability: OwnCapability
  readonly #gate: Gate
  readonly #running = new Set<Running>()
  readonly #counts = { answered: 0, refused: 0, broken: 0, movedAway: 0, promptTokens: 0, answerTokens: 0 }

  constructor(init: { engine: Engine; capability: OwnCapability; maxRate: number | null; gate: Gate }) {
    const { engine, maxRate } = init
    this.#generate = maxRate === null ? engine.generate.bind(engine) : paced(engine.generate.bind(engine), maxRate)
    this.#capability = init.capability
    this.#gate = init.gate
  }

  /** Asks that are answered, or wait for it. */
  get running(): number {
    return this.#running.size
  }

  /** Those of them that other devices asked. */
  get runningForOthers(): number {
    return this.#forOthers().length
  }

  /** Sums since the start. */
  get counts(): Readonly<
    Pick<Counters, 'answered' | 'refused' | 'broken' | 'movedAway' | 'promptTokens' | 'answerTokens'>
  > {
    return this.#counts
  }

  /** @throws {NotAnsweringError} when this device takes no asks now, or lets go of this one {BusyError} */
  async *generate(request: GenerateRequest, { signal, asker }: AnswerOptions): AsyncGenerator<GenerateEvent> {
    const letGo = new AbortController()
    let end = (): void => undefined
    const ended = new Promise<void>((resolve) => (end = resolve))
    const running: Running = { asker, begun: false, ended, letGo }
    const either = signal === undefined ? letGo.signal : AbortSignal.any([signal, letGo.signal])
    try {
      refuse(this.#capability.get().answering, asker)
      this.#running.add(running)
      this.#publish()
      const release = yield* this.#gate.enter(request.model, asker, either)
      running.begun = true
      try {
        for await (const event of this.#generate(request, { signal: either })) {
          if (event.type === 'done') this.#done(event)
          yield event
        }
      } finally {
        release()
      }
    } catch (err) {
      if (letGo.signal.aborted) this.#counts.movedAway++
      else if (err instanceof Error && TURNED_AWAY.includes(err.name)) this.#counts.refused++
      else if (signal?.aborted !== true) this.#counts.broken++
      throw err
    } finally {
      this.#running.delete(running)
      this.#publish()
      end()
    }
  }

  /** Resolves when those that run now have ended, however they do. */
  async settled(whose: 'all' | 'others'): Promise<void> {
    await Promise.all((whose === 'all' ? [...this.#running] : this.#forOthers()).map(({ ended }) => ended))
  }

  /** Breaks them off, or those only whose turn has not come, so that their askers go on elsewhere. */
  letGo(whose: 'all' | 'others', which: 'all' | 'waiting', why: Exclude<Answering, 'yes'>): void {
    for (const { begun, letGo } of whose === 'all' ? [...this.#running] : this.#forOthers()) {
      if (which === 'all' || !begun) letGo.abort(new NotAnsweringError(REFUSALS[why]))
    }
  }

  /** Whoever asked may not read on after it. */
  #done({ promptTokens, answerTokens }: { promptTokens: number; answerTokens: number }): void {
    this.#counts.answered++
    this.#counts.promptTokens += promptTokens
    this.#counts.answerTokens += answerTokens
  }

  #forOthers(): Running[] {
    return [...this.#running].filter(({ asker }) => asker !== null)
  }

  #publish(): void {
    this.#capability.update({ queue: this.#running.size })
  }
}

const REFUSALS: Readonly<Record<Exclude<Answering, 'yes'>, string>> = {
  no: 'This device does not answer: it was started with --answer no, or it has no engine.',
  paused: 'This device is paused by its owner.',
  draining: 'This device is stopping.'
}

/** A pause is for the others: its owner may still name this device. */
function refuse(answering: Answering, asker: string | null): void {
  if (answering === 'yes' || (answering === 'paused' && asker === null)) return
  throw new NotAnsweringError(REFUSALS[answering])
}
