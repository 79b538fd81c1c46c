import { HubSilentError } from '../errors.ts'

/** Whoever sends less in all that time is as good as silent: a file of a gigabyte would take years. */
const LEAST_BYTES = 1024

/** Ends what waits for a server that says nothing. Time in which nobody waits for it does not count. */
export class Patience {
  /** Aborted with the caller's reason, or with a `HubSilentError`. */
  readonly signal: AbortSignal
  readonly #silence = new AbortController()
  readonly #ms: number
  readonly #host: string
  #left: number
  #heard = 0

  constructor(host: string, ms: number, signal?: AbortSignal) {
    this.#host = host
    this.#ms = ms
    this.#left = ms
    this.signal = signal === undefined ? this.#silence.signal : AbortSignal.any([signal, this.#silence.signal])
  }

  /** Waits for something of the server. */
  async during<T>(work: Promise<T>): Promise<T> {
    const began = performance.now()
    const timer = setTimeout(() => {
      const seconds = Math.ceil(this.#ms / 1000)
      this.#silence.abort(
        new HubSilentError(`${this.#host} is connected, and sent next to nothing for ${seconds} s. Repeat later.`)
      )
    }, this.#left)
    try {
      return await work
    } finally {
      clearTimeout(timer)
      this.#left = Math.max(1, this.#left - (performance.now() - began))
    }
  }

  /** @param bytes @default an answer's head, which is enough */
  heard(bytes = LEAST_BYTES): void {
    this.#heard += bytes
    if (this.#heard < LEAST_BYTES) return
    this.#heard = 0
    this.#left = this.#ms
  }
}
