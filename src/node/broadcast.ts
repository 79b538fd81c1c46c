import type { AbortOptions } from '../interface.ts'

/** A watcher that reads nothing loses the oldest events beyond this many rather than filling the memory. */
const MOST_UNREAD = 1000

/** What nobody is there to hear waits up to this many. */
const MOST_KEPT = 100

export interface BroadcastInit<T> {
  /** Whether an event that nobody watches waits for the first who does. @default none */
  isKept?: (event: T) => boolean
}

/** Events for any number of watchers, each of which reads at its own pace. */
export class Broadcast<T> {
  readonly #watchers = new Set<Watcher<T>>()
  readonly #isKept: (event: T) => boolean
  readonly #kept: T[] = []
  #ended = false

  constructor({ isKept = () => false }: BroadcastInit<T> = {}) {
    this.#isKept = isKept
  }

  emit(event: T): void {
    if (this.#watchers.size === 0 && this.#kept.length < MOST_KEPT && this.#isKept(event)) this.#kept.push(event)
    for (const watcher of this.#watchers) watcher.push(event)
  }

  /** Ends every watcher's loop, once it has read what is there. */
  end(): void {
    this.#ended = true
    for (const watcher of this.#watchers) watcher.end()
  }

  /** What happens from the call on, until the end or the signal, whose reason is then thrown. */
  watch({ signal }: AbortOptions = {}): AsyncIterableIterator<T, void> {
    const onAbort = () => {
      watcher.fail(signal?.reason)
    }
    const watcher = new Watcher<T>(() => {
      this.#watchers.delete(watcher)
      signal?.removeEventListener('abort', onAbort)
    })
    this.#watchers.add(watcher)
    for (const event of this.#kept.splice(0)) watcher.push(event)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    if (this.#ended) watcher.end()
    return watcher
  }
}

interface Waiting<T> {
  resolve: (result: IteratorResult<T, void>) => void
  reject: (reason: unknown) => void
}

/** Written out and not as a generator, so that `return` ends it at once, also before and during a `next`. */
class Watcher<T> implements AsyncIterableIterator<T, void> {
  readonly #unread: T[] = []
  readonly #waiting: Waiting<T>[] = []
  /** Takes it from the watchers. */
  readonly #leave: () => void
  /** What the next reader is told once everything is read; only the first one hears of an error. */
  #over: { error?: unknown } | undefined

  constructor(leave: () => void) {
    this.#leave = leave
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  push(event: T): void {
    const reader = this.#waiting.shift()
    if (reader !== undefined) {
      reader.resolve({ value: event, done: false })
      return
    }
    if (this.#unread.length >= MOST_UNREAD) this.#unread.shift()
    this.#unread.push(event)
  }

  end(): void {
    this.#finish({})
  }

  fail(error: unknown): void {
    this.#unread.length = 0
    this.#finish({ error })
  }

  next(): Promise<IteratorResult<T, void>> {
    const event = this.#unread.shift()
    if (event !== undefined) return Promise.resolve({ value: event, done: false })
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (this.#over !== undefined) this.#tell(this.#over)
    })
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#unread.length = 0
    this.#finish({})
    return Promise.resolve({ value: undefined, done: true })
  }

  #finish(over: { error?: unknown }): void {
    this.#leave()
    this.#over = over
    if (this.#waiting.length > 0) this.#tell(over)
  }

  #tell(over: { error?: unknown }): void {
    this.#over = {}
    for (const [index, reader] of this.#waiting.splice(0).entries()) {
      if (index === 0 && 'error' in over) reader.reject(over.error)
      else reader.resolve({ value: undefined, done: true })
    }
  }
}
