import type { Memory } from '../interface.ts'

/** One update of one document, as it was appended. */
export interface StoredRow {
  /** Grows with each row of the database. */
  sequence: number
  document: string
  update: Uint8Array
  /** SHA-256 of the update. */
  sha256: Uint8Array
  /** Milliseconds since 1970 by this device's clock, when it was written here. */
  time: number
  /** Whether it stands for all that was written before it. */
  compacted: boolean
}

export type NewRow = Omit<StoredRow, 'sequence' | 'compacted'>

/** What is known of a document without loading it. */
export interface DocumentRecord {
  id: string
  /** See `Head`. */
  structure: Uint8Array
  content: Uint8Array
  /** Its state vector as Yjs encodes it. */
  vector: Uint8Array
  /** Entries that a person sees: memories, or messages. */
  entries: number
  /** Bytes of its updates since it was last compacted. */
  bytes: number
  /** A conversation's, or null. */
  title: string | null
  /** When something was last written into it here, or 0. */
  time: number
  /** A conversation that was forgotten. */
  gone: boolean
}

/** A memory as it is listed and searched. */
export interface IndexedMemory extends Memory {
  document: string
}

/** Something that every device is told, and that can be undone while the rows are kept. */
export interface StoredNotice {
  id: string
  time: number
  /** Key of the device whose bytes it was, or null for one's own. */
  from: string | null
  /** Entries that vanished. */
  count: number
  /** The rows that did it. */
  rows: { document: string; sequence: number }[]
}

/** All of it, or nothing. */
export interface Commit {
  rows: NewRow[]
  documents: DocumentRecord[]
  put: IndexedMemory[]
  /** Taken out of the index, and kept by id alone, so that it can be undone. */
  remove: Place[]
}

/** Where an entry is. */
export interface Place {
  id: string
  document: string
}

export interface Scored extends Memory {
  /** Larger is better; comparable within one search only. */
  score: number
}

/** What `list` shows: newest first. */
export interface ListOptions {
  limit: number
  /** Those that were written before this moment. */
  before?: number
  kind?: Memory['kind']
  tag?: string
}

/**
 * Where documents live. Each call that writes is one transaction, and durable when it returns (invariant 1): written and
 * synced to the disk, or thrown and without effect.
 *
 * The index (`put`, `remove`, `find`, `list`, `search`) shows what the documents say and nothing else: it can be emptied
 * and built again.
 */
export interface MemoryStore {
  /** Sixteen characters that name this store in the ids of its shards; made by `make` at the first call. */
  writer(make: () => string): string
  documents(): DocumentRecord[]
  /** In the order of their sequence. */
  rows(document: string): StoredRow[]
  /**
   * @param lazily it is ordered behind all that was written before, and durable once the next `settle` is fulfilled or the
   *   next call without it returns; a process that is killed meanwhile loses nothing
   * @returns the sequences of the rows
   */
  commit(commit: Commit, options?: { lazily: boolean }): number[]
  /** Syncs to the disk, beside the event loop, what was committed lazily until now. */
  settle(): Promise<void>
  /** Documents that hold a row written before the moment which was not compacted. */
  compactable(before: number): string[]
  /**
   * Puts rows in the place of others, the first of their document. They are read back before the others are deleted: what
   * `verify` throws leaves all as it was.
   */
  compact(rows: readonly NewRow[], covered: readonly number[], verify: (rows: StoredRow[]) => void): void
  /** Puts others in the place of updates, and erases what was set aside of the document. */
  rewrite(document: string, rows: readonly Pick<StoredRow, 'sequence' | 'update' | 'sha256'>[]): void
  /** Erases a document, its rows and its entries in the index. */
  drop(document: string): void
  /** Sets rows aside that cannot be read, for a person to look at. */
  quarantine(sequences: readonly number[]): void
  notices(): StoredNotice[]
  saveNotice(notice: StoredNotice): void
  /** Erases notices from before the moment. */
  forgetNotices(before: number): void

  /** Memories whose id begins so, at most `limit`. */
  find(prefix: string, limit: number): IndexedMemory[]
  /** The same of those that were forgotten here. */
  findForgotten(prefix: string, limit: number): Place[]
  list(options: ListOptions): Memory[]
  /** By relevance, best first. Words of the query need not all occur. */
  search(query: string, limit: number): Scored[]
  /** Replaces what the index shows of one document. */
  reindex(document: string, memories: readonly IndexedMemory[]): void
  /** Leaves no trace of what was erased in the files of the store; with `index` none in the index either. */
  scrub(options: { index: boolean }): void
}
