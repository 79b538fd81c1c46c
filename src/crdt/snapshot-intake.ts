import { Document } from './document.ts'
import type { DeviceKey, DocumentChange, Documents } from './documents.ts'
import { lineageOf } from './keys.ts'

/** Updates that are merged and not yet synced to the disk: one sync for a MiB or two, which lie in memory meanwhile. */
const MAX_UNSETTLED = 16

/** What a snapshot brought, counted in entries: memories and messages. */
export interface TakenIn {
  new: number
  changed: number
  /** They were here already, as they are in it. */
  known: number
  /** Documents that had no room for what it holds of them. */
  full: number
}

/** Merges the updates of a snapshot that was looked at, and counts what they brought. */
export class SnapshotIntake {
  readonly #documents: Documents
  readonly #from: DeviceKey | null
  readonly #taken: TakenIn = { new: 0, changed: 0, known: 0, full: 0 }
  #document = ''
  /** Entries of the present document. */
  #added = new Set<string>()
  #changed = new Set<string>()
  #known = new Set<string>()
  #isFull = false
  /** A generation that was healed here since: what it holds is brought into the one that took its place. */
  #earlier: Document | null = null

  /** @param from who signed it, or null where the owner of this device vouches for it */
  constructor(documents: Documents, from: DeviceKey | null) {
    this.#documents = documents
    this.#from = from
  }

  /**
   * One short step. A process that is killed then has what was taken; a power cut may take what was not settled.
   *
   * @throws {NotAllowedError} when the device is no member any more (invariant 3)
   * @throws {ProtocolError} {DiskFullError}
   */
  take({ document, update }: { document: string; update: Uint8Array }): void {
    if (document !== this.#document) this.#end(document)
    const merged = this.#documents.merge(this.#from, document, update, { lazily: true })
    switch (merged.outcome) {
      case 'merged':
        this.#count(merged)
        for (const id of merged.known) this.#known.add(id)
        break
      case 'superseded':
        this.#earlier ??= new Document(document)
        this.#earlier.apply(update)
        break
      case 'full':
        this.#isFull = true
        break
      case 'gap':
        throw new Error(`${document} was looked at, and has a gap all the same`)
    }
  }

  /** Waits where the disk is far behind. @throws what the store throws */
  async keepPace(): Promise<void> {
    if (this.#documents.unsettled >= MAX_UNSETTLED) await this.#documents.settle()
  }

  /** Fulfilled when all that was taken is durable (invariant 1). @throws what the store throws */
  async settle(): Promise<void> {
    await this.#documents.settle()
  }

  /** Nothing is taken after it. */
  end(): TakenIn {
    this.#end('')
    return this.#taken
  }

  #count({ added, changed, vanished }: Pick<DocumentChange, 'added' | 'changed' | 'vanished'>): void {
    for (const id of added) this.#added.add(id)
    for (const id of changed) this.#changed.add(id)
    // Written in one update and forgotten in the next one.
    for (const id of vanished) for (const ids of [this.#added, this.#changed, this.#known]) ids.delete(id)
  }

  #end(next: string): void {
    if (this.#earlier !== null) this.#absorb(this.#earlier)
    const taken = this.#taken
    const old = (id: string): boolean => !this.#added.has(id)
    taken.new += this.#added.size
    taken.changed += [...this.#changed].filter(old).length
    taken.known += [...this.#known].filter((id) => old(id) && !this.#changed.has(id)).length
    if (this.#isFull) taken.full++
    this.#document = next
    this.#added = new Set()
    this.#changed = new Set()
    this.#known = new Set()
    this.#isFull = false
    this.#earlier = null
  }

  #absorb(earlier: Document): void {
    const here = this.#documents.visible(earlier.id)
    for (const id of earlier.allKeys()) if (here.has(id)) this.#known.add(id)
    const lineage = lineageOf(earlier.id)
    const stop = this.#documents.onChange((change) => {
      // Others that were merged before are told with it.
      if (lineageOf(change.document) === lineage) this.#count(change)
    })
    try {
      this.#documents.absorb(earlier)
    } finally {
      stop()
    }
  }
}
