import { hash } from 'node:crypto'
import * as Y from 'yjs'
import { NotAllowedError, ProtocolError } from '../errors.ts'
import { Announcements } from './announcements.ts'
import { cutUpdate, structPieces } from './cut-update.ts'
import { Document, type Applied, type Head } from './document.ts'
import { differences, indexChange, indexed, indexedPlain, knownEntries } from './differences.ts'
import { isErased, isGone, titleOf, visibleEntries } from './entries.ts'
import { FreshDocument } from './fresh-document.ts'
import { Heads } from './heads.ts'
import { carriedWrites, salvage, wronglyTaken } from './healing.ts'
import { withoutEntries } from './erasing.ts'
import { fits, inspectUpdate, type Inspected } from './inspect-update.ts'
import { entryOf, generation, generationOf, isDocumentId, kindOf, lineageOf, newId } from './keys.ts'
import { MAX_DOCUMENTS, MAX_GENERATION, MAX_KEYS, MAX_UPDATE_BYTES, PIECE_BYTES } from './limits.ts'
import type { DocumentRecord, IndexedMemory, MemoryStore, Place, StoredNotice, StoredRow } from './store.ts'
import { addVanished, isMany, type Spell } from './vanishing.ts'
import { plainStructs, wholeUpdate } from './whole-update.ts'

/** A device's Ed25519 public key: 64 lower-case hexadecimal digits. */
export type DeviceKey = string

/** What one transaction meant for the entries of a document. */
export interface DocumentChange {
  document: string
  /** Who gave the bytes, or null for what was written here. */
  from: DeviceKey | null
  /** What is new, to be sent on as it is. */
  update: Uint8Array
  /** Ids of entries that are seen now and were not before. */
  added: string[]
  /** Ids of entries that were seen before and say something else now. */
  changed: string[]
  /** Ids of entries that are not seen any more. */
  vanished: string[]
}

/** What became of an update that came. */
export type Merged =
  | ({ outcome: 'merged'; /** Ids of entries that it names and that are as they were. */ known: string[] } & Omit<
      DocumentChange,
      'update' | 'from'
    >)
  /** It builds on what is not here: ask for what lacks since the state vector (invariant 5). */
  | { outcome: 'gap'; document: string }
  /** It has as many keys as a document may have; nothing was taken. */
  | { outcome: 'full'; document: string }
  /** A later generation of the document is here: offer that instead. */
  | { outcome: 'superseded'; document: string; by: string }

export interface DocumentsInit {
  store: MemoryStore
  /** Milliseconds since 1970. */
  now: () => number
  /** Whether a device's bytes may be merged now (invariant 3). */
  isMember: (device: DeviceKey) => boolean
  /** Told in a sentence what a person should know. */
  warn: (message: string) => void
  /** Told when many entries vanished at once; they can be brought back by its id. */
  vanished?: (notice: StoredNotice) => void
  /** Documents kept open. @default 64 */
  openDocuments?: number
  /** Random numbers of 32 bits, under which this process writes. @default from the system */
  numbers?: () => number
}

interface Opened {
  document: Document
  visible: Set<string>
  /** Keys and values of rows that cannot be integrated. */
  salvaged: [string, string][]
}

/** Sixty-four shards of a thousand take about 100 MB when all are open. */
const OPEN_DOCUMENTS = 64

/** What one write of many values holds: half an update leaves room for the last value and the numbers around. */
const BATCH_BYTES = MAX_UPDATE_BYTES / 2

/**
 * All documents of this device: opened when they are needed, written and merged under the invariants of the design, which
 * are numbered where they are kept. Every call is one short step and leaves store, index and memory saying the same.
 */
export class Documents {
  readonly heads: Heads
  readonly #init: DocumentsInit
  /** In the order of their last use. */
  readonly #opened = new Map<string, Opened>()
  /** The document that came last and was not opened since. */
  #fresh: FreshDocument | null = null
  readonly #spells = new Map<DeviceKey | null, Spell>()
  readonly #announcements: Announcements

