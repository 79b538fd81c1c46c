import { hash } from 'node:crypto'
import * as Y from 'yjs'
import { combine, contentHash } from './content-hash.ts'
import type { Head } from './document.ts'
import type { Inspected, PlainEntry } from './inspect-update.ts'

/**
 * A document that came to this device just now, as long as all that came of it are entries that were written once. What
 * Yjs would say of it follows from the updates alone: the clocks are those that they cover, nothing is deleted, and every
 * value is the one that stands there. So nothing has to be built in memory; whoever needs the document itself opens it from
 * what was stored.
 */
export class FreshDocument {
  readonly id: string
  readonly #clocks = new Map<number, number>()
  readonly #entries = new Set<string>()
  readonly #content = new Uint8Array(32)

  constructor(id: string) {
    this.id = id
  }

  get entries(): number {
    return this.#entries.size
  }

  /** Whether an update brings nothing but entries that are not here, right behind all that is (invariant 5). */
  takes({ plain, covers }: Inspected): boolean {
    if (plain === null || plain.length === 0) return false
    for (const [writer, { from }] of covers) if (from !== (this.#clocks.get(writer) ?? 0)) return false
    return plain.every(({ id }) => !this.#entries.has(id))
  }

  take({ covers }: Inspected, plain: readonly PlainEntry[]): void {
    for (const [writer, { to }] of covers) this.#clocks.set(writer, to)
    for (const { id, text } of plain) {
      this.#entries.add(id)
      combine(this.#content, contentHash(id, text))
    }
  }

  head(): Head {
    const snapshot = Y.createSnapshot(Y.createDeleteSet(), this.#clocks)
    return { structure: hash('sha256', Y.encodeSnapshot(snapshot), 'buffer'), content: this.#content.slice() }
  }

  vector(): Uint8Array {
    return Y.encodeStateVector(this.#clocks)
  }
}
