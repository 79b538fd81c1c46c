import type { AbortOptions, Answering, Counters, MeshEvent, Pause, PauseOptions } from '../interface.ts'
import { InvalidRequestError } from '../errors.ts'
import type { OwnAnswers } from './answering.ts'
import type { Asking } from './asking.ts'
import type { OwnCapability } from './own-capability.ts'
import type { Pausing } from './pausing.ts'
import { wait } from './settled.ts'

export interface LivingInit {
  /** The owner's setting. */
  answer: 'yes' | 'no'
  capability: OwnCapability
  answers: OwnAnswers
  asking: () => Asking
  pausing: Pausing
  emit: (event: MeshEvent) => void
}

/** An answer of a few paragraphs on a slow device takes no longer; whoever waits for a stop waits no longer either. */
const FINISH_MS = 60_000
/** What was let go of tells its asker so; on a LAN that takes far less. */
const LETTING_GO_MS = 1_000

/** What the owner has decided about this device beside its settings: it is paused, or it ends. */
export class Living {
  readonly #init: LivingInit
  readonly #startedAt = performance.now()
  #ending = false
  #drained: Promise<void> | undefined
  readonly #enough = new AbortController()
  /** Ends the patience of the last pause with what ran when it began. */
  #patience = new AbortController()

  constructor(init: LivingInit) {
    this.#init = init
    this.#publish()
  }

  get isEnding(): boolean {
    return this.#ending
  }

  get resumesInMs(): number | null {
    return this.#init.pausing.resumesInMs
  }

  get counters(): Counters {
    const { answers, asking, pausing } = this.#init
    const { asked, failed, failovers } = asking().counts
    return {
      ...answers.counts,
      asked,
      failed,
      failovers,
      uptimeMs: performance.now() - this.#startedAt,
      pausedMs: pausing.pausedMs
    }
  }

  /** @throws {InvalidRequestError} */
  pause({ forMs, finishMs = FINISH_MS }: PauseOptions): Pause {
    checkFinish(finishMs)
    this.#init.pausing.pause(forMs)
    const { answers } = this.#init
    answers.letGo('others', 'waiting', 'paused')
    const pause = { resumesInMs: this.resumesInMs, running: answers.runningForOthers, finishMs }
    this.#patience.abort()
    this.#patience = new AbortController()
    void this.#finish('others', finishMs, this.#patience.signal)
    return pause
  }

  resume(): void {
    this.#patience.abort()
    this.#init.pausing.resume()
  }

  /** The pause began, ended or was changed: by its owner, or by itself. */
  changed(): void {
    const { pausing, emit } = this.#init
    this.#publish()
    if (!pausing.isPaused) this.#patience.abort()
    emit({
      type: 'pause',
      pause: pausing.isPaused
        ? { resumesInMs: this.resumesInMs, running: this.#init.answers.runningForOthers, finishMs: FINISH_MS }
        : null
    })
  }

  /** Takes no more asks, and resolves when those that run are done, or were let go of after `finishMs`. */
  async drain(finishMs = FINISH_MS): Promise<void> {
    checkFinish(finishMs)
    const { answers, emit, asking } = this.#init
    if (this.#drained === undefined) {
      this.end()
      answers.letGo('all', 'waiting', 'draining')
      const running = answers.runningForOthers + asking().running
      if (running > 0 && finishMs > 0) emit({ type: 'draining', running, finishMs })
      this.#drained = this.#finish('all', finishMs, this.#enough.signal)
      await this.#drained
      return
    }
    // Whoever has less patience than the first decides.
    const shorter = setTimeout(() => {
      this.#enough.abort()
    }, finishMs)
    try {
      await this.#drained
    } finally {
      clearTimeout(shorter)
    }
  }

  /** The end has begun. */
  end(): void {
    this.#ending = true
    this.#publish()
  }

  stop(): void {
    this.#patience.abort()
    this.#init.pausing.stop()
  }

  /** Those that run may end until then; then they are let go of. For others alone, the signal leaves them be. */
  async #finish(whose: 'all' | 'others', finishMs: number, signal: AbortSignal): Promise<void> {
    const { answers, asking } = this.#init
    const ended = Promise.all([answers.settled(whose), whose === 'all' ? asking().settled() : undefined])
    const over = await first(ended, finishMs, { signal })
    if (over || (whose === 'others' && signal.aborted)) return
    answers.letGo(whose, 'all', whose === 'all' ? 'draining' : 'paused')
    await first(answers.settled(whose), LETTING_GO_MS)
  }

  #publish(): void {
    const { answer, capability, pausing } = this.#init
    const answering: Answering = this.#ending
      ? 'draining'
      : answer === 'no'
        ? 'no'
        : pausing.isPaused
          ? 'paused'
          : 'yes'
    capability.answer(answering, answering === 'paused' ? pausing.until : null)
  }
}

/** Whether the work was over before the time and the signal. */
async function first(work: Promise<unknown>, ms: number, { signal }: AbortOptions = {}): Promise<boolean> {
  const enough = new AbortController()
  const patience = wait(ms, signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]))
  try {
    return await Promise.race([
      work.then(() => true),
      patience.then(
        () => false,
        () => false
      )
    ])
  } finally {
    enough.abort()
  }
}

function checkFinish(finishMs: number): void {
  if (!(finishMs >= 0 && finishMs <= 24 * 3600 * 1000)) {
    throw new InvalidRequestError('Answers may take up to a day to finish.')
  }
}
