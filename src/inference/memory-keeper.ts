import { ModelTooLargeError } from '../errors.ts'
import { inWords, keptAfter } from './memory-need.ts'
import type { MemoryNeed } from './memory-need.ts'
import { decide, excess, total } from './memory-plan.ts'
import type { HeldModel } from './memory-plan.ts'

export interface MemoryKeeperInit {
  /** Bytes for all models together. */
  budget: number
  /** After so long without an answer a model is unloaded. `Infinity`: it stays. */
  keepAliveMs: number
  /** Lets go of a model that has no answer under way. */
  unload: (hash: string) => Promise<void>
  /** Hears at every change how many bytes of the budget nobody needs, before they are needed. @default nobody */
  spare?: (bytes: number) => void
  now?: () => number
}

export interface AdmissionRequest {
  hash: string
  name: string
  need: MemoryNeed
  /** Prompt and answer together at most. */
  tokens: number
  signal: AbortSignal
  /** Hears how many are before it while it has to wait. */
  place: (before: number) => void
  /** Whether the answer counts as use; a measurement does not. @default true */
  isUse?: boolean
}

/** The leave to hold a model in memory and to give one answer with it. */
export interface Admission {
  /** It is loaded, and took so much. */
  loaded(bytes: number): void
  /** The answer is over, after so many tokens. Once. `isLoaded`: whether the model is in memory now. */
  end(outcome: { tokens: number; isLoaded: boolean }): void
}

/** What a timer of Node can hold; longer ones are set again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

interface Waiter {
  request: AdmissionRequest
  admit: (admission: Admission) => void
  refuse: (reason: unknown) => void
}

/**
 * Lets answers begin as far as the memory goes, in the order in which they came: none is overtaken, so none waits longer
 * than those before it take.
 */
export class MemoryKeeper {
  readonly #init: MemoryKeeperInit
  readonly #now: () => number
  readonly #models = new Map<string, HeldModel>()
  /** Answers under way, by model. */
  readonly #answers = new Map<string, number>()
  readonly #unloading = new Set<string>()
  readonly #waiting: Waiter[] = []
  #working = false
  #timer: NodeJS.Timeout | undefined

  constructor(init: MemoryKeeperInit) {
    this.#init = init
    this.#now = init.now ?? (() => performance.now())
  }