  constructor(init: DocumentsInit) {
    this.#init = init
    const { store, warn } = init
    this.#announcements = new Announcements({ settle: () => store.settle(), warn })
    this.heads = new Heads(store.documents())
    // A heal that was cut short is finished.
    for (const { id } of this.heads.all()) this.#carryOver(id)
  }

  /** Told after each change, when it is durable. */
  onChange(listener: (change: DocumentChange) => void): () => void {
    return this.#announcements.listen(listener)
  }

  /** The latest generation of a document, loaded; an unknown one is empty. */
  open(id: string): Document {
    return this.#open(this.heads.get(id)?.id ?? id).document
  }

  visible(id: string): ReadonlySet<string> {
    return this.#open(this.heads.get(id)?.id ?? id).visible
  }

  /**
   * Writes into the latest generation of a document; durable when it returns (invariant 1).
   *
   * @returns null when nothing changed
   */
  write(id: string, change: (map: Y.Map<string>) => void): DocumentChange | null {
    const opened = this.#open(this.heads.get(id)?.id ?? id)
    return this.#commit(opened, opened.document.write(change), null)?.change ?? null
  }

  /**
   * Merges an update that a device gave.
   *
   * @param from null where the owner of this device vouches for the bytes
   * @param lazily its sync to the disk is shared with those that follow at once and holds nothing up; listeners are told
   *   when it is done (invariant 1). For bytes that whoever gave them still has.
   * @throws {NotAllowedError} when it is no member (invariant 3)
   * @throws {ProtocolError} when it is malformed or beyond a limit (invariant 4); nothing of it was taken
   */
  merge(from: DeviceKey | null, id: string, update: Uint8Array, { lazily = false } = {}): Merged {
    if (from !== null && !this.#init.isMember(from)) {
      throw new NotAllowedError('Only members of the mesh may change what it remembers.')
    }
    if (!isDocumentId(id)) throw new ProtocolError('An update was refused: it is for no document.')
    const inspected = inspectUpdate(update)
    const latest = this.heads.get(id)
    if (latest === undefined && this.heads.size >= MAX_DOCUMENTS) {
      throw new ProtocolError(`An update was refused: there are ${MAX_DOCUMENTS} documents already.`)
    }
    if (latest !== undefined && generationOf(latest.id) > generationOf(id)) {
      return { outcome: 'superseded', document: id, by: latest.id }
    }
    const fresh = this.#freshFor(id, inspected)
    if (fresh !== null) return this.#mergeFresh(fresh, inspected, { from, update, lazily })
    const opened = this.#open(id)
    const { document } = opened
    if (document.keys + inspected.keys.size > MAX_KEYS) {
      return { outcome: 'full', document: id }
    }
    if (!fits(inspected, (writer) => document.clockOf(writer))) return { outcome: 'gap', document: id }
    // Somebody writes under the number that this process took: the next write here needs another one.
    if ((inspected.covers.get(document.writer)?.to ?? 0) > document.clockOf(document.writer)) document.rotate()
    const applied = document.apply(update)
    const committed = this.#commit(opened, applied, from, lazily)
    const known = (change?: DocumentChange) => knownEntries(inspected.entries, opened.visible, change)
    if (committed === null) {
      return { outcome: 'merged', document: id, added: [], changed: [], vanished: [], known: known() }
    }
    const { change, sequence } = committed
    this.#keepValues(opened, applied.changed, change)
    this.#watch(change, sequence)
    this.#sweep(this.heads.get(id)?.id ?? id, [...change.changed, ...change.vanished, ...inspected.entries])
    this.#carryOver(id)
    const { added, changed, vanished } = change
    return { outcome: 'merged', document: id, added, changed, vanished, known: known(change) }
  }

  /** Changes that were merged lazily and are not durable yet. */
  get unsettled(): number {
    return this.#announcements.unsettled
  }

