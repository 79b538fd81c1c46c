import type { ConversationMessage, Memory, MemoryKind } from '../interface.ts'
import { entryOf, fieldKey, goneKey, isTagKey } from './keys.ts'
import { readValue, type Json, type JsonObject } from './value.ts'

/** The text at a key of one document. */
export type Get = (key: string) => string | undefined

/** What is read of a document to know an entry. */
export interface Reading {
  get: Get
  /** The keys of what was edited of it. */
  fieldsOf: (id: string) => ReadonlySet<string>
}

/** … and to tag it. */
export interface Tagging extends Reading {
  newTagKey: (id: string) => string
}

export type Message = ConversationMessage & { order: number }

const KINDS: readonly MemoryKind[] = ['fact', 'note', 'preference']

export function isKind(kind: unknown): kind is MemoryKind {
  return KINDS.includes(kind as MemoryKind)
}

/** Whether an entry, or with `@` a whole conversation, is forgotten. */
export function isGone(get: Get, id: string): boolean {
  const text = get(goneKey(id))
  return text !== undefined && readValue(text)?.gone === true
}

/** Whether it is forgotten in such a way that no log may hold it. */
export function isErased(get: Get, id: string): boolean {
  return isGone(get, id) && readValue(get(goneKey(id)) ?? '')?.now === true
}

/** Whether a person sees the entry: it was written, and is not forgotten. */
export function isVisible(get: Get, id: string): boolean {
  return id !== '@' && get(id) !== undefined && !isGone(get, id) && !isGone(get, '@')
}

/** The entries that a person sees. */
export function visibleEntries(keys: Iterable<string>, get: Get): Set<string> {
  const visible = new Set<string>()
  if (isGone(get, '@')) return visible
  for (const key of keys) if (key === entryOf(key) && isVisible(get, key)) visible.add(key)
  return visible
}

const EDITED = ['text', 'kind', 'source'] as const

/** A memory with its edits; null where there is none, or nothing that can be understood. */
export function memoryOf(reading: Reading, id: string): Memory | null {
  const { get, fieldsOf } = reading
  const base = isVisible(get, id) ? readValue(get(id) ?? '') : null
  if (base === null) return null
  if (fieldsOf(id).size === 0) return writtenMemory(id, base)
  const fields = { ...base }
  for (const name of EDITED) fields[name] = edited(get, id, name) ?? base[name] ?? null
  const memory = writtenMemory(id, fields)
  return memory === null ? null : { ...memory, tags: tagsOf(reading, id) }
}

/** A memory as this value says it, if it was not edited since; null where it cannot be understood. */
export function writtenMemory(id: string, { text, kind, tags, source, time, device }: JsonObject): Memory | null {
  if (typeof text !== 'string') return null
  return {
    id,
    text,
    kind: isKind(kind) ? kind : 'fact',
    tags: writtenTags(tags),
    source: typeof source === 'string' ? source : null,
    time: numberOf(time),
    device: typeof device === 'string' ? device : null
  }
}

/** The tags of a memory: those it was written with, in their order, then those that were put on since. */
function tagsOf(reading: Reading, id: string): string[] {
  const states = [...tagStates(reading, id)].filter(([, state]) => isOn(state))
  const written = states.filter(([, state]) => state.written).map(([tag]) => tag)
  // Sorted, as the order in which they came is another on each device.
  const later = states.filter(([, state]) => !state.written).map(([tag]) => tag)
  return [...written, ...later.sort()]
}

/** What has to be written so that a memory has these tags and no others: only what changes, so that edits elsewhere hold. */
export function tagWrites(
  reading: Tagging,
  id: string,
  wanted: readonly string[],
  mark: JsonObject
): [string, string][] {
  const states = tagStates(reading, id)
  const write = (key: string, tag: string, on: boolean): [string, string] => [
    key,
    editValue(reading.get, key, { v: tag, on, ...mark })
  ]
  const writes: [string, string][] = []
  for (const tag of wanted) {
    const state = states.get(tag)
    if (state === undefined || !isOn(state)) writes.push(write(state?.off[0] ?? reading.newTagKey(id), tag, true))
  }
  for (const [tag, state] of states) {
    if (wanted.includes(tag) || !isOn(state)) continue
    for (const key of state.on.length > 0 ? state.on : [reading.newTagKey(id)]) writes.push(write(key, tag, false))
  }
  return writes
}

/** What a document says of one tag of an entry. Two devices that put it on apart have made a key each. */
interface TagState {
  /** Whether the entry was written with it. */
  written: boolean
  on: string[]
  off: string[]
}

