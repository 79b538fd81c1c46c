import { setImmediate as nextTurn } from 'node:timers/promises'
import { AmbiguousMemoryError, InvalidRequestError, UnknownMemoryError } from '../../errors.ts'
import type {
  AbortOptions,
  ById,
  Memory,
  MemoryEdit,
  MemoryKind,
  MemoryNotice,
  MemoryVersion,
  MeshMemory,
  NewMemory,
  RecalledMemory,
  Undone
} from '../../interface.ts'
import { peerIdOf } from '../membership/keys.ts'
import { idOf } from './memory-id.ts'
import type { Remembering } from './remembering.ts'

const LISTED = 100
const MOST_LISTED = 1000
const RECALLED = 10
const MOST_RECALLED = 100

/** `Mesh.memory` in this process. In `crdt` a device is its key, here it is its PeerId. */
export class LocalMemory implements MeshMemory {
  readonly #remembering: Remembering
  readonly #begin: (options: AbortOptions) => Promise<void>

  /** @param begin what every call begins with */
  constructor(remembering: Remembering, begin: (options: AbortOptions) => Promise<void>) {
    this.#remembering = remembering
    this.#begin = begin
  }

  async remember({ signal, text, kind, tags, source }: NewMemory & AbortOptions): Promise<Memory> {
    await this.#begun(signal)
    const rest = given({ kind, tags: tagsOf(tags), source: sourceOf(source) })
    return shown(this.#remembering.memories.remember({ text: textOf(text), ...rest }))
  }

  async list(
    options: AbortOptions & { limit?: number; before?: number; kind?: MemoryKind; tag?: string } = {}
  ): Promise<Memory[]> {
    const { signal, limit = LISTED, before, kind, tag } = options
    await this.#begun(signal)
    const found = this.#remembering.memories.list({ limit: upTo(limit, MOST_LISTED), ...given({ before, kind, tag }) })
    return found.map(shown)
  }

  async get({ signal, id }: ById): Promise<Memory> {
    await this.#begun(signal)
    return shown(this.#remembering.memories.get(idOf(id)))
  }

  async edit({ signal, id, text, kind, tags, source }: ById & MemoryEdit): Promise<Memory> {
    await this.#begun(signal)
    const edit = given({
      text: text === undefined ? undefined : textOf(text),
      kind,
      tags: tagsOf(tags),
      source: sourceOf(source)
    })
    return shown(this.#remembering.memories.edit(idOf(id), edit))
  }

  async tag({ signal, id, add = [], remove = [] }: ById & { add?: string[]; remove?: string[] }): Promise<Memory> {
    await this.#begun(signal)
    const { memories } = this.#remembering
    const { tags } = memories.get(idOf(id))
    // Each tag that changes is written by itself, so that another device's tags hold too.
    const kept = tags.filter((tag) => tagsOf(remove)?.includes(tag) !== true)
    return shown(memories.edit(id, { tags: [...kept, ...(tagsOf(add) ?? [])] }))
  }

  async forget({
    signal,
    ids,
    now = false,
    sure = false
  }: AbortOptions & { ids: string[]; now?: boolean; sure?: boolean }): Promise<Memory[]> {
    await this.#begun(signal)
    return this.#remembering.memories.forget(ids.map(idOf), { now, sure }).map(shown)
  }

  async recall({
    signal,
    query,
    limit = RECALLED
  }: AbortOptions & { query: string; limit?: number }): Promise<RecalledMemory[]> {
    await this.#begun(signal)
    return this.#remembering.memories.search(textOf(query), upTo(limit, MOST_RECALLED)).map(shown)
  }

  async history({ signal, id }: ById): Promise<MemoryVersion[]> {
    await this.#begun(signal)
    const versions = this.#remembering.history.versions(this.#idOfAny(idOf(id)))
    return versions.map((version) => ({
      ...version,
      device: deviceIdOf(version.device),
      memory: version.memory === null ? null : shown(version.memory)
    }))
  }

  async undo({ signal, id }: ById): Promise<Undone> {
    await this.#begun(signal)
    const { history, store } = this.#remembering
    if (store.notices().some((notice) => notice.id === id)) return { count: history.undoNotice(id), memory: null }
    const memory = history.undo(this.#idOfAny(idOf(id)))
    return { count: 1, memory: memory === null ? null : shown(memory) }
  }

  async notices({ signal }: AbortOptions = {}): Promise<MemoryNotice[]> {
    await this.#begun(signal)
    return this.#remembering.store.notices().map((notice) => this.#remembering.notice(notice))
  }

  async reindex({ signal }: AbortOptions = {}): Promise<{ memories: number }> {
    await this.#begun(signal)
    const { documents, memories } = this.#remembering
    for (const { id } of documents.heads.all()) {
      signal?.throwIfAborted()
      documents.reindex(id)
      await nextTurn()
    }
    return { memories: memories.count() }
  }

  #begun(signal: AbortSignal | undefined): Promise<void> {
    return this.#begin(signal === undefined ? {} : { signal })
  }

  /** The whole id of a memory that is there, or that was forgotten here. */
  #idOfAny(beginning: string): string {
    const { store } = this.#remembering
    const found = [...store.find(beginning, 2), ...store.findForgotten(beginning, 2)].map(({ id }) => id)
    const ids = [...new Set(found)]
    const [id] = ids
    if (id === undefined) {
      throw new UnknownMemoryError(`There is no memory ${beginning} here.`, { details: { id: beginning } })
    }
    if (ids.length > 1 && !ids.includes(beginning)) {
      throw new AmbiguousMemoryError(`${beginning} fits several memories: ${ids.join(', ')}.`, { details: { ids } })
    }
    return ids.includes(beginning) ? beginning : id
  }
}

/** With its device as others know it. */
export function shown<M extends { device: string | null }>(memory: M): M {
  return { ...memory, device: deviceIdOf(memory.device) }
}

/** It is a label, and whoever wrote it may have written anything. */
function deviceIdOf(key: string | null): string | null {
  return key === null || !/^[0-9a-f]{64}$/.test(key) ? null : peerIdOf(key)
}

/** Without what was left out, which is not the same as undefined. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** Programs that are not compiled against these types may give anything. */
function textOf(text: unknown): string {
  if (typeof text === 'string') return text
  throw new InvalidRequestError('A text is missing.')
}

function tagsOf(tags: unknown): string[] | undefined {
  if (tags === undefined) return undefined
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags.map((tag) => tag.trim())
  throw new InvalidRequestError('Tags are a list of words.')
}

function sourceOf(source: unknown): string | null | undefined {
  if (source === undefined || source === null || typeof source === 'string') return source
  throw new InvalidRequestError('A source is a text.')
}

function upTo(limit: number, most: number): number {
  if (Number.isInteger(limit) && limit > 0) return Math.min(limit, most)
  throw new InvalidRequestError('A limit is a whole number above 0.')
}
