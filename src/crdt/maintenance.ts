import { hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AbortOptions } from '../interface.ts'
import { cutUpdate } from './cut-update.ts'
import { Document } from './document.ts'
import { isHead, isIntact, type Documents } from './documents.ts'
import { KEPT_MS } from './limits.ts'
import type { MemoryStore } from './store.ts'

export interface MaintenanceInit {
  documents: Documents
  store: MemoryStore
  /** Milliseconds since 1970. */
  now: () => number
  warn: (message: string) => void
  /** Documents that one run reads again. @default 50 */
  audited?: number
}

export interface MaintenanceReport {
  /** Documents whose old rows became one. */
  compacted: number
  /** Earlier generations that were erased. */
  dropped: number
  /** Documents that were read again. */
  audited: number
  /** Of them, those that did not say what they should, and were mended. */
  mended: number
}

/** An hour's run of fifty documents reads a million memories within a day. */
const AUDITED = 50

/** What is done in the background, a document at a time, so that nothing waits for it (invariant 7). */
export class Maintenance {
  readonly #init: MaintenanceInit
  /** The document that was audited last. */
  #cursor = ''

  constructor(init: MaintenanceInit) {
    this.#init = init
  }

  async run({ signal }: AbortOptions = {}): Promise<MaintenanceReport> {
    const { documents, store, now, audited = AUDITED } = this.#init
    const before = now() - KEPT_MS
    const report: MaintenanceReport = { compacted: 0, dropped: 0, audited: 0, mended: 0 }
    store.forgetNotices(before)
    for (const id of store.compactable(before)) {
      signal?.throwIfAborted()
      if (this.#isOver(id, before)) {
        documents.dropSuperseded(id)
        report.dropped++
      } else if (this.compact(id, before)) report.compacted++
      await nextTurn()
    }
    if (report.compacted + report.dropped > 0) store.scrub({ index: false })
    for (const id of this.#next(audited)) {
      signal?.throwIfAborted()
      if (!this.audit(id)) report.mended++
      report.audited++
      await nextTurn()
    }
    return report
  }

  /**
   * Makes one of the rows of a document that were written before the moment. What they say together is read back and
   * compared before they go.
   *
   * @returns whether there was something to do, and it was done
   */
  compact(id: string, before: number): boolean {
    const { store, warn } = this.#init
    const rows = store.rows(id)
    const end = rows.findIndex(({ compacted, time }) => !compacted && time >= before)
    const covered = end === -1 ? rows : rows.slice(0, end)
    const last = covered.at(-1)
    // A damaged row is for the one who opens the document; here it would be lost.
    if (last === undefined || last.compacted || !rows.every(isIntact)) return false
    const whole = new Document(
      id,
      rows.map(({ update }) => update)
    )
    const part = new Document(
      id,
      covered.map(({ update }) => update)
    )
    const fresh = [...cutUpdate(part.since(), new Map())].map((update) => {
      return { document: id, update, sha256: hash('sha256', update, 'buffer'), time: last.time }
    })
    try {
      store.compact(
        fresh,
        covered.map(({ sequence }) => sequence),
        (written) => {
          if (!written.every(isIntact)) throw new Error('what was written is not what was read')
          const again = new Document(
            id,
            written.map(({ update }) => update)
          )
          if (!isHead(again.head(), whole.head())) throw new Error('it would say something else')
        }
      )
      return true
    } catch (error) {
      // Nothing was lost, and another run tries again.
      warn(`${id} was not compacted: ${error instanceof Error ? error.message : String(error)}`)
      return false
    }
  }

  /** Reads a document again from the disk. @returns whether it was sound; else it is mended */
  audit(id: string): boolean {
    const { documents, warn } = this.#init
    if (documents.isSound(id)) return true
    warn(`${id} was not as it should be on the disk, and was read in again.`)
    documents.mend(id)
    return false
  }

  /** An earlier generation is kept as long as it can be undone. */
  #isOver(id: string, before: number): boolean {
    const { documents, store } = this.#init
    const isSuperseded = documents.heads.get(id)?.id !== id
    return isSuperseded && store.rows(id).every(({ time }) => time < before)
  }

  #next(count: number): string[] {
    const ids = this.#init.documents.heads.all().map(({ id }) => id)
    const start = ids.findIndex((id) => id > this.#cursor)
    const next = start === -1 ? ids.slice(0, count) : ids.slice(start, start + count)
    this.#cursor = next.at(-1) ?? ''
    return next
  }
}
