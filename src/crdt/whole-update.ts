import * as Y from 'yjs'
import { isIntact } from './documents.ts'
import type { StoredRow } from './store.ts'

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
