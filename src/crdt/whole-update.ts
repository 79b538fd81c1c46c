import * as Y from 'yjs'
import { isIntact } from './documents.ts'
import type { StoredRow } from './store.ts'
import { readUpdate, type Struct } from './structs.ts'

/**
 * All that rows say together, as one update without what was erased and replaced since. Builds nothing that would be kept,
 * which takes half the time of opening the document.
 *
 * @returns null where a row is damaged or missing, which opening the document sees to
 */
export function wholeUpdate(rows: readonly StoredRow[]): Uint8Array | null {
  if (!rows.every(isIntact)) return null
  const doc = new Y.Doc()
  doc.transact(() => {
    for (const { update } of rows) Y.applyUpdate(doc, update)
  })
  const { pendingStructs, pendingDs } = doc.store
  return pendingStructs === null && pendingDs === null ? Y.encodeStateAsUpdate(doc) : null
}

/**
 * What rows hold, where that is all that they say together: none deletes anything, and they follow each other without a
 * gap. Then their bytes can be cut as they are. What replaces another value, or loses to one, was stored with a deletion.
 */
export function plainStructs(updates: Iterable<Uint8Array>): Struct[] | null {
  const all: Struct[] = []
  const clocks = new Map<number, number>()
  for (const update of updates) {
    const { structs, deletions } = readUpdate(update)
    if (deletions.length > 0) return null
    for (const struct of structs) {
      const { writer, clock, length } = struct
      if (clock !== (clocks.get(writer) ?? 0)) return null
      clocks.set(writer, clock + length)
      all.push(struct)
    }
  }
  return all
}
