import assert from 'node:assert/strict'
import { SnapshotCheck, SnapshotIntake, type TakenIn } from '../../src/crdt/index.ts'
import { keyOf, newHome, openDevice, removeHome, type TestDevice } from './device.ts'
import { link } from './link.ts'

const PIECE_BYTES = 2000
const MALLORY = keyOf('m')

type Part = { document: string; update: Uint8Array }

/** What is written of a device into a snapshot. */
function snapshotOf({ documents }: TestDevice, pieceBytes = PIECE_BYTES): Part[] {
  return documents.heads
    .all()
    .flatMap(({ id }) => [...documents.whole(id, pieceBytes)].map((update) => ({ document: id, update })))
}

function takeIn(device: TestDevice, parts: readonly Part[], from: string | null): TakenIn {
  const check = new SnapshotCheck()
  for (const part of parts) check.check(part)
  const intake = new SnapshotIntake(device.documents, from)
  for (const part of parts) intake.take(part)
  return intake.end()
}

function texts({ memories }: TestDevice): string[] {
  return memories
    .list({ limit: 10_000 })
    .map(({ text }) => text)
    .sort()
}

describe('documents of a snapshot', () => {
  let homes: string[]
  let open: TestDevice[]
  let laptop: TestDevice
  let desktop: TestDevice

  function device(letter: string, more: Parameters<typeof openDevice>[0] = {}): TestDevice {
    const home = newHome()
    homes.push(home)
    const made = openDevice({ home, key: keyOf(letter), ...more })
    open.push(made)
    return made
  }

  beforeEach(() => {
    homes = []
    open = []
    laptop = device('a')
    desktop = device('b')
  })

  afterEach(() => {
    for (const each of open) each.close()
    for (const home of homes) removeHome(home)
  })

  it('bring all that is there, and a second time nothing', () => {
    laptop.memories.rememberAll(Array.from({ length: 1500 }, (_, index) => ({ text: `Memory ${String(index)}` })))
    const chat = laptop.conversations.begin()
    laptop.conversations.add(chat, { role: 'user', content: 'Where is the ladder?' })
    laptop.conversations.rename(chat, 'The ladder')
    const parts = snapshotOf(laptop)
    assert.ok(parts.length > 20)
    assert.deepEqual(takeIn(desktop, parts, laptop.key), { new: 1501, changed: 0, known: 0, full: 0 })
    assert.deepEqual(desktop.documents.heads.root(), laptop.documents.heads.root())
    assert.equal(desktop.conversations.get(chat).title, 'The ladder')
    const rows = desktop.documents.heads.all().map(({ id }) => desktop.store.rows(id).length)
    assert.deepEqual(takeIn(desktop, parts, laptop.key), { new: 0, changed: 0, known: 1501, full: 0 })
    assert.deepEqual(
      desktop.documents.heads.all().map(({ id }) => desktop.store.rows(id).length),
      rows
    )
    assert.equal(desktop.memories.search('Memory', 5).length, 5)
  })

  it('are the same whether their document is open or not, and after compaction', async () => {
    laptop.memories.rememberAll(Array.from({ length: 300 }, (_, index) => ({ text: `Memory ${String(index)}` })))
    const [shard] = laptop.documents.heads.all()
    const whole = () => [...laptop.documents.whole(shard!.id)].map((update) => Buffer.from(update).toString('hex'))
    laptop.documents.open(shard!.id)
    const opened = whole()
    laptop.documents.close(shard!.id)
    assert.deepEqual(whole(), opened)
    // Closed it stays: an export does not fill the memory.
    laptop.database.exec('UPDATE memory_update SET "update" = zeroblob(3)')
    await assert.doesNotReject(Promise.resolve().then(() => whole()))
  })

  it('count what is new, what was changed and what was known, each entry once', () => {
    const kept = laptop.memories.remember({ text: 'Kept' })
    const edited = laptop.memories.remember({ text: 'First words' })
    const gone = laptop.memories.remember({ text: 'To be forgotten' })
    takeIn(desktop, snapshotOf(laptop), laptop.key)
    laptop.memories.edit(edited.id, { text: 'Second words' })
    laptop.memories.edit(edited.id, { text: 'Third words', tags: ['x'] })
    laptop.memories.forget([gone.id])
    const fresh = laptop.memories.remember({ text: 'Fresh' })
    laptop.memories.edit(fresh.id, { text: 'Fresh and edited' })
    // In pieces of one write each, so that an entry comes in several.
    assert.deepEqual(takeIn(desktop, snapshotOf(laptop, 1), laptop.key), { new: 1, changed: 1, known: 1, full: 0 })
    assert.deepEqual(texts(desktop), ['Fresh and edited', 'Kept', 'Third words'])
    assert.equal(desktop.memories.get(kept.id).text, 'Kept')
  })

  it('hold nothing of what was forgotten or replaced, which the log still has', () => {
    const gone = laptop.memories.remember({ text: 'Plaintext8123 forgotten' })
    const edited = laptop.memories.remember({ text: 'Kept' })
    laptop.memories.edit(edited.id, { text: 'Plaintext8123 replaced' })
    laptop.memories.edit(edited.id, { text: 'Kept again' })
    laptop.memories.forget([gone.id])
    const [shard] = laptop.documents.heads.all()
    laptop.documents.close(shard!.id)
    assert.ok(laptop.store.rows(shard!.id).some(({ update }) => Buffer.from(update).includes('Plaintext8123')))
    for (const { update } of snapshotOf(laptop)) assert.ok(!Buffer.from(update).includes('Plaintext8123'))
    assert.equal(takeIn(desktop, snapshotOf(laptop), laptop.key).new, 1)
    assert.deepEqual(texts(desktop), ['Kept again'])
  })

  it('that are a year old are merged with what was written, edited and forgotten since', () => {
    const all = laptop.memories.rememberAll(['one', 'two', 'three', 'four'].map((text) => ({ text })))
    takeIn(desktop, snapshotOf(laptop), laptop.key)
    const old = snapshotOf(laptop)
    laptop.memories.edit(all[0]!.id, { text: 'one, a year later' })
    laptop.memories.forget([all[1]!.id], { now: true })
    desktop.memories.edit(all[2]!.id, { tags: ['seen'] })
    desktop.memories.remember({ text: 'five' })
    takeIn(desktop, snapshotOf(laptop), laptop.key)
    const before = desktop.documents.heads.root()
    assert.deepEqual(takeIn(desktop, old, laptop.key), { new: 0, changed: 0, known: 3, full: 0 })
    assert.deepEqual(desktop.documents.heads.root(), before)
    assert.deepEqual(texts(desktop), ['five', 'four', 'one, a year later', 'three'])
    assert.deepEqual(desktop.memories.get(all[2]!.id).tags, ['seen'])
  })

  it('of a generation that was healed since bring what only they hold, and nothing that was forgotten', async () => {
    const [kept, gone] = laptop.memories.rememberAll(['kept', 'gone'].map((text) => ({ text })))
    laptop.memories.remember({ text: 'only on the stick' })
    const old = snapshotOf(laptop)
    // The desktop knows an earlier state; then the document moves into its next generation there.
    desktop.memories.remember({ text: 'its own' })
    const [shard] = laptop.documents.heads.all()
    const first = [...laptop.documents.whole(shard!.id, 1)].slice(0, 2)
    for (const update of first) desktop.documents.merge(laptop.key, shard!.id, update)
    desktop.memories.forget([gone!.id])
    assert.match(desktop.documents.heal(shard!.id) ?? '', /~2$/)
    const taken = takeIn(desktop, old, laptop.key)
    assert.deepEqual([taken.new, taken.changed], [1, 0])
    assert.deepEqual(texts(desktop), ['its own', 'kept', 'only on the stick'])
    assert.deepEqual(takeIn(desktop, old, laptop.key), { new: 0, changed: 0, known: 2, full: 0 })
    assert.equal(desktop.memories.get(kept!.id).text, 'kept')
    await link(desktop, laptop).quiet()
    await link(desktop, laptop).quiet()
    assert.ok(texts(laptop).includes('only on the stick'))
  })

  it('of a device that is no member reach no document; where the owner vouches they do (invariant 3)', () => {
    const strict = device('e', { isMember: (key) => key !== MALLORY })
    laptop.memories.remember({ text: 'Something' })
    const parts = snapshotOf(laptop)
    assert.throws(() => takeIn(strict, parts, MALLORY), { name: 'NotAllowedError' })
    assert.equal(strict.documents.heads.size, 0)
    assert.equal(takeIn(strict, parts, null).new, 1)
  })

  it('that would forget very many are announced, and can be undone (invariant 6)', () => {
    const all = laptop.memories.rememberAll(
      Array.from({ length: 300 }, (_, index) => ({ text: `Memory ${String(index)}` }))
    )
    takeIn(desktop, snapshotOf(laptop), laptop.key)
    laptop.memories.forget(
      all.slice(0, 200).map(({ id }) => id),
      { sure: true }
    )
    takeIn(desktop, snapshotOf(laptop), laptop.key)
    assert.equal(desktop.memories.count(), 100)
    const notice = desktop.notices.at(-1)
    assert.equal(notice?.count, 200)
    assert.equal(desktop.history.undoNotice(notice.id), 200)
    assert.equal(desktop.memories.count(), 300)
  })

  it('are refused as a whole where one of them is beyond a limit or builds on what is not in it', () => {
    laptop.memories.rememberAll(Array.from({ length: 50 }, (_, index) => ({ text: `Memory ${String(index)}` })))
    const parts = snapshotOf(laptop)
    const refused = (wrong: Part[], reason: RegExp) => {
      const check = new SnapshotCheck()
      assert.throws(
        () => {
          for (const part of wrong) check.check(part)
        },
        { name: 'ProtocolError', message: reason }
      )
    }
    refused(parts.slice(1), /does not hold/)
    refused([...parts.slice(0, 2), ...parts.slice(3)], /does not hold/)
    refused([{ ...parts[0]!, document: 'x' }], /no such id/)
    refused([{ ...parts[0]!, update: new Uint8Array(300_000) }], /bytes, above/)
    refused([{ ...parts[0]!, update: Uint8Array.of(1, 255, 255, 255, 255, 15, 1, 0) }], /structs/)
    refused([...parts, { ...parts[0]!, update: parts[0]!.update.subarray(0, -1) }], /ends too early/)
    const many = Array.from({ length: 250_001 }, (_, index) => ({
      document: `m-${String(index).padStart(16, '0')}-1`,
      update: Uint8Array.of(0, 0)
    }))
    refused(many, /more than 250000 documents/)
  }).timeout(60_000)

  it('with a time that is no whole number are listed all the same', () => {
    for (const [index, time] of [1.5, 1e300, -3, 0].entries()) {
      laptop.documents.write(`m-${'b'.repeat(16)}-1`, (map) => {
        map.set(`entry${String(index)}`, JSON.stringify({ text: `Text ${String(index)}`, time }))
      })
    }
    assert.equal(takeIn(desktop, snapshotOf(laptop), laptop.key).new, 4)
    assert.deepEqual(
      desktop.memories.list({ limit: 9 }).map(({ time }) => time),
      [2, 0, 0, -3]
    )
  })

  it('with halves of characters and signs of control are indexed, and end no process', () => {
    const odd = [
      'half \ud800 a character',
      'back \\ud800 slash',
      'two \\\\\udfff of them',
      'a \u2028 " \' \\',
      'ends \udbff'
    ]
    for (const text of odd) laptop.memories.remember({ text, tags: [text.slice(0, 9)], source: text })
    assert.equal(takeIn(desktop, snapshotOf(laptop), laptop.key).new, odd.length)
    const listed = desktop.memories.list({ limit: 9 }).map(({ text }) => text)
    assert.deepEqual(listed.sort(), odd.map((text) => Buffer.from(text).toString()).sort())
  })
})
