import { open } from 'node:fs/promises'
import type Database from 'libsql'
import { DiskFullError } from '../errors.ts'
import type { Memory } from '../interface.ts'
import type {
  Commit,
  DocumentRecord,
  IndexedMemory,
  ListOptions,
  MemoryStore,
  NewRow,
  Place,
  Scored,
  StoredNotice,
  StoredRow
} from '../crdt/index.ts'
import { memorySearch } from './memory-search.ts'

/** libsql gives blobs as bare buffers, and takes Uint8Arrays. */
type FromDatabase<T> = { [K in keyof T]: T[K] extends Uint8Array ? ArrayBuffer : T[K] }

type DocumentColumns = Omit<FromDatabase<DocumentRecord>, 'gone'> & { gone: number }
type RowColumns = Omit<FromDatabase<StoredRow>, 'compacted'> & { compacted: number }
type MemoryColumns = Omit<IndexedMemory, 'tags'> & { tags: string; row?: number }

/**
 * FTS5 marks a word as erased and drops word and mark when it merges its parts, but not every one: of three thousand
 * secrets three were left when it was told to merge all. Building the index anew leaves none, and takes two seconds for so
 * many memories; beyond, what is left is what merging leaves. (Its `secure-delete` damages the index in this release.)
 */
const MOST_REBUILT = 50_000

/** As many are worth a call of their own. */
const ALIKE = 4

const MEMORY = 'm.id, m.document, m.text, m.kind, m.tags, m.source, m.time, m.device'

/**
 * Memories in the home's database. Every method that writes is one transaction, synced to the disk before it returns: the
 * database is opened in WAL mode with synchronous=FULL.
 *
 * @throws {DiskFullError} from whatever writes; nothing of it was written then
 */