  /** What takes memory now. */
  get held(): HeldModel[] {
    return [...this.#models.values()]
  }

  /**
   * @throws {ModelTooLargeError} when it would not fit if it were alone
   * @throws the signal's reason, while it waits
   */
  admit(request: AdmissionRequest): Promise<Admission> {
    const { signal } = request
    return new Promise<Admission>((resolve, reject) => {
      signal.throwIfAborted()
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(waiter)
        if (index === -1) return
        this.#waiting.splice(index, 1)
        reject(signal.reason as Error)
        void this.#work()
      }
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          signal.removeEventListener('abort', onAbort)
          settle(value)
        }
      }
      const waiter: Waiter = { request, admit: settled(resolve), refuse: settled(reject) }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
      void this.#work()
    })
  }

  /** The model is no longer in memory. */
  forget(hash: string): void {
    this.#release(hash)
    void this.#work()
  }

  /** Lets in whoever fits, from the front; then tells the others their place. */
  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    try {
      for (;;) {
        const [first] = this.#waiting
        if (first === undefined || !(await this.#tryFirst(first))) break
      }
      const running = [...this.#answers.values()].reduce((sum, answers) => sum + answers, 0)
      this.#waiting.forEach(({ request }, index) => {
        request.place(running + index)
      })
    } finally {
      this.#working = false
    }
  }

  /** Whether the next one may be looked at. */
  async #tryFirst(waiter: Waiter): Promise<boolean> {
    const { request } = waiter
    const { hash, need, tokens } = request
    if (this.#unloading.has(hash)) return false
    const running = need.perToken * tokens
    const decision = decide(this.#init.budget, this.held, { hash, ...need, running })
    switch (decision.do) {
      case 'wait':
        return false
      case 'unload':
        for (const each of decision.hashes) await this.#unload(each)
        return true
      case 'refuse':
        this.#waiting.shift()
        waiter.refuse(this.#tooLarge(request, decision.needed))
        return true
      case 'begin':
        this.#waiting.shift()
        this.#begin(request, running)
        waiter.admit(this.#admission(request, running))
        return true
    }
  }

  #begin({ hash, need: { loaded, loading } }: AdmissionRequest, running: number): void {
    const model = this.#models.get(hash) ?? { hash, loaded, loading, kept: 0, usedAt: this.#now(), running: null }
    this.#hold(hash, { ...model, running: (model.running ?? 0) + running })
    this.#answers.set(hash, this.#answersOf(hash) + 1)
  }

  #hold(hash: string, model: HeldModel): void {
    this.#models.set(hash, model)
    this.#tellSpare()
  }

  #release(hash: string): void {
    this.#models.delete(hash)
    this.#tellSpare()
  }

  #tellSpare(): void {
    this.#init.spare?.(this.#init.budget - total(this.held))
  }

  #answersOf(hash: string): number {
    return this.#answers.get(hash) ?? 0
  }

  #admission({ hash, need, isUse = true }: AdmissionRequest, running: number): Admission {
    return {
      loaded: (bytes) => {
        const model = this.#models.get(hash)
        if (model !== undefined) {
          this.#hold(hash, { ...model, loading: 0, loaded: Math.max(model.loaded, bytes), usedAt: this.#now() })
        }
        void this.#mend()
      },
      end: ({ tokens, isLoaded }) => {
        const model = this.#models.get(hash)
        const answers = this.#answersOf(hash)
        // Those beside it are taken to be as long; what was granted to all of them is the most.
        const left = Math.min(keptAfter(need, tokens * answers), model?.running ?? 0)
        if (answers > 1) this.#answers.set(hash, answers - 1)
        else this.#answers.delete(hash)
        if (model !== undefined && (isLoaded || answers > 1)) {
          this.#hold(hash, {
            ...model,
            ...(isLoaded && { loading: 0 }),
            running: answers > 1 ? (model.running ?? 0) - running : null,
            kept: isLoaded ? Math.max(model.kept, left) : model.kept,
            usedAt: isUse ? this.#now() : model.usedAt
          })
        } else {
          this.#release(hash)
        }
        void this.#work().then(() => this.#mend())
      }
    }
  }

  /** More may have been measured than was thought; and what stands by for long enough goes. */
  async #mend(): Promise<void> {
    for (const hash of excess(this.#init.budget, this.held)) await this.#unload(hash)
    const { keepAliveMs } = this.#init
    const idle = this.held.filter(({ running, loading }) => running === null && loading === 0)
    const next = Math.min(...idle.map(({ usedAt }) => usedAt + keepAliveMs))
    clearTimeout(this.#timer)
    if (!Number.isFinite(next)) return
    // Never at once: what is next in the model's own queue takes it up first.
    const waitMs = Math.min(Math.max(next - this.#now(), 1), LONGEST_TIMER_MS)
    this.#timer = setTimeout(() => void this.#sweep(), waitMs)
  }

  async #sweep(): Promise<void> {
    for (const { hash, usedAt } of this.held) {
      if (this.#now() - usedAt >= this.#init.keepAliveMs) await this.#unload(hash)
    }
    await this.#mend()
  }

  /** Nothing is unloaded that was taken up meanwhile. */
  async #unload(hash: string): Promise<void> {
    const model = this.#models.get(hash)
    if (model === undefined || model.running !== null || model.loading > 0) return
    // Nobody may begin with it while it goes.
    this.#unloading.add(hash)
    this.#hold(hash, { ...model, running: 0 })
    try {
      await this.#init.unload(hash)
    } finally {
      this.#unloading.delete(hash)
      this.#release(hash)
    }
    void this.#work()
  }

  #tooLarge({ name, tokens, need }: AdmissionRequest, needed: number): ModelTooLargeError {
    return new ModelTooLargeError(
      `${name} needs ${inWords(needed)} (${inWords(need.loaded)} weights + ${inWords(needed - need.loaded)} for ` +
        `${tokens.toLocaleString('en')} tokens); this device gives models ${inWords(this.#init.budget)}. ` +
        'Ask for a shorter answer or another device.'
    )
  }
}
