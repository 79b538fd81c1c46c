import type { Document } from './document.ts'
import type { DocumentChange } from './documents.ts'
import { isVisible, memoryOf, visibleEntries, writtenMemory } from './entries.ts'
import type { PlainEntry } from './inspect-update.ts'
import { entryOf, kindOf } from './keys.ts'
import type { IndexedMemory, Place } from './store.ts'

/** A document in memory, and the entries in it that a person sees. */
interface Seen {
  document: Document
  visible: Set<string>
}

function* indexedEntries(document: Document, ids: Iterable<string>): Generator<IndexedMemory> {
  for (const id of ids) {
    const memory = memoryOf(document, id)
    if (memory !== null) yield { ...memory, document: document.id }
  }
}

export function indexed(document: Document, ids: Iterable<string>): IndexedMemory[] {
  return [...indexedEntries(document, ids)]
}

/** The same of entries as they were first written, in a document that says nothing else of them. */
export function indexedPlain(document: string, entries: readonly PlainEntry[]): IndexedMemory[] {
  if (kindOf(document) !== 'memories') return []
  return entries.flatMap(({ id, value }) => {
    const memory = writtenMemory(id, value)
    return memory === null ? [] : [{ ...memory, document }]
  })
}

/** What a change means for the index. */
export function indexChange(
  document: Document,
  { added, changed, vanished }: DocumentChange
): { put: IndexedMemory[]; remove: Place[] } {
  if (kindOf(document.id) !== 'memories') return { put: [], remove: [] }
  const remove = vanished.map((id) => ({ id, document: document.id }))
  return { put: indexed(document, [...added, ...changed]), remove }
}

/** What changed keys mean for the entries; brings the set of visible ones up to date. */
export function differences(
  { document, visible }: Seen,
  keys: Iterable<string>
): Pick<DocumentChange, 'added' | 'changed' | 'vanished'> {
  const touched = new Set<string>()
  for (const key of keys) touched.add(entryOf(key))
  const added: string[] = []
  const changed: string[] = []
  const vanished: string[] = []
  // A whole conversation was forgotten or brought back.
  if (touched.has('@'))
    for (const id of [...visible, ...visibleEntries(document.allKeys(), document.get)]) touched.add(id)
  for (const id of touched) {
    const before = visible.has(id)
    const after = isVisible(document.get, id)
    if (before && after) changed.push(id)
    else if (after) added.push(id)
    else if (before) vanished.push(id)
    if (after) visible.add(id)
    else visible.delete(id)
  }
  return { added, changed, vanished }
}

/** Entries that an update names, and that are seen as they were before it. */
export function knownEntries(
  named: Iterable<string>,
  visible: ReadonlySet<string>,
  change: Pick<DocumentChange, 'added' | 'changed'> = { added: [], changed: [] }
): string[] {
  const news = new Set([...change.added, ...change.changed])
  return [...named].filter((entry) => visible.has(entry) && !news.has(entry))
}