  /** Fulfilled when all that was merged until now is durable and told, or could not be made so. */
  settled(): Promise<void> {
    return this.#announcements.settled()
  }

  /** Makes all that was merged until now durable, and tells of it. @throws what the store throws */
  settle(): Promise<void> {
    return this.#announcements.settle()
  }

  /** What a device lacks that has the state vector, in pieces that can each be merged in order. */
  *pieces(id: string, vector: Uint8Array = EMPTY_VECTOR): Generator<Uint8Array> {
    const document = this.open(id)
    yield* cutUpdate(document.since(vector), readVector(vector))
  }

  /** All of a document, in pieces that can each be merged in order; it is not kept in memory for that. */
  *whole(id: string, pieceBytes = PIECE_BYTES): Generator<Uint8Array> {
    const current = this.heads.get(id)?.id ?? id
    const rows = this.#init.store.rows(current)
    const plain = rows.every(isIntact) ? plainStructs(updatesOf(rows)) : null
    if (plain !== null) yield* structPieces(plain, new Map(), pieceBytes)
    else {
      const update = this.#opened.has(current) ? null : wholeUpdate(rows)
      yield* cutUpdate(update ?? this.open(current).since(), new Map(), pieceBytes)
    }
  }

  /** Brings what an earlier generation of a document holds, which came from elsewhere, into the latest one. */
  absorb(earlier: Document): void {
    const id = this.heads.get(earlier.id)?.id ?? earlier.id
    this.#carry(pairsOf({ document: earlier, salvaged: [] }), id)
  }

  /**
   * A peer's state vector was seen: if it knows more of this process's own writes than there are, another process writes
   * under the same number (a cloned machine), and this one takes another.
   */
  heed(id: string, vector: ReadonlyMap<number, number>): void {
    const document = this.#opened.get(id)?.document
    if (document !== undefined && (vector.get(document.writer) ?? 0) > document.clockOf(document.writer)) {
      document.rotate()
    }
  }

  /**
   * Two devices wrote under one number, so that this document will never be the same on both. Its entries go into the next
   * generation, where all devices that hold any variant of it bring theirs; nothing that was seen on one of them is lost.
   *
   * @returns the id of the next generation, or null when there can be none
   */
  heal(id: string): string | null {
    const current = this.heads.get(id)?.id
    if (current === undefined || current !== id) return current ?? null
    return this.#renew(this.#open(id))
  }

  /**
   * Erases what the log holds of entries that are forgotten, without waiting for its thirty days; with `@`, of all. What
   * else the log holds stays, and can still be undone.
   */
  erase(id: string, entries: readonly string[]): void {
    const { store } = this.#init
    const current = this.heads.get(id)?.id ?? id
    for (const document of [...this.heads.superseded(current), current]) {
      store.rewrite(document, withoutEntries(store.rows(document), new Set(entries)))
      this.#opened.delete(document)
    }
    store.scrub({ index: true })
  }

  /** Erases an earlier generation whose entries the latest one holds. */
  dropSuperseded(id: string): void {
    const current = this.heads.get(id)?.id
    if (current === undefined || current === id) return
    this.#carryOver(current)
    this.#init.store.drop(id)
    this.#opened.delete(id)
    this.heads.drop(id)
  }

  /** Whether what is stored of a document says what its record says. */
  isSound(id: string): boolean {
    const record = this.heads.get(id)
    if (record === undefined) return true
    const rows = this.#init.store.rows(record.id)
    return rows.every(isIntact) && isHead(new Document(record.id, updatesOf(rows)).head(), record)
  }

  /** Brings a document's record in line with what is stored of it, and the index with both. */
  mend(id: string): void {
    const current = this.heads.get(id)?.id ?? id
    this.#opened.delete(current)
    const opened = this.#open(current)
    const record = this.#recordOf(opened, this.heads.get(current)?.bytes ?? 0)
    this.#init.store.commit({ rows: [], documents: [record], put: [], remove: [] })
    this.heads.set(record)
    this.reindex(current)
  }

