import type { Clock } from '../../src/protocols/clock.ts'
import { randomFrom } from '../trust/random.ts'

interface Event {
  at: number
  /** Of two at the same time the one that was set first comes first. */
  order: number
  run: () => void
  isCancelled: boolean
}

/** A world in which time passes only when everything waits for it; the same seed gives the same history. */
export class World {
  readonly random: () => number
  #now = 0
  #order = 0
  readonly #heap: Event[] = []

  constructor(seed: number) {
    this.random = randomFrom(seed)
  }

  get now(): number {
    return this.#now
  }

  /** Runs it in `ms`; the returned function prevents that. */
  after(ms: number, run: () => void): () => void {
    const event = { at: this.#now + Math.max(0, ms), order: this.#order++, run, isCancelled: false }
    this.#push(event)
    return () => {
      event.isCancelled = true
    }
  }

  /** A clock that stands still once its device does. */
  clock(isAlive: () => boolean): Clock {
    const guarded = (run: () => void) => () => {
      if (isAlive()) run()
    }
    return {
      monotonic: () => this.#now,
      wall: () => this.#now,
      after: (ms, run) => this.after(ms, guarded(run)),
      every: (ms, run) => {
        let cancel: () => void
        const next = () => {
          cancel = this.after(
            ms,
            guarded(() => {
              next()
              run()
            })
          )
        }
        next()
        return () => {
          cancel()
        }
      }
    }
  }

  /** Lets so much time pass, or less when it is so already; what is awaited within a moment goes on within it. */
  async pass(ms: number, isSo: () => boolean = () => false): Promise<void> {
    const end = this.#now + ms
    await turn()
    while (!isSo()) {
      const next = this.#heap[0]
      if (next === undefined || next.at > end) {
        this.#now = end
        return
      }
      this.#now = Math.max(this.#now, next.at)
      while (this.#heap[0] !== undefined && this.#heap[0].at <= this.#now) {
        const event = this.#pop()
        if (event?.isCancelled === false) event.run()
      }
      await turn()
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    heap.push(event)
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[at], heap[parent])) break
      swap(heap, at, parent)
      at = parent
    }
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const least = isBefore(heap[right], heap[left]) ? right : left
      if (!isBefore(heap[least], heap[at])) return first
      swap(heap, at, least)
      at = least
    }
  }
}

function isBefore(one: Event | undefined, other: Event | undefined): boolean {
  if (one === undefined) return false
  return other === undefined || one.at < other.at || (one.at === other.at && one.order < other.order)
}

function swap(heap: Event[], one: number, other: number): void {
  const [a, b] = [heap[one], heap[other]]
  if (a === undefined || b === undefined) return
  heap[one] = b
  heap[other] = a
}

/** All promises that can settle have settled. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
