import type { Clock } from '../../src/protocols/clock.ts'

interface Timer {
  at: number
  everyMs: number | null
  run: () => void
}

/** Time that passes when the test says so. */
export class ManualClock implements Clock {
  #now = 1_000_000
  readonly #timers = new Set<Timer>()

  monotonic = () => this.#now
  wall = () => this.#now
  every = (ms: number, run: () => void) => this.#add({ at: this.#now + ms, everyMs: ms, run })
  after = (ms: number, run: () => void) => this.#add({ at: this.#now + ms, everyMs: null, run })

  /** Runs what falls due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    while (true) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      this.#fire(next)
    }
    this.#now = end
  }

  /** The process is stopped for so long: then what fell due runs once, late. */
  sleep(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers]) {
      if (timer.at <= this.#now) this.#fire(timer)
    }
  }

  #fire(timer: Timer): void {
    if (timer.everyMs === null) this.#timers.delete(timer)
    else timer.at = this.#now + timer.everyMs
    timer.run()
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }
}