  /** Builds the index of one document again. */
  reindex(id: string): void {
    const { document, visible } = this.#open(this.heads.get(id)?.id ?? id)
    this.#init.store.reindex(document.id, kindOf(document.id) === 'memories' ? indexed(document, visible) : [])
  }

  /** Lets go of a document in memory, so that it is read again. */
  close(id: string): void {
    this.#opened.delete(id)
  }

  /** The document that an update can be merged into without opening it, or null. */
  #freshFor(id: string, inspected: Inspected): FreshDocument | null {
    if (this.#opened.has(id)) return null
    const begun = this.#fresh?.id === id ? this.#fresh : null
    if (begun === null && this.heads.get(id) !== undefined) return null
    const fresh = begun ?? new FreshDocument(id)
    return fresh.takes(inspected) ? fresh : null
  }

  /** As `merge` does it with a document that is open; nothing in it can change or vanish. */
  #mergeFresh(
    fresh: FreshDocument,
    inspected: Inspected,
    { from, update, lazily }: { from: DeviceKey | null; update: Uint8Array; lazily: boolean }
  ): Merged {
    const { id } = fresh
    if (fresh.entries + inspected.keys.size > MAX_KEYS) return { outcome: 'full', document: id }
    const entries = inspected.plain ?? []
    const added = entries.map((entry) => entry.id)
    // The bytes may be a part of many that nobody keeps.
    const change = { document: id, from, update: new Uint8Array(update), added, changed: [], vanished: [] }
    const time = this.#init.now()
    fresh.take(inspected, entries)
    const bytes = (this.#recordFor(id)?.bytes ?? 0) + update.length
    const record = {
      ...{ id, ...fresh.head(), vector: fresh.vector(), entries: fresh.entries },
      ...{ bytes, title: null, time, gone: false }
    }
    // Before anybody is told, who may open it: from then on it says what is stored no more.
    this.#fresh = fresh
    try {
      this.#append(change, { record, put: indexedPlain(id, entries), remove: [], lazily })
    } catch (error) {
      this.#fresh = null
      throw error
    }
    return { outcome: 'merged', document: id, added, changed: [], vanished: [], known: [] }
  }

  #open(id: string): Opened {
    if (this.#fresh?.id === id) this.#fresh = null
    const known = this.#opened.get(id)
    if (known !== undefined) {
      this.#opened.delete(id)
      this.#opened.set(id, known)
      return known
    }
    const rows = this.#init.store.rows(id)
    const sound = rows.filter(isIntact)
    if (sound.length < rows.length) this.#setAside(id, rows, sound)
    let document = new Document(id, updatesOf(sound), this.#init.numbers)
    let loose: Uint8Array[] = []
    if (document.isPending) ({ document, loose } = upToGaps(new Document(id, [], this.#init.numbers), updatesOf(sound)))
    const opened = this.#keep(document, loose)
    if ((this.heads.get(id)?.id ?? id) !== id) return opened
    // What follows a damaged row, and cannot be integrated without it, goes on in a new generation.
    const next = loose.length > 0 ? this.#renew(opened) : null
    if (next !== null) return this.#open(next)
    if (sound.length < rows.length) this.mend(id)
    return opened
  }

  #setAside(id: string, rows: readonly StoredRow[], sound: readonly StoredRow[]): void {
    const { store, warn } = this.#init
    const damaged = rows.filter((row) => !sound.includes(row))
    warn(
      `${damaged.length} of ${rows.length} entries of the log of ${id} are damaged and were set aside. ` +
        'What they held comes back from another device, if one has it. The disk should be looked at.'
    )
    store.quarantine(damaged.map(({ sequence }) => sequence))
  }

  #keep(document: Document, loose: readonly Uint8Array[]): Opened {
    const visible = visibleEntries(document.allKeys(), document.get)
    const opened = { document, visible, salvaged: salvage(document, loose) }
    this.#opened.set(document.id, opened)
    const most = this.#init.openDocuments ?? OPEN_DOCUMENTS
    for (const id of this.#opened.keys()) {
      if (this.#opened.size <= most) break
      this.#opened.delete(id)
    }
    return opened
  }

  /** Invariant 1: what was applied is appended before anybody hears of it, or is not there. */
  #commit(
    opened: Opened,
    { update, changed: keys }: Applied,
    from: DeviceKey | null,
    lazily = false
  ): { change: DocumentChange; sequence: number } | null {
    const { document } = opened
    if (document.isPending) {
      this.#opened.delete(document.id)
      throw new ProtocolError('An update was refused: it builds on itself.')
    }
    // Invariant 2: merging twice changes nothing, not even on the disk.
    if (update === null) return null
    const { now } = this.#init
    const change = { document: document.id, from, update, ...differences(opened, keys.keys()) }
    try {
      const record = this.#recordOf(opened, (this.#recordFor(document.id)?.bytes ?? 0) + update.length, now())
      return { change, sequence: this.#append(change, { record, ...indexChange(document, change), lazily }) }
    } catch (error) {
      this.#opened.delete(document.id)
      throw error
    }
  }

  /** One transaction, of which all that listen are told once it is durable. @returns the sequence of its row */
  #append(
    change: DocumentChange,
    { record, put, remove, lazily }: { record: DocumentRecord; put: IndexedMemory[]; remove: Place[]; lazily: boolean }
  ): number {
    const { document, update } = change
    const rows = [{ document, update, sha256: hash('sha256', update, 'buffer'), time: record.time }]
    const [sequence = 0] = this.#init.store.commit({ rows, documents: [record], put, remove }, { lazily })
    this.heads.set(record)
    this.#announcements.add(change, { isDurable: !lazily })
    return sequence
  }

  #recordFor(id: string): DocumentRecord | undefined {
    const record = this.heads.get(id)
    return record?.id === id ? record : undefined
  }

  #recordOf({ document, visible }: Opened, bytes: number, time?: number): DocumentRecord {
    return {
      id: document.id,
      ...document.head(),
      vector: document.vector(),
      entries: visible.size,
      bytes,
      title: titleOf(document.get),
      time: time ?? this.#recordFor(document.id)?.time ?? 0,
      gone: isGone(document.get, '@')
    }
  }

  /**
   * What an update took away without a right to is carried into the next generation, with all the rest, and counts as not
   * having vanished. Written back here it could again land on another key elsewhere.
   */
  #keepValues(opened: Opened, changed: Applied['changed'], change: DocumentChange): void {
    const taken = [...wronglyTaken(changed, opened.document.get)]
    if (taken.length === 0) return
    const { id } = opened.document
    this.#init.warn(
      `${taken.length} values of ${id} were taken away without being forgotten: two devices have one disk's copy, or one ` +
        'has a fault. They are kept.'
    )
    opened.salvaged.push(...taken)
    if (this.#renew(opened) === null) return
    const visible = this.visible(id)
    change.vanished = change.vanished.filter((entry) => !visible.has(entry))
  }

  /** Invariant 6, where others' bytes are applied. */
  #watch({ document, from, vanished }: DocumentChange, sequence: number): void {
    if (vanished.length === 0) return
    const { now, store } = this.#init
    const visible = this.heads.entries + vanished.length
    const row = { document, sequence }
    let spell = addVanished(this.#spells.get(from), { from, count: vanished.length, visible, row }, now())
    if (isMany(spell.count, spell.visible)) {
      const { count, rows, time } = spell
      const notice = { id: spell.notice ?? newId(), time, from, count, rows }
      spell = { ...spell, notice: notice.id }
      store.saveNotice(notice)
      this.#init.vanished?.(notice)
    }
    this.#spells.set(from, spell)
  }

  /** Erases what others wrote into an entry while it was being forgotten elsewhere. */
  #sweep(id: string, entries: readonly string[]): void {
    const { document } = this.#open(id)
    const gone = new Set(entries.filter((entry) => isGone(document.get, entry)))
    if (gone.size === 0) return
    const atOnce = [...gone].filter((entry) => isErased(document.get, entry))
    const whole = gone.has('@')
    const left = [...document.allKeys()].filter(
      (key) => !key.startsWith('!') && (whole || gone.has(entryOf(key))) && document.has(key)
    )
    if (left.length > 0) {
      this.write(id, (map) => {
        for (const key of left) map.delete(key)
      })
    }
    if (atOnce.length > 0) this.erase(id, atOnce)
  }

  /** Begins the next generation with what a document shows, and what was salvaged of it. */
  #renew(opened: Opened): string | null {
    const { document } = opened
    const number = generationOf(document.id) + 1
    if (number > MAX_GENERATION) {
      this.#init.warn(`${document.id} differs between devices and was healed ${MAX_GENERATION} times. Report this.`)
      return null
    }
    const next = generation(lineageOf(document.id), number)
    this.#carry(pairsOf(opened), next)
    this.#init.store.reindex(document.id, [])
    // A document without entries has a next generation too, or both sides would heal for ever.
    if (this.heads.get(next)?.id !== next) this.write(next, (map) => map.set('!0', '{"gone":true,"n":1,"of":"!0"}'))
    return next
  }

  /** Brings what earlier generations hold into the latest one. */
  #carryOver(lineage: string): void {
    const id = this.heads.get(lineage)?.id ?? lineage
    for (const earlier of this.heads.superseded(id)) {
      this.#carry(pairsOf(this.#open(earlier)), id)
      // What is forgotten in the later one is shown no more in the earlier.
      this.#init.store.reindex(earlier, [])
    }
  }

  #carry(pairs: Iterable<readonly [string, string]>, target: string): void {
    const { get } = this.#open(target).document
    for (const batch of batchesOf(carriedWrites(pairs, get))) {
      const opened = this.#open(target)
      const applied = opened.document.write((map) => {
        for (const [key, value] of batch) map.set(key, value)
      })
      this.#commit(opened, applied, null)
    }
  }
}

