import type { DocumentChange } from './documents.ts'

export interface AnnouncementsInit {
  /** Makes all that was committed until now durable. */
  settle: () => Promise<void>
  /** Told in a sentence what a person should know. */
  warn: (message: string) => void
}

/** Changes that were committed, on their way to all that listen: each is told once it is durable, the oldest first. */
export class Announcements {
  readonly #init: AnnouncementsInit
  readonly #listeners = new Set<(change: DocumentChange) => void>()
  readonly #untold: DocumentChange[] = []
  /** How many of them are durable. */
  #durable = 0
  #telling = false
  #settling: Promise<void> | null = null

  constructor(init: AnnouncementsInit) {
    this.#init = init
  }

  listen(listener: (change: DocumentChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Changes that are not durable yet. */
  get unsettled(): number {
    return this.#untold.length
  }

  /** @param change.isDurable whether it and all before it are; else that is seen to, and holds nothing up */
  add(change: DocumentChange, { isDurable }: { isDurable: boolean }): void {
    this.#untold.push(change)
    if (isDurable) this.#tell(this.#untold.length)
    else this.#settling ??= this.#settleAll()
  }

  /** Makes all that was added until now durable, and tells of it. @throws what the disk throws */
  async settle(): Promise<void> {
    const last = this.#untold.at(-1)
    if (last === undefined) return
    await this.#init.settle()
    this.#tell(this.#untold.indexOf(last) + 1)
  }

  /** Fulfilled when all that was added until now is durable and told, or could not be made so. */
  async settled(): Promise<void> {
    await this.#settling
  }

  async #settleAll(): Promise<void> {
    try {
      while (this.#untold.length > 0) await this.settle()
    } catch (error) {
      // What comes next tries again, and tells of these first.
      this.#init.warn(
        `What other devices said may not be on the disk yet: ${error instanceof Error ? error.message : String(error)}`
      )
    } finally {
      this.#settling = null
    }
  }

  /**
   * Tells of the oldest changes, which are durable. One after the other, also where a listener causes the next one: what
   * deletes an entry must not reach anybody before the mark that says why.
   */
  #tell(count: number): void {
    this.#durable = Math.max(this.#durable, count)
    if (this.#telling) return
    this.#telling = true
    try {
      while (this.#durable > 0) {
        this.#durable--
        const change = this.#untold.shift()
        if (change !== undefined) for (const listener of this.#listeners) listener(change)
      }
    } finally {
      this.#telling = false
    }
  }
}
