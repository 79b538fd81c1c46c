import { BusyError } from '../errors.ts'
import type { Waiting } from '../interface.ts'
import { WAITING_MS } from '../protocols/ask/constants.ts'
import { systemClock, type Clock } from '../protocols/clock.ts'
import { EMPTY_LINE, enter, next, order, without, type Line } from './turns.ts'

export interface GateInit {
  /** How many asks of a model are handed to its engine at a time. */
  atOnce: (model: string) => number
  /** What is told to whoever finds no room: the model's name here, and the names of other devices that have it. */
  nameOf: (model: string) => string
  alsoAt: (model: string) => string[]
  clock?: Clock
}

interface Model {
  line: Line
  running: number
  /** Milliseconds that one ask keeps its place at the engine, smoothed; null before the first. */
  takesMs: number | null
}

/** The weight of the newest in the smoothed time: the last few asks count. */
const NEWEST = 0.3

/** Stands before the engine and lets asks through in the order of `turns.ts`, each model's by themselves. */
export class Gate {
  readonly #init: GateInit
  readonly #clock: Clock
  readonly #models = new Map<string, Model>()
  /** Those that wait: told when their place may have changed. */
  readonly #waiting = new Map<number, () => void>()
  #last = 0
  /** Grows with every change, so that none is missed by who is about to wait. */
  #changes = 0

  constructor(init: GateInit) {
    this.#init = init
    this.#clock = init.clock ?? systemClock
  }

  /**
   * Waits for the turn, telling the place now and then; what it gives back lets the next one through.
   *
   * @param asker the device that asks; null for the owner of this one
   * @throws {BusyError} at once where there is no room; the signal's reason
   */
  async *enter(model: string, asker: string | null, signal?: AbortSignal): AsyncGenerator<Waiting, () => void> {
    signal?.throwIfAborted()
    const at = this.#modelOf(model)
    if (at.running < this.#init.atOnce(model) && at.line.own.length + at.line.others.length === 0) {
      return this.#through(model, at)
    }
    const ask = ++this.#last
    const longer = enter(at.line, ask, asker)
    if (longer === null) throw this.#full(model, at)
    at.line = longer
    // The owner, and a device that had none in it, come before others.
    this.#tellAll()
    let told = -1
    try {
      for (;;) {
        const seen = this.#changes
        const before = order(at.line).indexOf(ask)
        if (before === 0 && at.running < this.#init.atOnce(model)) {
          at.line = next(at.line)?.line ?? at.line
          return this.#through(model, at)
        }
        const place = before + at.running
        if (place !== told) yield { type: 'waiting', place, loaded: null, prefilled: null }
        told = (await this.#news(ask, seen, signal)) === 'time' ? -1 : place
      }
    } finally {
      at.line = without(at.line, ask)
      this.#tellAll()
      this.#forget(model, at)
    }
  }

  #modelOf(model: string): Model {
    const known = this.#models.get(model)
    if (known !== undefined) return known
    const made = { line: EMPTY_LINE, running: 0, takesMs: null }
    this.#models.set(model, made)
    return made
  }

  #through(model: string, at: Model): () => void {
    at.running++
    const since = this.#clock.monotonic()
    return () => {
      at.running--
      const tookMs = this.#clock.monotonic() - since
      at.takesMs = at.takesMs === null ? tookMs : (1 - NEWEST) * at.takesMs + NEWEST * tookMs
      this.#tellAll()
    }
  }

  /** A model that was asked for in vain leaves nothing behind: anybody may name any. */
  #forget(model: string, at: Model): void {
    if (at.takesMs === null && at.running === 0 && order(at.line).length === 0) this.#models.delete(model)
  }

  /** Until something changed in a line, the time for a sign of life has come, or the signal. */
  #news(ask: number, seen: number, signal: AbortSignal | undefined): Promise<'time' | 'change'> {
    return new Promise((resolve, reject) => {
      const end = (why: 'time' | 'change'): void => {
        cancel()
        this.#waiting.delete(ask)
        signal?.removeEventListener('abort', onAbort)
        if (signal?.aborted === true) reject(signal.reason as Error)
        else resolve(why)
      }
      const onAbort = (): void => {
        end('change')
      }
      const cancel = this.#clock.after(WAITING_MS, () => {
        end('time')
      })
      this.#waiting.set(ask, onAbort)
      signal?.addEventListener('abort', onAbort)
      if (signal?.aborted === true || this.#changes !== seen) onAbort()
    })
  }

  #tellAll(): void {
    this.#changes++
    for (const tell of [...this.#waiting.values()]) tell()
  }

  #full(model: string, at: Model): BusyError {
    const waiting = order(at.line).length
    const others = this.#init.alsoAt(model)
    const waitMs = at.takesMs === null ? null : Math.round((waiting / this.#init.atOnce(model)) * at.takesMs)
    const about = waitMs === null ? '' : `, about ${Math.max(1, Math.round(waitMs / 1000))} s of work`
    const elsewhere = others.length === 0 ? '' : ` ${others.join(' and ')} could answer too.`
    return new BusyError(
      `${waiting} questions wait for ${this.#init.nameOf(model)} here already${about}; ask again later.${elsewhere}`,
      { details: { waiting, waitMs, others } }
    )
  }
}