function writtenTags(tags: Json | undefined): string[] {
  if (!Array.isArray(tags)) return []
  return [...new Set(tags.filter((tag) => typeof tag === 'string'))]
}

/** Putting on counts more than taking off at the same time: nothing that somebody said is lost. */
function isOn({ written, on, off }: TagState): boolean {
  return on.length > 0 || (written && off.length === 0)
}

function tagStates({ get, fieldsOf }: Reading, id: string): Map<string, TagState> {
  const states = new Map<string, TagState>()
  for (const tag of writtenTags(readValue(get(id) ?? '')?.tags)) states.set(tag, { written: true, on: [], off: [] })
  for (const key of fieldsOf(id)) {
    const { v: tag, on } = (isTagKey(key) ? readValue(get(key) ?? '') : null) ?? {}
    if (typeof tag !== 'string') continue
    const state = states.get(tag) ?? { written: false, on: [], off: [] }
    state[on === true ? 'on' : 'off'].push(key)
    states.set(tag, state)
  }
  return states
}

/** A memory as it is first written. What has its default is left out: each byte is sent and kept everywhere. */
export function memoryValue({ text, kind, tags, source, time, device }: Omit<Memory, 'id'>): string {
  return JSON.stringify({
    text,
    ...(kind === 'fact' ? {} : { kind }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(source === null ? {} : { source }),
    time,
    ...(device === null ? {} : { device })
  })
}

export function messageOf(get: Get, id: string): Message | null {
  const value = isVisible(get, id) ? readValue(get(id) ?? '') : null
  if (value === null || typeof value.content !== 'string') return null
  const { role, content, model, device } = value
  if (role !== 'user' && role !== 'assistant' && role !== 'system') return null
  return {
    id,
    role,
    content,
    time: numberOf(value.time),
    device: typeof device === 'string' ? device : null,
    model: typeof model === 'string' ? model : null,
    order: numberOf(value.order)
  }
}

export function titleOf(get: Get): string | null {
  const title = isGone(get, '@') ? undefined : edited(get, '@', 'title')
  return typeof title === 'string' ? title : null
}

/**
 * The text for a field's new value: its count is one above the one that it replaces, and it names its key, since what
 * replaces another value is placed by that alone (see `isLater`).
 */
export function editValue(get: Get, key: string, change: JsonObject): string {
  return JSON.stringify({ ...change, n: countOf(get(key)) + 1, of: key })
}

/** The text of a value that is written again: it names its key. */
export function againValue(key: string, text: string): string {
  const value = readValue(text)
  return value === null || value.of === key ? text : JSON.stringify({ ...value, of: key })
}

/**
 * Which of two values of one key stays, the same on every device: one that is for this key before one that is not, then the
 * one that was rewritten more often, then the larger text.
 *
 * Yjs has a rule of its own, and follows it among concurrent writes. But where two processes wrote under one number, a
 * rewriting of one key can land on another, and a deletion on what was never deleted; and between generations there is only
 * this rule.
 */
export function isLater(key: string, text: string, other: string | undefined): boolean {
  if (other === undefined) return true
  if (text === other) return false
  const difference = Number(isFor(key, text)) - Number(isFor(key, other)) || countOf(text) - countOf(other)
  return difference === 0 ? contentOf(text) > contentOf(other) : difference > 0
}

/** A value without the name of its key: written again, it is still the same. */
function contentOf(text: string): string {
  const value = readValue(text) ?? {}
  return JSON.stringify(value, (key, inner: unknown) => (key === 'of' ? undefined : inner))
}

/** Whether a value is one that this key can have. */
export function isFor(key: string, text: string): boolean {
  const value = readValue(text)
  if (value === null) return false
  const isEntry = key === entryOf(key)
  if (isEntry && typeof value.text !== 'string' && typeof value.content !== 'string') return false
  return value.of === key || (isEntry && value.of === undefined)
}

/** Whether a value names another key as its own. */
export function isForAnother(key: string, text: string): boolean {
  const of = readValue(text)?.of
  return of !== undefined && of !== key
}

function countOf(text: string | undefined): number {
  return text === undefined ? 0 : numberOf(readValue(text)?.n)
}

function edited(get: Get, id: string, field: string): Json | undefined {
  const text = get(fieldKey(id, field))
  return text === undefined ? undefined : readValue(text)?.v
}

/** Whole, as the index takes nothing else; whoever wrote it may have written anything. */
function numberOf(value: Json | undefined): number {
  const rounded = Math.round(typeof value === 'number' ? value : 0)
  return Number.isSafeInteger(rounded) ? rounded : 0
}
