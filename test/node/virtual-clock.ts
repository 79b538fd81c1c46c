import type { AnswerClock } from '../../src/node/attempt.ts'

/** Time that passes only when everything waits for it, so that hours of silence take no time. */
export class VirtualClock implements AnswerClock {
  #now = 0
  readonly #timers = new Set<{ at: number; run: () => void }>()

  monotonic = (): number => this.#now

  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** Waits `ms`, or fails with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        cancel()
        // As fetch and the timers of Node do.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal?.reason)
      }
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      if (signal?.aborted === true) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /**
   * Lets this device sleep: time passes, and no timer rings before it wakes. Then the timers that were set for longest
   * ring first, as Node's timers ring before anything is read from a socket.
   */
  oversleep(ms: number): void {
    this.#now += ms
  }

  /** Lets time pass until the promise is settled, and then until nobody waits for anything. */
  async run<T>(promise: Promise<T>): Promise<T> {
    await this.#until(promise)
    await this.#until(new Promise<never>(() => undefined))
    return promise
  }

  async #until(promise: Promise<unknown>): Promise<void> {
    const wait = { over: false }
    const end = () => {
      wait.over = true
    }
    promise.then(end, end)
    while (true) {
      await new Promise(setImmediate)
      if (wait.over || !this.#ring()) return
    }
  }

  /** Lets so much time pass: whatever is due by then rings, in order. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    do {
      await new Promise(setImmediate)
    } while (this.#ring(end))
    this.#now = end
  }

  /** Lets the next timer ring. @returns whether there was one, by that time */
  #ring(until = Infinity): boolean {
    const sorted = [...this.#timers].sort((a, b) => a.at - b.at)
    const next = sorted.findLast(({ at }) => at < this.#now) ?? sorted[0]
    if (next === undefined || next.at > until) return false
    this.#timers.delete(next)
    this.#now = Math.max(this.#now, next.at)
    next.run()
    return true
  }
}
