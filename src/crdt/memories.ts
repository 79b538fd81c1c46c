import { AmbiguousMemoryError, InvalidRequestError, ManyForgottenError, UnknownMemoryError } from '../errors.ts'
import type { Memory, MemoryEdit, NewMemory } from '../interface.ts'
import type { DeviceKey, Documents } from './documents.ts'
import { editValue, isKind, memoryOf, memoryValue, tagWrites } from './entries.ts'
import { fieldKey, goneKey, lineageOf, newId, shardId } from './keys.ts'
import { BYTES_PER_SHARD, ENTRIES_PER_SHARD, MAX_ENTRY_BYTES, MAX_KEYS } from './limits.ts'
import type { ListOptions, MemoryStore, Scored } from './store.ts'
import { isMany } from './vanishing.ts'
import { readValue, type JsonObject } from './value.ts'

export interface MemoriesInit {
  documents: Documents
  store: MemoryStore
  now: () => number
  /** This device's key, or null while it has none. */
  device: () => DeviceKey | null
  /** An id that nobody else gives. @default random */
  newId?: () => string
}

export interface ForgetOptions {
  /** Erase it from documents, log and index at once, here and wherever it arrives; it cannot be undone then. */
  now?: boolean
  /** A person has said twice that so many shall go (invariant 6). */
  sure?: boolean
}

/** Edits move keys and are rare: a shard that is edited more than its room allows is left as it is. */
const KEYS_PER_SHARD = MAX_KEYS / 2

const MAX_TAGS = 64

/** Marks of one write: about 100 bytes each, well within an update. */
const FORGOTTEN_TOGETHER = 500

/** What one writes down: remembered, edited, forgotten, found. Every call is durable when it returns. */
export class Memories {
  readonly #init: MemoriesInit
  readonly #writer: string
  #shard: number

  constructor(init: MemoriesInit) {
    this.#init = init
    this.#writer = init.store.writer(init.newId ?? newId)
    this.#shard = init.documents.heads.all().reduce((last, { id }) => Math.max(last, this.#numberOf(id)), 1)
  }

  /** @throws {InvalidRequestError} when it is empty, too long, or of no known kind */
  remember(memory: NewMemory): Memory {
    const [written] = this.rememberAll([memory])
    if (written === undefined) throw new Error('nothing was written')
    return written
  }

  /** Writes many with one sync of the disk for each shard that they fill. All or those of the earlier shards. */
  rememberAll(memories: readonly NewMemory[]): Memory[] {
    const { documents, now, device, newId: makeId = newId } = this.#init
    const time = now()
    const all = memories.map((memory) => {
      const { text, kind = 'fact', tags = [], source = null } = memory
      const complete = { text: text.trim(), kind, tags: [...new Set(tags)], source, time, device: device() }
      return { id: makeId(), ...checked(complete) }
    })
    for (let start = 0; start < all.length;) {
      const { id, room } = this.#roomiest()
      const batch = batchOf(all, start, room)
      documents.write(id, (map) => {
        for (const { id: memory, ...rest } of batch) map.set(memory, memoryValue(rest))
      })
      start += batch.length
    }
    return all
  }

  /** @param id the id, or a unique beginning of it. @throws {UnknownMemoryError} {AmbiguousMemoryError} */
  get(id: string): Memory {
    const { memory } = this.#find(id)
    return memory
  }

  /** Changes some fields; the others stay open to what other devices write. */
  edit(id: string, edit: MemoryEdit): Memory {
    const { memory, document } = this.#find(id)
    const wanted = { ...memory, ...edit, text: (edit.text ?? memory.text).trim() }
    // Tags that came together from several devices may be too many; that is no reason to refuse another field.
    if (edit.tags === undefined) wanted.tags = []
    const { text, kind, tags, source } = checked(wanted)
    const after = { text, kind, source }
    const fields = FIELDS.filter(
      (field) => edit[field] !== undefined && JSON.stringify(after[field]) !== JSON.stringify(memory[field])
    )
    const { documents } = this.#init
    const opened = documents.open(document)
    const { get } = opened
    const mark = this.#mark()
    documents.write(document, (map) => {
      for (const field of fields) {
        const key = fieldKey(memory.id, field)
        map.set(key, editValue(get, key, { v: after[field], ...mark }))
      }
      if (edit.tags === undefined) return
      for (const [key, value] of tagWrites(opened, memory.id, [...new Set(tags)], mark)) map.set(key, value)
    })
    return memoryOf(documents.open(document), memory.id) ?? { ...memory, ...after }
  }

