import type { Command } from './messages.ts'

/** Commands that have one answer: `measure`, `unload`, `memory`. */
export class Calls {
  readonly #send: (command: Command) => void
  readonly #waiting = new Map<string, { resolve: (value: number | null) => void; reject: (err: Error) => void }>()
  #next = 0

  constructor(send: (command: Command) => void) {
    this.#send = send
  }

  get size(): number {
    return this.#waiting.size
  }

  /** @param command makes the command for the id it is given */
  async make(command: (id: string) => Command, signal?: AbortSignal): Promise<number | null> {
    signal?.throwIfAborted()
    const id = `call ${this.#next++}`
    const onAbort = (): void => {
      this.#send({ type: 'cancel', id })
      this.fail(id, signal?.reason as Error)
    }
    try {
      return await new Promise<number | null>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject })
        signal?.addEventListener('abort', onAbort, { once: true })
        this.#send(command(id))
      })
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  answer(id: string, value: number | null): void {
    this.#waiting.get(id)?.resolve(value)
    this.#waiting.delete(id)
  }

  fail(id: string, err: Error): void {
    this.#waiting.get(id)?.reject(err)
    this.#waiting.delete(id)
  }

  failAll(err: Error): void {
    for (const id of [...this.#waiting.keys()]) this.fail(id, err)
  }
}
