import { hash } from 'node:crypto'
import { generationOf, kindOf, lineageOf } from './keys.ts'
import type { DocumentRecord } from './store.ts'

/**
 * Which documents there are and in which state, as two devices compare it: one hash over all, else hashes of ranges of the
 * sorted ids. Only the latest generation of a document counts.
 */

/** Half a SHA-256: two states that differ collide once in 2^64 tries, and nobody gains by it. */
const HASH_BYTES = 16

/** Documents from an id (inclusive) to an id (exclusive); null is behind all. */
export interface Bounds {
  from: string
  to: string | null
}

export interface RangeHash extends Bounds {
  count: number
  hash: Uint8Array
}

export interface DocumentHead {
  id: string
  head: Uint8Array
}

export const EVERYTHING: Bounds = { from: '', to: null }

interface Known {
  record: DocumentRecord
  head: Uint8Array
  /** What is hashed of it in a range. */
  leaf: Uint8Array
}

export class Heads {
  readonly #current = new Map<string, Known>()
  /** Earlier generations that are still stored, by lineage. */
  readonly #superseded = new Map<string, string[]>()
  #sorted: Known[] | null = null
  #root: Uint8Array | null = null
  #entries = 0
  #memories = 0

  constructor(records: Iterable<DocumentRecord>) {
    for (const record of records) this.set(record)
  }

  get size(): number {
    return this.#current.size
  }

  /** Entries that a person sees, in all documents. */
  get entries(): number {
    return this.#entries
  }

  /** Of them, those that are no messages. */
  get memories(): number {
    return this.#memories
  }

  /** The latest generation of a document, by the id of any. */
  get(id: string): DocumentRecord | undefined {
    return this.#current.get(lineageOf(id))?.record
  }

  /** Earlier generations that are still stored. */
  superseded(id: string): readonly string[] {
    return this.#superseded.get(lineageOf(id)) ?? []
  }

  all(): DocumentRecord[] {
    return this.#inOrder().map(({ record }) => record)
  }

  set(record: DocumentRecord): void {
    const lineage = lineageOf(record.id)
    const known = this.#current.get(lineage)
    if (known !== undefined && generationOf(known.record.id) > generationOf(record.id)) {
      this.#supersede(lineage, record.id)
      return
    }
    if (known?.record.id !== record.id) {
      if (known !== undefined) this.#supersede(lineage, known.record.id)
      this.#sorted = null
    }
    const head = hash('sha256', Buffer.concat([record.structure, record.content]), 'buffer').subarray(0, HASH_BYTES)
    const fresh = { record, head, leaf: Buffer.concat([Buffer.from(`${record.id}\n`), head]) }
    const more = record.entries - (known?.record.entries ?? 0)
    this.#entries += more
    if (kindOf(record.id) === 'memories') this.#memories += more
    this.#current.set(lineage, fresh)
    if (this.#sorted !== null) this.#sorted[this.#position(record.id)] = fresh
    this.#root = null
  }

  /** Forgets an earlier generation. */
  drop(id: string): void {
    const lineage = lineageOf(id)
    this.#superseded.set(
      lineage,
      this.superseded(id).filter((other) => other !== id)
    )
  }

  root(): Uint8Array {
    this.#root ??= this.rangeHash(EVERYTHING).hash
    return this.#root
  }

  rangeHash(bounds: Bounds): RangeHash {
    const within = this.#within(bounds)
    const digest = hash('sha256', Buffer.concat(within.map(({ leaf }) => leaf)), 'buffer')
    return { ...bounds, count: within.length, hash: digest.subarray(0, HASH_BYTES) }
  }

  heads(bounds: Bounds): DocumentHead[] {
    return this.#within(bounds).map(({ record: { id }, head }) => ({ id, head }))
  }

  /** Cuts a range into at most `parts` of about equal counts, which cover all of it. */
  split({ from, to }: Bounds, parts: number): RangeHash[] {
    const within = this.#within({ from, to })
    const size = Math.max(1, Math.ceil(within.length / parts))
    const starts = [from]
    for (let index = size; index < within.length; index += size) starts.push(within[index]?.record.id ?? from)
    return starts.map((start, index) => this.rangeHash({ from: start, to: starts[index + 1] ?? to }))
  }

  #supersede(lineage: string, id: string): void {
    const others = this.#superseded.get(lineage) ?? []
    if (!others.includes(id)) this.#superseded.set(lineage, [...others, id])
  }

  #within({ from, to }: Bounds): Known[] {
    return this.#inOrder().slice(this.#position(from), to === null ? undefined : this.#position(to))
  }

  #inOrder(): Known[] {
    this.#sorted ??= [...this.#current.values()].sort((one, other) => (one.record.id < other.record.id ? -1 : 1))
    return this.#sorted
  }

  /** Where an id is, or would be. */
  #position(id: string): number {
    const sorted = this.#inOrder()
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sorted[middle]?.record.id ?? '') < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
