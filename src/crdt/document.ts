import { hash, randomInt } from 'node:crypto'
import * as Y from 'yjs'
import { combine, contentHash } from './content-hash.ts'
import { ROOT } from './inspect-update.ts'
import { entryOf, newTagKey } from './keys.ts'

/** What one transaction did to a document. */
export interface Applied {
  /** What was new in it, as Yjs encodes it; null when nothing was (invariant 2). */
  update: Uint8Array | null
  /** Keys whose value changed, and what it was before. */
  changed: Map<string, string | undefined>
}

/** Two documents with one structure and another content were written by two devices under one writer's number. */
export interface Head {
  /** SHA-256 of the canonical state vector and delete set. */
  structure: Uint8Array
  /** The hashes of all (key, value), combined by exclusive or: it follows a change without reading the rest again. */
  content: Uint8Array
}

/** One map of texts that merges. Knows neither what the texts mean nor where they are stored. */
export class Document {
  readonly id: string
  readonly #doc: Y.Doc
  readonly #map: Y.Map<string>
  readonly #hashes = new Map<string, Uint8Array>()
  /** Keys of edited fields and tags, by entry. */
  readonly #fields = new Map<string, Set<string>>()
  readonly #content = new Uint8Array(32)
  #update: Uint8Array | null = null
  #changed = new Map<string, string | undefined>()

  readonly #numbers: () => number

  /**
   * @param updates what is stored of it, in order
   * @param numbers random ones of 32 bits
   */
  constructor(id: string, updates: Iterable<Uint8Array> = [], numbers = () => randomInt(2 ** 32)) {
    this.id = id
    this.#numbers = numbers
    // Without one of its own, each document would cost Yjs sixteen calls for random numbers.
    this.#doc = new Y.Doc({ guid: id })
    this.#map = this.#doc.getMap(ROOT)
    // One transaction: what comes after each one costs more than the updates of a shard.
    this.#doc.transact(() => {
      for (const update of updates) Y.applyUpdate(this.#doc, update)
    })
    for (const key of this.#map.keys()) this.#note(key)
    this.#map.observe((event) => {
      for (const [key, { oldValue }] of event.changes.keys) {
        this.#changed.set(key, typeof oldValue === 'string' ? oldValue : undefined)
        this.#note(key)
      }
    })
    this.#doc.on('update', (update: Uint8Array) => {
      this.#update = update
    })
    this.#doc.clientID = numbers()
    // A number that the document knows already would continue another process's writes.
    while (this.clockOf(this.#doc.clientID) > 0) this.rotate()
  }

  /** The number under which this process writes here: random, and never stored. */
  get writer(): number {
    return this.#doc.clientID
  }

  get keys(): number {
    return this.#hashes.size
  }

  /** Whether something could not be integrated: then it must not be used any more. */
  get isPending(): boolean {
    return this.#doc.store.pendingStructs !== null || this.#doc.store.pendingDs !== null
  }

  /** Takes another number, because somebody else writes under this one. */
  rotate(): void {
    let writer: number
    do writer = this.#numbers()
    while (writer === this.writer || this.clockOf(writer) > 0)
    this.#doc.clientID = writer
  }

  clockOf(writer: number): number {
    return Y.getState(this.#doc.store, writer)
  }

  get = (key: string): string | undefined => this.#map.get(key)

  /** The key that a writer's write at a clock was for, or null. */
  keyAt(writer: number, clock: number): string | null {
    if (this.clockOf(writer) <= clock) return null
    const item = Y.getItem(this.#doc.store, Y.createID(writer, clock))
    return item instanceof Y.Item ? item.parentSub : null
  }

  /** The keys of what was edited of an entry since it was written. */
  fieldsOf = (id: string): ReadonlySet<string> => this.#fields.get(id) ?? NONE

  newTagKey = (id: string): string => newTagKey(id, this.#numbers)

  has(key: string): boolean {
    return this.#hashes.has(key)
  }

  allKeys(): IterableIterator<string> {
    return this.#hashes.keys()
  }

  /** Writes in one transaction. */
  write(change: (map: Y.Map<string>) => void): Applied {
    return this.#collect(() => {
      this.#doc.transact(() => {
        change(this.#map)
      })
    })
  }

  /** Integrates an update that was inspected and fits. */
  apply(update: Uint8Array): Applied {
    return this.#collect(() => {
      Y.applyUpdate(this.#doc, update)
    })
  }

  head(): Head {
    return {
      structure: hash('sha256', Y.encodeSnapshot(Y.snapshot(this.#doc)), 'buffer'),
      content: this.#content.slice()
    }
  }

  vector(): Uint8Array {
    return Y.encodeStateVector(this.#doc)
  }

  /** All that is not covered by the state vector, and every deletion. Cut it before it is sent. */
  since(vector?: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc, vector)
  }

  #collect(transact: () => void): Applied {
    this.#update = null
    this.#changed = new Map()
    transact()
    return { update: this.#update, changed: this.#changed }
  }

  /** Brings the content's hash up to date with one key. */
  #note(key: string): void {
    const old = this.#hashes.get(key)
    if (old !== undefined) combine(this.#content, old)
    const value = this.#map.get(key)
    if (key.includes('/') && (old === undefined) !== (value === undefined)) this.#noteField(key, value !== undefined)
    if (value === undefined) {
      this.#hashes.delete(key)
      return
    }
    const fresh = contentHash(key, value)
    this.#hashes.set(key, fresh)
    combine(this.#content, fresh)
  }

  #noteField(key: string, isThere: boolean): void {
    const id = entryOf(key)
    const keys = this.#fields.get(id) ?? new Set()
    if (isThere) this.#fields.set(id, keys.add(key))
    else if (keys.delete(key) && keys.size === 0) this.#fields.delete(id)
  }
}

const NONE: ReadonlySet<string> = new Set()
