import { NotUndoableError } from '../errors.ts'
import type { Memory, MemoryVersion } from '../interface.ts'
import { Document } from './document.ts'
import { isIntact, type Documents } from './documents.ts'
import { againValue, editValue, isGone, isVisible, memoryOf, memoryValue, tagWrites, type Get } from './entries.ts'
import { entryOf, fieldKey, goneKey } from './keys.ts'
import type { MemoryStore, StoredNotice, StoredRow } from './store.ts'
import { readValue } from './value.ts'

/** What the kept log tells: how an entry came to be as it is, and how it was before. */
export class History {
  readonly #documents: Documents
  readonly #store: MemoryStore

  constructor({ documents, store }: { documents: Documents; store: MemoryStore }) {
    this.#documents = documents
    this.#store = store
  }

  /** The versions of a memory, the oldest first, as far as the log goes back. Empty for an id that was never here. */
  versions(id: string): MemoryVersion[] {
    const versions: MemoryVersion[] = []
    for (const document of this.#holding(id)) {
      this.#replay(document, (row, scratch, changed) => {
        const keys = [...changed].filter((key) => entryOf(key) === id)
        if (keys.length === 0) return
        const memory = memoryOf(scratch, id)
        // A compacted log begins with several rows that are one moment.
        if (row.compacted) versions.pop()
        const before = versions.at(-1)
        if (before === undefined ? memory === null : isSame(before.memory, memory)) return
        const device = deviceOf(scratch.get, keys) ?? memory?.device ?? null
        versions.push({ time: row.time, device, change: changeOf(versions, memory), memory })
      })
    }
    return versions
  }

  /**
   * Takes the last change of a memory back: what was forgotten is there again, what was edited is as before. Doing it twice
   * takes back the taking back.
   *
   * @returns the memory as it is now, or null when it is forgotten now
   * @throws {NotUndoableError} when the log does not go back so far
   */
  undo(id: string): Memory | null {
    const versions = this.versions(id)
    const [before, last] = versions.slice(-2)
    const target = before?.memory ?? null
    if (last === undefined || (target === null && last.memory === null)) {
      throw new NotUndoableError(`There is no earlier version of ${id} here to go back to.`, { details: { id } })
    }
    const document = this.#holding(id).at(-1) ?? ''
    const opened = this.#documents.open(document)
    const { get } = opened
    this.#documents.write(document, (map) => {
      const mark = goneKey(id)
      if (target === null) {
        map.set(mark, editValue(get, mark, { gone: true }))
        for (const key of [id, ...opened.fieldsOf(id)]) if (map.has(key)) map.delete(key)
        return
      }
      const isThere = get(id) !== undefined
      if (!isThere) map.set(id, againValue(id, memoryValue(target)))
      for (const field of FIELDS) {
        const key = fieldKey(id, field)
        const isAsItWas = JSON.stringify(last.memory?.[field]) === JSON.stringify(target[field])
        if (isThere ? isAsItWas : get(key) === undefined) continue
        map.set(key, editValue(get, key, { v: target[field] }))
      }
      if (!isThere || JSON.stringify(last.memory?.tags) !== JSON.stringify(target.tags)) {
        for (const [key, value] of tagWrites(opened, id, target.tags, {})) map.set(key, value)
      }
      if (get(mark) !== undefined) map.set(mark, editValue(get, mark, { gone: false }))
    })
    return memoryOf(this.#documents.open(document), id)
  }

  /**
   * Brings back what a notice tells of, as far as it is not there again already.
   *
   * @returns how many entries came back
   * @throws {NotUndoableError} when it is too long ago
   */
  undoNotice(id: string): number {
    const notice = this.#store.notices().find((one) => one.id === id)
    const documents = new Set(notice?.rows.map(({ document }) => document))
    let back = 0
    for (const document of documents) back += this.#bringBack(document, notice as StoredNotice)
    if (back === 0) {
      throw new NotUndoableError(`Nothing of it can be brought back: it is there again, or it is too long ago.`)
    }
    return back
  }

  #bringBack(document: string, { rows }: StoredNotice): number {
    const sequences = new Set(rows.map(({ sequence }) => sequence))
    const lost = new Map<string, ReadonlyMap<string, string>>()
    const before = new Map<string, Map<string, string>>()
    this.#replay(document, ({ sequence }, { get }, changed) => {
      const keys = [...changed]
      if (sequences.has(sequence)) {
        const touched = new Set(keys.map(entryOf))
        for (const id of touched.has('@') ? before.keys() : touched) {
          const values = before.get(id)
          if (values?.has(id) === true && !isVisible(get, id)) lost.set(id, new Map(values))
          if (id === '@' && values !== undefined) lost.set(id, new Map(values))
        }
      }
      for (const key of keys) remember(before, key, get(key))
    })
    const { get } = this.#documents.open(document)
    const whole = isGone(get, '@')
    const visible = this.#documents.visible(document)
    const back = [...lost].filter(([id]) => (id === '@' ? whole : !visible.has(id)))
    const entries = back.filter(([id]) => id !== '@').length
    if (whole) this.#restore(document, [['@', lost.get('@') ?? new Map<string, string>()]])
    for (let start = 0; start < back.length; start += BATCH) this.#restore(document, back.slice(start, start + BATCH))
    return entries
  }

  #restore(document: string, entries: readonly (readonly [string, ReadonlyMap<string, string>])[]): void {
    const { get } = this.#documents.open(document)
    this.#documents.write(document, (map) => {
      for (const [id, values] of entries) {
        for (const [key, value] of values) if (get(key) === undefined) map.set(key, againValue(key, value))
        const mark = goneKey(id)
        if (isGone(get, id)) map.set(mark, editValue(get, mark, { gone: false }))
      }
    })
  }

  /** The documents that hold rows of an entry, earlier generations first. */
  #holding(id: string): string[] {
    const { heads } = this.#documents
    const place = this.#store.find(id, 1)[0] ?? this.#store.findForgotten(id, 1)[0]
    if (place?.id !== id) return []
    const current = heads.get(place.document)?.id
    return current === undefined ? [] : [...heads.superseded(current), current]
  }

  #replay(document: string, row: (row: StoredRow, scratch: Document, changed: Iterable<string>) => void): void {
    const scratch = new Document(document)
    for (const stored of this.#store.rows(document)) {
      if (!isIntact(stored)) continue
      row(stored, scratch, scratch.apply(stored.update).changed.keys())
    }
  }
}

const FIELDS = ['text', 'kind', 'source'] as const

/** Entries of one write together: mostly far below the limit of an update. */
const BATCH = 100

function remember(entries: Map<string, Map<string, string>>, key: string, value: string | undefined): void {
  if (key.startsWith('!')) return
  const id = entryOf(key)
  const values = entries.get(id) ?? new Map<string, string>()
  if (value === undefined) values.delete(key)
  else entries.set(id, values.set(key, value))
}

function changeOf(versions: readonly MemoryVersion[], memory: Memory | null): MemoryVersion['change'] {
  const before = versions.at(-1)
  if (memory === null) return 'forgotten'
  if (before === undefined) return 'written'
  return before.memory === null ? 'restored' : 'edited'
}

function isSame(one: Memory | null, other: Memory | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** The device that an edit or a mark names. */
function deviceOf(get: Get, keys: readonly string[]): string | null {
  for (const key of keys) {
    const device = readValue(get(key) ?? '')?.d
    if (typeof device === 'string') return device
  }
  return null
}