/** As many as keep one update within its limit. */
function* batchesOf(writes: Iterable<readonly [string, string]>): Generator<(readonly [string, string])[]> {
  let batch: (readonly [string, string])[] = []
  let bytes = 0
  for (const write of writes) {
    batch.push(write)
    bytes += write[0].length + Buffer.byteLength(write[1])
    if (bytes <= BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

const EMPTY_VECTOR = Uint8Array.of(0)

/** @throws {ProtocolError} when it is none */
export function readVector(vector: Uint8Array): Map<number, number> {
  try {
    return Y.decodeStateVector(vector)
  } catch (error) {
    throw new ProtocolError('A state vector cannot be read.', { cause: error })
  }
}

export function isIntact({ update, sha256 }: Pick<StoredRow, 'update' | 'sha256'>): boolean {
  return Buffer.compare(hash('sha256', update, 'buffer'), sha256) === 0
}

export function isHead(one: Head, other: Head): boolean {
  return Buffer.compare(one.structure, other.structure) === 0 && Buffer.compare(one.content, other.content) === 0
}

function updatesOf(rows: readonly StoredRow[]): Uint8Array[] {
  return rows.map(({ update }) => update)
}

function* pairsOf({ document, salvaged }: Pick<Opened, 'document' | 'salvaged'>): Generator<[string, string]> {
  for (const key of document.allKeys()) yield [key, document.get(key) ?? '']
  yield* salvaged
}

/** What can be integrated of updates that came in this order, and what cannot. */
function upToGaps(document: Document, updates: readonly Uint8Array[]): { document: Document; loose: Uint8Array[] } {
  const loose: Uint8Array[] = []
  for (const update of updates) {
    if (fits(inspectUpdate(update), (writer) => document.clockOf(writer))) document.apply(update)
    else loose.push(update)
  }
  return { document, loose }
}
