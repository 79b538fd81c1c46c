import type {
  Commit,
  DocumentRecord,
  IndexedMemory,
  MemoryStore,
  Place,
  StoredNotice,
  StoredRow
} from '../../src/crdt/index.ts'

/** What a disk would hold: copied to clone a device, put back to roll it back. */
export interface Disk {
  writer: string | null
  sequence: number
  documents: Map<string, DocumentRecord>
  rows: Map<string, StoredRow[]>
  index: Map<string, IndexedMemory>
  forgotten: Map<string, Place>
  notices: Map<string, StoredNotice>
  aside: StoredRow[]
}

export function newDisk(): Disk {
  return {
    writer: null,
    sequence: 0,
    documents: new Map(),
    rows: new Map(),
    index: new Map(),
    forgotten: new Map(),
    notices: new Map(),
    aside: []
  }
}

/** A deep copy that shares the bytes, which nobody changes. */
export function copyOf(disk: Disk): Disk {
  return {
    ...disk,
    documents: new Map(disk.documents),
    rows: new Map([...disk.rows].map(([id, rows]) => [id, [...rows]])),
    index: new Map(disk.index),
    forgotten: new Map(disk.forgotten),
    notices: new Map(disk.notices),
    aside: [...disk.aside]
  }
}

/** A store in memory, for thousands of schedules. */
export function mapStore(disk: Disk): MemoryStore {
  const rowsOf = (document: string) => disk.rows.get(document) ?? []
  const append = (row: Omit<StoredRow, 'sequence'>): StoredRow => ({ ...row, sequence: ++disk.sequence })
  const put = (memory: IndexedMemory) => {
    disk.index.set(memory.id, memory)
    disk.forgotten.delete(memory.id)
  }
  const clear = (document: string) => {
    for (const [id, memory] of disk.index) if (memory.document === document) disk.index.delete(id)
  }
  return {
    writer: (make) => (disk.writer ??= make()),
    documents: () => [...disk.documents.values()],
    rows: (document) => [...rowsOf(document)],
    commit({ rows, documents, put: changed, remove }: Commit) {
      const appended = rows.map((row) => append({ ...row, compacted: false }))
      for (const row of appended) disk.rows.set(row.document, [...rowsOf(row.document), row])
      for (const record of documents) disk.documents.set(record.id, record)
      for (const memory of changed) put(memory)
      for (const place of remove) {
        disk.index.delete(place.id)
        disk.forgotten.set(place.id, place)
      }
      return appended.map(({ sequence }) => sequence)
    },
    settle: () => Promise.resolve(),
    compactable: (before) =>
      [...disk.rows]
        .filter(([, rows]) => rows.some(({ compacted, time }) => !compacted && time < before))
        .map(([id]) => id),
    compact(fresh, covered, verify) {
      for (const document of new Set(fresh.map((row) => row.document))) {
        const left = rowsOf(document).filter(({ sequence }) => !covered.includes(sequence))
        const written = fresh.map((row) => append({ ...row, compacted: true }))
        verify([...written, ...left])
        disk.rows.set(document, [...written, ...left])
      }
    },
    rewrite(document, changed) {
      const fresh = new Map(changed.map((row) => [row.sequence, row]))
      disk.rows.set(
        document,
        rowsOf(document).map((row) => ({ ...row, ...fresh.get(row.sequence) }))
      )
    },
    drop(document) {
      disk.rows.delete(document)
      disk.documents.delete(document)
      clear(document)
    },
    quarantine(sequences) {
      for (const [document, rows] of disk.rows) {
        disk.aside.push(...rows.filter(({ sequence }) => sequences.includes(sequence)))
        disk.rows.set(
          document,
          rows.filter(({ sequence }) => !sequences.includes(sequence))
        )
      }
    },
    notices: () => [...disk.notices.values()],
    saveNotice: (notice) => void disk.notices.set(notice.id, notice),
    forgetNotices(before) {
      for (const { id, time } of disk.notices.values()) if (time < before) disk.notices.delete(id)
    },
    find: (prefix, limit) => [...disk.index.values()].filter(({ id }) => id.startsWith(prefix)).slice(0, limit),
    findForgotten: (prefix, limit) =>
      [...disk.forgotten.values()].filter(({ id }) => id.startsWith(prefix)).slice(0, limit),
    list: ({ limit }) => [...disk.index.values()].slice(0, limit),
    search: () => [],
    reindex(document, memories) {
      clear(document)
      for (const memory of memories) put(memory)
    },
    scrub: () => undefined
  }
}