  /**
   * Forgets memories. Their texts are erased at once from the documents, and from the log when its thirty days are over.
   *
   * @returns those that were forgotten, as they were
   * @throws {ManyForgottenError} when they are many and `sure` was not said; nothing was forgotten then
   */
  forget(ids: readonly string[], { now = false, sure = false }: ForgetOptions = {}): Memory[] {
    const { documents } = this.#init
    const found = new Map(ids.map((id) => this.#find(id)).map((one) => [one.memory.id, one]))
    const total = this.count()
    if (!sure && isMany(found.size, total)) {
      const count = found.size
      throw new ManyForgottenError(
        `This would forget ${count} of ${total} memories. Nothing was forgotten; say again that you are sure.`,
        { details: { count, total } }
      )
    }
    const byDocument = new Map<string, string[]>()
    for (const { memory, document } of found.values()) {
      const entries = byDocument.get(document)
      if (entries === undefined) byDocument.set(document, [memory.id])
      else entries.push(memory.id)
    }
    const mark = { gone: true, ...this.#mark(), ...(now ? { now } : {}) }
    for (const [document, entries] of byDocument) {
      const { get, fieldsOf } = documents.open(document)
      for (let start = 0; start < entries.length; start += FORGOTTEN_TOGETHER) {
        documents.write(document, (map) => {
          for (const id of entries.slice(start, start + FORGOTTEN_TOGETHER)) {
            map.set(goneKey(id), editValue(get, goneKey(id), mark))
            for (const key of [id, ...fieldsOf(id)]) if (map.has(key)) map.delete(key)
          }
        })
      }
      if (now) documents.erase(document, entries)
    }
    return [...found.values()].map(({ memory }) => memory)
  }

  list(options: ListOptions): Memory[] {
    return this.#init.store.list(options)
  }

  search(query: string, limit: number): Scored[] {
    return this.#init.store.search(query, limit)
  }

  /** How many there are. */
  count(): number {
    return this.#init.documents.heads.memories
  }

  /** When and where an edit was made. */
  #mark(): JsonObject {
    const device = this.#init.device()
    return { t: this.#init.now(), ...(device === null ? {} : { d: device }) }
  }

  #find(id: string): { memory: Memory; document: string } {
    const { documents, store } = this.#init
    const found = store.find(id, 10)
    const exact = found.find((one) => one.id === id) ?? (found.length === 1 ? found[0] : undefined)
    if (exact === undefined && found.length > 1) {
      const ids = found.map((one) => one.id)
      throw new AmbiguousMemoryError(`${id} fits several memories: ${ids.join(', ')}.`, { details: { ids } })
    }
    const memory = exact === undefined ? null : memoryOf(documents.open(exact.document), exact.id)
    if (exact === undefined || memory === null) {
      throw new UnknownMemoryError(`There is no memory ${id} here.`, { details: { id } })
    }
    return { memory, document: exact.document }
  }

  #numberOf(document: string): number {
    const lineage = lineageOf(document)
    const prefix = shardId(this.#writer, 0).slice(0, -1)
    return lineage.startsWith(prefix) ? Number(lineage.slice(prefix.length)) : 0
  }

  /** The shard that is being filled, or the next one, and how many it still takes. */
  #roomiest(): { id: string; room: number } {
    const { documents } = this.#init
    for (;;) {
      const id = shardId(this.#writer, this.#shard)
      const record = documents.heads.get(id)
      if (record === undefined) return { id, room: ENTRIES_PER_SHARD }
      const { keys } = documents.open(id)
      const isFull = record.entries >= ENTRIES_PER_SHARD || record.bytes >= BYTES_PER_SHARD || keys >= KEYS_PER_SHARD
      if (!isFull) return { id, room: ENTRIES_PER_SHARD - record.entries }
      this.#shard++
    }
  }
}

/** What is edited as a whole; each tag has a key of its own. */
const FIELDS = ['text', 'kind', 'source'] as const

/** As many as there is room for, and as keep one update within its limit. */
function batchOf<T extends Memory>(all: readonly T[], start: number, room: number): T[] {
  const batch: T[] = []
  let bytes = 0
  for (const memory of all.slice(start, start + room)) {
    bytes += Buffer.byteLength(memoryValue(memory)) + 64
    if (batch.length > 0 && bytes > 2 * MAX_ENTRY_BYTES) break
    batch.push(memory)
  }
  return batch
}

function checked<T extends Omit<Memory, 'id'>>(memory: T): T {
  if (memory.text === '') throw new InvalidRequestError('There is nothing to remember: the text is empty.')
  if (!isKind(memory.kind)) throw new InvalidRequestError('A memory is a fact, a note or a preference.')
  if (memory.tags.length > MAX_TAGS) throw new InvalidRequestError(`A memory has at most ${MAX_TAGS} tags.`)
  if (memory.tags.some((tag) => tag.trim() === '')) throw new InvalidRequestError('A tag is empty.')
  if (readValue(memoryValue(memory)) === null) {
    throw new InvalidRequestError(`A memory has at most ${MAX_ENTRY_BYTES / 1024} KiB; keep longer texts in a file.`)
  }
  return memory
}
