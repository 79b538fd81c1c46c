import { NotAnsweringError } from '../errors.ts'
import type { Answering, Engine, Generate, GenerateEvent, GenerateRequest } from '../interface.ts'
import type { OwnCapability } from './own-capability.ts'
import { paced } from './paced.ts'

/** How this device answers: its engine, held to the owner's rate, with the queue published. */
export class OwnAnswers {
  readonly #generate: Generate
  readonly #capability: OwnCapability
  #running = 0
  #answered = 0

  constructor(init: { engine: Engine; capability: OwnCapability; maxRate: number | null }) {
    const { engine, maxRate } = init
    this.#generate = maxRate === null ? engine.generate.bind(engine) : paced(engine.generate.bind(engine), maxRate)
    this.#capability = init.capability
  }

  get running(): number {
    return this.#running
  }

  /** Answers that came to their end. */
  get answered(): number {
    return this.#answered
  }

  /** @throws {NotAnsweringError} when this device takes no asks now */
  async *generate(request: GenerateRequest, options: { signal?: AbortSignal } = {}): AsyncGenerator<GenerateEvent> {
    refuse(this.#capability.get().answering)
    this.#count(1)
    try {
      for await (const event of this.#generate(request, options)) {
        // Whoever asked may not read on after it.
        if (event.type === 'done') this.#answered++
        yield event
      }
    } finally {
      this.#count(-1)
    }
  }

  #count(by: 1 | -1): void {
    this.#running += by
    this.#capability.update({ queue: this.#running })
  }
}

const REFUSALS: Readonly<Record<Exclude<Answering, 'yes'>, string>> = {
  no: 'This device does not answer: it was started with --answer no, or it has no engine.',
  paused: 'This device is paused by its owner.',
  draining: 'This device is stopping.'
}

function refuse(answering: Answering): void {
  if (answering !== 'yes') throw new NotAnsweringError(REFUSALS[answering])
}
