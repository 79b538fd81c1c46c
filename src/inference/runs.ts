import type { Done, GenerateEvent, Tokens, Waiting } from '../interface.ts'
import { eventQueue } from './event-queue.ts'
import type { LoadProgress } from './load-progress.ts'
import type { EventQueue } from './event-queue.ts'

/** `Waiting` promises one a second until the first token. */
const WAITING_EVERY_MS = 1000

interface Run {
  model: string
  events: EventQueue<GenerateEvent>
  state: Omit<Waiting, 'type' | 'loaded'>
  timer: NodeJS.Timeout
}

/** The requests that the child works on or will, and who reads their answers. */
export class Runs {
  readonly #runs = new Map<string, Run>()
  /** By model: those that are being loaded. */
  readonly #loading = new Map<string, LoadProgress>()

  get size(): number {
    return this.#runs.size
  }

  /** Whether the child loads a model. */
  get loading(): boolean {
    return this.#loading.size > 0
  }

  /** Everybody who waits for the model is told how far it is; null: it is being loaded no more. */
  load(model: string, progress: LoadProgress | null): void {
    if (progress === null) this.#loading.delete(model)
    else this.#loading.set(model, progress)
  }

  loadOf(model: string): LoadProgress | undefined {
    return this.#loading.get(model)
  }

  has(id: string): boolean {
    return this.#runs.has(id)
  }

  countFor(model: string): number {
    return [...this.#runs.values()].filter((run) => run.model === model).length
  }

  /** @param atOnce how many of its model run beside each other */
  begin(id: string, model: string, atOnce: number): EventQueue<GenerateEvent> {
    const events = eventQueue<GenerateEvent>()
    const before = this.countFor(model)
    const run: Run = {
      model,
      events,
      state: { place: before < atOnce ? 0 : before, prefilled: null },
      timer: setInterval(() => {
        const { place, prefilled } = run.state
        events.push({ type: 'waiting', place, loaded: this.#loading.get(model)?.fraction() ?? null, prefilled })
      }, WAITING_EVERY_MS)
    }
    this.#runs.set(id, run)
    return events
  }

  progress(id: string, { place, prefilled }: Run['state']): void {
    const run = this.#runs.get(id)
    if (run !== undefined) run.state = { place, prefilled }
  }

  deliver(id: string, event: Tokens | Done): void {
    const run = this.#runs.get(id)
    if (run === undefined) return
    clearInterval(run.timer)
    run.events.push(event)
    if (event.type === 'done') this.#runs.delete(id)
  }

  fail(id: string, err: Error): void {
    this.#runs.get(id)?.events.fail(err)
    this.end(id)
  }

  failAll(err: Error): void {
    this.#loading.clear()
    for (const id of [...this.#runs.keys()]) this.fail(id, err)
  }

  /** Forgets a request. @returns whether it was still under way */
  end(id: string): boolean {
    clearInterval(this.#runs.get(id)?.timer)
    return this.#runs.delete(id)
  }
}