export function memoryStore(database: Database.Database): MemoryStore {
  // Freed pages are overwritten with zeros: what is forgotten must not be readable in the file.
  database.exec('PRAGMA secure_delete = ON')
  const prepare = (sql: string) => database.prepare(sql)
  const readWriter = prepare('SELECT id FROM memory_writer')
  const makeWriter = prepare('INSERT INTO memory_writer (id) VALUES (?)')
  const readDocuments = prepare('SELECT * FROM memory_document')
  const writeDocument = prepare(
    `INSERT OR REPLACE INTO memory_document (id, structure, content, vector, entries, bytes, title, time, gone)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
  )
  const readRows = prepare(
    `SELECT sequence, document, "update", sha256, time, place = 0 AS compacted FROM memory_update
     WHERE document = ? ORDER BY place, sequence`
  )
  const writeRow = prepare('INSERT INTO memory_update (document, "update", sha256, time, place) VALUES (?, ?, ?, ?, 1)')
  const writeSnapshot = prepare(
    'INSERT INTO memory_update (document, "update", sha256, time, place) VALUES (?, ?, ?, ?, 0)'
  )
  const rewriteRow = prepare('UPDATE memory_update SET "update" = ?, sha256 = ? WHERE sequence = ?')
  const removeRow = prepare('DELETE FROM memory_update WHERE sequence = ?')
  const compactable = prepare(`SELECT document FROM memory_update WHERE place = 1 AND time < ? GROUP BY document`)
  const setBytes = prepare(
    'UPDATE memory_document SET bytes = (SELECT sum(length("update")) FROM memory_update WHERE document = ?1) WHERE id = ?1'
  )
  const setAside = prepare(
    `INSERT INTO memory_quarantine (sequence, document, "update", sha256, time)
     SELECT sequence, document, "update", sha256, time FROM memory_update WHERE sequence = ?`
  )
  const removeSetAside = prepare('DELETE FROM memory_quarantine WHERE document = ?')
  const removeRows = prepare('DELETE FROM memory_update WHERE document = ?')
  const removeDocument = prepare('DELETE FROM memory_document WHERE id = ?')
  const removeMemories = prepare('DELETE FROM memory WHERE document = ?')
  const readNotices = prepare('SELECT body FROM memory_notice ORDER BY time')
  const writeNotice = prepare('INSERT OR REPLACE INTO memory_notice (id, time, body) VALUES (?, ?, ?)')
  const removeNotices = prepare('DELETE FROM memory_notice WHERE time < ?')
  // Many at once: each call of the database costs as much as half an insertion.
  const putRows = (fields: string) =>
    prepare(
      `INSERT INTO memory (id, time, text, document, kind, tags, source, device) SELECT ${fields} FROM json_each(?1) WHERE true
       ON CONFLICT (id) DO UPDATE SET document = excluded.document, text = excluded.text, kind = excluded.kind,
         tags = excluded.tags, source = excluded.source, time = excluded.time, device = excluded.device`
    )
  const putAny = putRows([0, 1, 2, 3, 4, 5, 6, 7].map((at) => `value ->> ${at}`).join(', '))
  // What they share is given once: taking a field out of JSON costs as much as a third of an insertion.
  const putAlike = putRows('value ->> 0, value ->> 1, value ->> 2, ?2, ?3, ?4, ?5, ?6')
  const removeMemory = prepare('DELETE FROM memory WHERE id = ?')
  const noteForgotten = prepare('INSERT OR REPLACE INTO memory_forgotten (id, document) VALUES (?, ?)')
  const findForgotten = prepare(
    "SELECT id, document FROM memory_forgotten WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT ?2"
  )
  const removeForgotten = prepare('DELETE FROM memory_forgotten WHERE document = ?')
  const findMemories = prepare(`SELECT ${MEMORY} FROM memory m WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT ?2`)
  const listMemories = prepare(
    `SELECT ${MEMORY} FROM memory m
     WHERE time < ?1 AND (?2 IS NULL OR kind = ?2)
       AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?3))
     ORDER BY time DESC, id DESC LIMIT ?4`
  )
  const readMemories = prepare(`SELECT ${MEMORY}, m.rowid AS row FROM json_each(?) JOIN memory m ON m.rowid = value`)
  const lastMemory = prepare('SELECT max(rowid) AS last FROM memory')
  const searchRows = memorySearch(database)

  const put = (memories: readonly IndexedMemory[]) => {
    const others: unknown[][] = []
    for (const { shared, own } of alike(memories)) {
      if (own.length >= ALIKE) putAlike.run(JSON.stringify(own), ...shared)
      else for (const each of own) others.push([...each, ...shared])
    }
    if (others.length > 0) putAny.run(JSON.stringify(others))
  }

  const transaction =
    <A extends unknown[], R>(work: (...args: A) => R): ((...args: A) => R) =>
    (...args) => {
      try {
        database.exec('BEGIN IMMEDIATE')
        const result = work(...args)
        database.exec('COMMIT')
        return result
      } catch (error) {
        // A full disk has ended the transaction already; libsql's own wrapper would throw that in the place of the cause.
        if (database.inTransaction) database.exec('ROLLBACK')
        if ((error as { code?: unknown }).code !== 'SQLITE_FULL') throw error
        throw new DiskFullError(`The disk is full, so nothing was written: ${database.name}.`, { cause: error })
      }
    }

  const rows = (document: string): StoredRow[] =>
    (readRows.all(document) as RowColumns[]).map((row) => ({
      ...row,
      update: new Uint8Array(row.update),
      sha256: new Uint8Array(row.sha256),
      compacted: row.compacted !== 0
    }))

  const write = transaction(({ rows, documents, put: changed, remove }: Commit) => {
    const sequences = rows.map(({ document, update, sha256, time }) =>
      Number(writeRow.run(document, update, sha256, time).lastInsertRowid)
    )
    for (const { id, structure, content, vector, entries, bytes, title, time, gone } of documents) {
      writeDocument.run(id, structure, content, vector, entries, bytes, title, time, gone ? 1 : 0)
    }
    put(changed)
    for (const { id, document } of remove) {
      removeMemory.run(id)
      noteForgotten.run(id, document)
    }
    return sequences
  })

  return {
    writer: transaction((make: () => string) => {
      const known = readWriter.get() as { id: string } | undefined
      if (known !== undefined) return known.id
      const id = make()
      makeWriter.run(id)
      return id
    }),
    documents: () =>
      (readDocuments.all() as DocumentColumns[]).map((record) => ({
        ...record,
        structure: new Uint8Array(record.structure),
        content: new Uint8Array(record.content),
        vector: new Uint8Array(record.vector),
        gone: record.gone !== 0
      })),
    rows,
    commit(commit, { lazily } = { lazily: false }) {
      if (!lazily) return write(commit)
      // In WAL mode this leaves out nothing but the sync of the journal, which `settle` does.
      database.exec('PRAGMA synchronous = NORMAL')
      try {
        return write(commit)
      } finally {
        database.exec('PRAGMA synchronous = FULL')
      }
    },
    async settle() {
      try {
        const journal = await open(`${database.name}-wal`, 'r+')
        try {
          await journal.datasync()
        } finally {
          await journal.close()
        }
      } catch (error) {
        // Without a journal all is in the database itself, and synced.
        if ((error as { code?: unknown }).code !== 'ENOENT') throw error
      }
    },
    compactable: (before) => (compactable.all(before) as { document: string }[]).map(({ document }) => document),
    compact: transaction(
      (fresh: readonly NewRow[], covered: readonly number[], verify: (rows: StoredRow[]) => void) => {
        const written = new Set(
          fresh.map(({ document, update, sha256, time }) =>
            Number(writeSnapshot.run(document, update, sha256, time).lastInsertRowid)
          )
        )
        const documents = new Set(fresh.map(({ document }) => document))
        for (const document of documents) {
          const left = rows(document).filter(({ sequence }) => written.has(sequence) || !covered.includes(sequence))
          verify(left)
        }
        for (const sequence of covered) removeRow.run(sequence)
        for (const document of documents) setBytes.run(document)
      }
    ),
    rewrite: transaction((document: string, changed: readonly Pick<StoredRow, 'sequence' | 'update' | 'sha256'>[]) => {
      for (const { sequence, update, sha256 } of changed) rewriteRow.run(update, sha256, sequence)
      removeSetAside.run(document)
    }),
    drop: transaction((document: string) => {
      removeRows.run(document)
      removeMemories.run(document)
      removeForgotten.run(document)
      removeSetAside.run(document)
      removeDocument.run(document)
    }),
    quarantine: transaction((sequences: readonly number[]) => {
      for (const sequence of sequences) {
        setAside.run(sequence)
        removeRow.run(sequence)
      }
    }),
    notices: () => (readNotices.all() as { body: string }[]).map(({ body }) => JSON.parse(body) as StoredNotice),
    saveNotice: transaction((notice: StoredNotice) => {
      writeNotice.run(notice.id, notice.time, JSON.stringify(notice))
    }),
    forgetNotices: transaction((before: number) => {
      removeNotices.run(before)
    }),
    find: (prefix, limit) => (findMemories.all(prefix, limit) as MemoryColumns[]).map(indexedOf),
    findForgotten: (prefix, limit) => findForgotten.all(prefix, limit) as Place[],
    list: ({ limit, before = Number.MAX_SAFE_INTEGER, kind = null, tag = null }: NullableOptions) =>
      (listMemories.all(before, kind, tag, limit) as MemoryColumns[]).map(memoryFrom),
    search(query, limit): Scored[] {
      const hits = searchRows(query, limit)
      if (hits.length === 0) return []
      const read = readMemories.all(JSON.stringify(hits.map(({ row }) => row))) as MemoryColumns[]
      const memories = new Map(read.map((columns) => [columns.row, memoryFrom(columns)]))
      return hits.flatMap(({ row, score }) => {
        const memory = memories.get(row)
        return memory === undefined ? [] : [{ ...memory, score }]
      })
    },
    reindex: transaction((document: string, memories: readonly IndexedMemory[]) => {
      removeMemories.run(document)
      put(memories)
    }),
    scrub({ index }) {
      const { last } = lastMemory.get() as { last: number | null }
      const how = index && (last ?? 0) <= MOST_REBUILT ? 'rebuild' : 'optimize'
      database.prepare('INSERT INTO memory_text (memory_text) VALUES (?)').run(how)
      // The journal holds old pages until it is cut.
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    }
  }
}

type NullableOptions = Omit<ListOptions, 'kind' | 'tag'> & { kind?: ListOptions['kind'] | null; tag?: string | null }

/** Memories that have all but id, time and text in common, as they are written. */
interface Alike {
  own: [id: string, time: number, text: string][]
  shared: (string | null)[]
}

function alike(memories: readonly IndexedMemory[]): Iterable<Alike> {
  const groups = new Map<string, Alike>()
  let group: Alike | undefined
  for (const { id, time, text, document, kind, tags, source, device } of memories) {
    const shared = [document, kind, JSON.stringify(tags), wellFormed(source), wellFormed(device)]
    // Mostly as the one before.
    if (group?.shared.every((each, index) => each === shared[index]) !== true) {
      const name = JSON.stringify(shared)
      group = groups.get(name) ?? { own: [], shared }
      groups.set(name, group)
    }
    group.own.push([id, time, wellFormed(text)])
  }
  return groups.values()
}

/** Half a character, which any other device may have sent, is no text for the database, and NUL ends one. */
function wellFormed<T extends string | null>(value: T): T | string {
  return value !== null && ILL.test(value) ? value.replace(EACH_ILL, '\ufffd') : value
}

const ILL = /[\p{Surrogate}\0]/u
const EACH_ILL = new RegExp(ILL, 'gu')

function memoryFrom({ id, text, kind, tags, source, time, device }: MemoryColumns): Memory {
  return { id, text, kind, tags: JSON.parse(tags) as string[], source, time, device }
}

function indexedOf(row: MemoryColumns): IndexedMemory {
  return { ...memoryFrom(row), document: row.document }
}
