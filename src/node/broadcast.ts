import type { AbortOptions } from '../interface.ts'

/** A watcher that reads nothing loses the oldest events beyond this many rather than filling the memory. */
const MOST_UNREAD = 1000

/** Events for any number of watchers, each of which reads at its own pace. */
export class Broadcast<T> {
  readonly #watchers = new Set<Watcher<T>>()
  #ended = false

  emit(event: T): void {
    for (const watcher of this.#watchers) watcher.push(event)
  }

  /** Ends every watcher's loop, once it has read what is there. */
  end(): void {
    this.#ended = true
    for (const watcher of this.#watchers) watcher.end()
    this.#watchers.clear()
  }

  /** What happens from the call on, until the end or the signal, whose reason is then thrown. */
  watch({ signal }: AbortOptions = {}): AsyncIterable<T> {
    const watcher = new Watcher<T>(() => this.#watchers.delete(watcher))
    if (this.#ended) watcher.end()
    else this.#watchers.add(watcher)
    if (signal?.aborted === true) watcher.fail(signal.reason)
    const onAbort = () => {
      watcher.fail(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    return watcher.read(() => {
      signal?.removeEventListener('abort', onAbort)
    })
  }
}

class Watcher<T> {
  readonly #unread: T[] = []
  readonly #leave: () => void
  #over: { error?: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(leave: () => void) {
    this.#leave = leave
  }

  push(event: T): void {
    if (this.#unread.length >= MOST_UNREAD) this.#unread.shift()
    this.#unread.push(event)
    this.#wake?.()
  }

  end(): void {
    this.#over ??= {}
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#over = { error }
    this.#unread.length = 0
    this.#leave()
    this.#wake?.()
  }

  async *read(finished: () => void): AsyncGenerator<T, void> {
    try {
      while (true) {
        const event = this.#unread.shift()
        if (event !== undefined) yield event
        else if (this.#over === undefined) await this.#news()
        else if ('error' in this.#over) throw this.#over.error
        else return
      }
    } finally {
      this.#leave()
      finished()
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
