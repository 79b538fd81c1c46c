import assert from 'node:assert/strict'
import fc from 'fast-check'
import * as Y from 'yjs'
import { Documents, Memories, type MemoryStore } from '../../src/crdt/index.ts'
import { Document } from '../../src/crdt/document.ts'
import { visibleEntries } from '../../src/crdt/entries.ts'
import { inspectUpdate } from '../../src/crdt/inspect-update.ts'
import { keyOf } from './device.ts'
import { forged, written } from './forged.ts'
import { mapStore, newDisk, type Disk } from './memory-map-store.ts'

const SHARD = 'm-abcdefghijklmnop-1'
const OTHER = 'm-abcdefghijklmnop-2'
const THEM = keyOf('b')

interface Opened {
  disk: Disk
  documents: Documents
  memories: Memories
  /** Documents whose rows were read. */
  read: string[]
}

function open(more: Partial<MemoryStore> = {}, openDocuments = 64): Opened {
  const disk = newDisk()
  const plain = mapStore(disk)
  const read: string[] = []
  const rows = (id: string) => {
    read.push(id)
    return plain.rows(id)
  }
  const store = { ...plain, rows, ...more }
  const documents = new Documents({ store, now: Date.now, isMember: () => true, warn: () => undefined, openDocuments })
  return { disk, documents, memories: new Memories({ documents, store, now: Date.now, device: () => THEM }), read }
}

function memory(id: string, text: string): Uint8Array {
  return written(id, JSON.stringify({ text, time: 7 }))
}

/** Updates of two writers, each right behind its last one; now and then a key comes twice, or something else than entries. */
const HISTORY = fc
  .array(
    fc.record({
      writer: fc.constantFrom(1, 2 ** 31),
      entries: fc.array(
        fc.record({
          id: fc.integer({ min: 0, max: 200 }),
          text: fc.string({ unit: 'grapheme', maxLength: 12 }),
          isEdit: oneIn(20)
        }),
        { minLength: 1, maxLength: 6 }
      ),
      isForgetting: oneIn(20)
    }),
    { maxLength: 8 }
  )
  .map((updates) => {
    const ends = new Map<number, { clock: number; last: string | null }>()
    return updates.map(({ writer, entries, isForgetting }) => {
      const { clock, last } = ends.get(writer) ?? { clock: 0, last: null }
      const keys = entries.map(({ id, isEdit }) => (isEdit ? `entry${String(id % 2)}/text` : `entry${String(id + 2)}`))
      const writes = entries.map(({ text }, index) => {
        const key = keys[index] ?? ''
        return key.includes('/') ? written(key, JSON.stringify({ v: text, n: 1, of: key })) : memory(key, text)
      })
      const gone = isForgetting ? last : null
      if (gone !== null) writes.push(written(`!${gone}`, JSON.stringify({ gone: true, n: 1, of: `!${gone}` })))
      const isLastEntry = gone === null && keys.at(-1)?.includes('/') === false
      ends.set(writer, { clock: clock + writes.length, last: isLastEntry ? (keys.at(-1) ?? null) : null })
      return forged(writer, clock, writes, gone === null ? [] : [[writer, clock - 1, 1]])
    })
  })

function oneIn(many: number): fc.Arbitrary<boolean> {
  return fc.integer({ min: 1, max: many }).map((number) => number === many)
}

describe('a document that comes new', () => {
  it('says of itself what Yjs says of it, and is exported as Yjs would', () => {
    let unopened = 0
    fc.assert(
      fc.property(HISTORY, fc.integer({ min: 1, max: 400 }), (updates, pieceBytes) => {
        const { documents, disk, read } = open()
        for (const update of updates) documents.merge(THEM, SHARD, update)
        const record = documents.heads.get(SHARD)
        // Two writes of one key end in another generation, and what is left of a forgotten one is erased by a write here.
        if (record?.id !== SHARD || disk.rows.get(SHARD)?.length !== updates.length) return
        if (!read.includes(SHARD)) unopened++
        const yjs = new Document(SHARD, updates)
        assert.deepEqual(
          [record.structure, record.content, record.vector].map(String),
          [yjs.head().structure, yjs.head().content, yjs.vector()].map(String)
        )
        assert.equal(record.entries, visibleEntries(yjs.allKeys(), yjs.get).size)
        assert.ok(documents.isSound(SHARD))
        const index = [...disk.index.values()]
        documents.reindex(SHARD)
        assert.deepEqual(byId([...disk.index.values()]), byId(index))
        documents.close(SHARD)
        const again = new Document(SHARD)
        let values = 0
        for (const piece of documents.whole(SHARD, pieceBytes)) {
          inspectUpdate(piece)
          again.apply(piece)
          assert.equal(again.isPending, false)
          values += Y.decodeUpdate(piece).structs.filter(isValue).length
        }
        assert.deepEqual(again.head(), yjs.head())
        // Nothing that was replaced or forgotten is in it.
        assert.equal(values, yjs.keys)
      }),
      { seed: Number(process.env.MESH_SEED ?? 1), numRuns: process.env.MESH_SOAK === undefined ? 400 : 20_000 }
    )
    assert.ok(unopened > 100, String(unopened))
  })

  it('is opened as soon as somebody writes into it, and merged into as it is then', () => {
    const { documents, memories } = open({}, 1)
    documents.merge(THEM, SHARD, forged(1, 0, [memory('one', 'One'), memory('two', 'Two')]))
    memories.edit('two', { text: 'Two, edited' })
    // One document is kept open: the other one takes its place.
    documents.open(OTHER)
    documents.merge(THEM, SHARD, forged(1, 2, [memory('three', 'Three')]))
    assert.ok(documents.isSound(SHARD))
    assert.deepEqual(
      memories.list({ limit: 9 }).map(({ text }) => text),
      ['One', 'Two, edited', 'Three']
    )
  })

  it('is opened too where somebody writes who is just being told of it', () => {
    const { documents, memories } = open({}, 1)
    const stop = documents.onChange(() => {
      stop()
      memories.edit('one', { text: 'One, edited' })
      documents.open(OTHER)
    })
    documents.merge(THEM, SHARD, forged(1, 0, [memory('one', 'One')]))
    documents.merge(THEM, SHARD, forged(1, 1, [memory('two', 'Two')]))
    assert.ok(documents.isSound(SHARD))
    assert.equal(memories.get('one').text, 'One, edited')
  })

  it('has nothing of what the disk did not take', () => {
    const disk = newDisk()
    const store = mapStore(disk)
    let isFull = false
    const full: MemoryStore = {
      ...store,
      commit: (what) => {
        if (isFull) throw new Error('the disk is full')
        return store.commit(what)
      }
    }
    const documents = new Documents({ store: full, now: Date.now, isMember: () => true, warn: () => undefined })
    const [first, second] = [forged(1, 0, [memory('one', 'One')]), forged(1, 1, [memory('two', 'Two')])]
    isFull = true
    assert.throws(() => documents.merge(THEM, SHARD, first), /the disk is full/)
    isFull = false
    assert.equal(documents.merge(THEM, SHARD, second).outcome, 'gap')
    for (const update of [first, second]) assert.equal(documents.merge(THEM, SHARD, update).outcome, 'merged')
    assert.ok(documents.isSound(SHARD))
    assert.equal(documents.heads.get(SHARD)?.entries, 2)
  })

  it('is exported without what follows a row that is missing', () => {
    const { documents, disk } = open()
    for (const clock of [0, 1, 2]) documents.merge(THEM, SHARD, forged(1, clock, [memory(`e${String(clock)}`, 'Text')]))
    disk.rows.get(SHARD)?.splice(1, 1)
    const again = new Document(SHARD)
    for (const update of documents.whole(SHARD)) again.apply(update)
    // In its place nothing else is said to have been written.
    assert.ok(again.clockOf(1) < 2)
    assert.match(again.get('e0') ?? '', /"text":"Text"/)
  })

  it('is opened where an update takes back what it brings itself', () => {
    const { documents } = open()
    documents.merge(THEM, SHARD, forged(1, 0, [memory('one', 'One'), memory('two', 'Two')], [[1, 0, 1]]))
    assert.equal(documents.heads.get(SHARD)?.entries, 1)
    assert.ok(documents.isSound(SHARD))
  })

  it('takes nothing twice, and nothing over a gap (invariants 2 and 5)', () => {
    const { documents, disk } = open()
    const [first, second, third] = [0, 1, 2].map((clock) => forged(1, clock, [memory(`e${String(clock)}`, 'Text')]))
    documents.merge(THEM, SHARD, first!)
    assert.equal(documents.merge(THEM, SHARD, third!).outcome, 'gap')
    documents.merge(THEM, SHARD, second!)
    documents.merge(THEM, SHARD, second!)
    assert.equal(disk.rows.get(SHARD)?.length, 2)
    assert.ok(documents.isSound(SHARD))
  })
})

function isValue(struct: Y.Item | Y.GC | Y.Skip): boolean {
  return struct instanceof Y.Item && struct.content instanceof Y.ContentAny
}

function byId<T extends { id: string }>(entries: readonly T[]): T[] {
  return [...entries].sort((one, other) => (one.id < other.id ? -1 : 1))
}
