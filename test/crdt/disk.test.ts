import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isIntact } from '../../src/crdt/documents.ts'
import { keyOf, newHome, openDevice, removeHome } from './device.ts'
import { checkAcknowledged, filesWith } from './kept.ts'
import { link } from './link.ts'
import { randomFrom } from './random.ts'

const SOAK = process.env.MESH_SOAK !== undefined
const DAY_MS = 24 * 60 * 60 * 1000

describe('memories on a disk', () => {
  let home: string

  beforeEach(() => {
    home = newHome()
  })

  afterEach(() => {
    removeHome(home)
  })

  it('open after the end of the journal was cut off or zeroed, with all before it', () => {
    const device = openDevice({ home })
    device.database.exec('PRAGMA wal_autocheckpoint = 0')
    const path = join(home, 'mesh.db')
    const sizes: number[] = []
    for (let index = 0; index < 60; index++) {
      device.memories.remember({ text: `Memory ${String(index)}` })
      sizes.push(readFileSync(`${path}-wal`).length)
    }
    const length = sizes.at(-1)!
    const copy = join(home, 'copy')
    for (let cut = 0; cut <= 64 * 1024; cut += SOAK ? 512 : 6144) {
      for (const zeroed of [false, true]) {
        mkdirSync(copy, { recursive: true })
        for (const name of ['', '-wal']) copyFileSync(`${path}${name}`, join(copy, `mesh.db${name}`))
        const journal = join(copy, 'mesh.db-wal')
        truncateSync(journal, length - cut)
        if (zeroed) truncateSync(journal, length)
        const again = openDevice({ home: copy })
        const kept = sizes.filter((size) => size <= length - cut).length
        assert.ok(
          again.memories.count() >= kept,
          `${String(again.memories.count())} of ${String(kept)} after ${String(cut)}`
        )
        for (const { id } of again.documents.heads.all()) assert.ok(again.documents.isSound(id))
        again.memories.remember({ text: 'and writing goes on' })
        again.close()
        removeHome(copy)
      }
    }
    device.close()
  }).timeout(60_000)

  it('lose nothing to a full disk, and go on when there is room again', async function () {
    const mount = join(home, 'small')
    mkdirSync(mount)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount]).status !== 0) {
      this.skip()
    }
    try {
      const ballast = join(mount, 'ballast')
      writeFileSync(ballast, new Uint8Array(256 * 1024))
      const device = openDevice({ home: mount })
      const written = new Map<string, string>()
      const fill = () => {
        for (;;) {
          const { id, text } = device.memories.remember({ text: `${String(written.size)} ${'x'.repeat(2000)}` })
          written.set(id, text)
        }
      }
      assert.throws(fill, { name: 'DiskFullError' })
      assert.ok(written.size > 20)
      const [document] = device.documents.heads.all()
      assert.equal(device.maintenance.compact(document!.id, Date.now() + 31 * DAY_MS), false)
      checkAcknowledged(device, written)
      // What another device tells is not taken, nor told of; the conversation ends, and so it is told again later.
      const other = openDevice({ key: keyOf('b') })
      const theirs = new Map(
        other.memories
          .rememberAll(Array.from({ length: 100 }, (_, at) => ({ text: `${String(at)} ${'y'.repeat(2000)}` })))
          .map(({ id, text }) => [id, text])
      )
      const told: string[] = []
      device.documents.onChange(({ from, added }) => {
        if (from !== null) told.push(...added)
      })
      const joined = link(device, other)
      await joined.quiet()
      assert.deepEqual(
        joined.errors.map((error) => (error as Error).name),
        ['DiskFullError']
      )
      await device.documents.settled()
      for (const id of told) assert.equal(device.memories.get(id).text, theirs.get(id))
      assert.ok(told.length < theirs.size)
      checkAcknowledged(device, written)
      writeFileSync(ballast, '')
      spawnSync('mount', ['-o', 'remount,size=8m', mount])
      await link(device, other).quiet()
      checkAcknowledged(device, theirs)
      assert.equal(device.maintenance.compact(document!.id, Date.now() + 31 * DAY_MS), true)
      const { id, text } = device.memories.remember({ text: 'There is room again' })
      written.set(id, text)
      device.close()
      const again = openDevice({ home: mount })
      checkAcknowledged(again, written)
      assert.ok(again.documents.isSound(document!.id))
      again.close()
      other.close()
      removeHome(other.home)
    } finally {
      // Lazily: the database's files are let go of when its statements are collected.
      spawnSync('umount', ['-l', mount])
    }
  })

  it('with any bit flipped in a stored row are found out, set aside, and the rest opens', async () => {
    const device = openDevice({ home, key: keyOf('a') })
    for (let index = 0; index < 50; index++) device.memories.remember({ text: `Memory ${String(index)}` })
    const [shard] = device.documents.heads.all()
    const rows = device.store.rows(shard!.id)
    const random = randomFrom(7)
    for (let flip = 0; flip < 10_000; flip++) {
      const row = rows[Math.floor(random() * rows.length)]!
      const update = Uint8Array.from(row.update)
      update[Math.floor(random() * update.length)]! ^= 1 << Math.floor(random() * 8)
      assert.equal(isIntact({ ...row, update }), false)
    }
    // One in the middle, for good: what follows it builds on it.
    const damaged = Uint8Array.from(rows[20]!.update)
    damaged[5]! ^= 1
    device.database.prepare('UPDATE memory_update SET "update" = ? WHERE sequence = ?').run(damaged, rows[20]!.sequence)
    device.close()
    const again = openDevice({ home, key: keyOf('a') })
    assert.equal(again.documents.isSound(shard!.id), false)
    const report = await again.maintenance.run()
    assert.equal(report.mended, 1)
    assert.match(again.warnings.join(' '), /damaged and were set aside/)
    assert.equal(again.memories.count(), 49)
    const { count } = again.database.prepare('SELECT count(*) AS count FROM memory_quarantine').get() as {
      count: number
    }
    assert.equal(count, 1)
    again.close()
  })

  it('come back from another device after damage', async () => {
    const device = openDevice({ home, key: keyOf('a') })
    const other = openDevice({ key: keyOf('b') })
    for (let index = 0; index < 30; index++) device.memories.remember({ text: `Memory ${String(index)}` })
    await link(device, other).quiet()
    const [shard] = device.documents.heads.all()
    device.database.exec('UPDATE memory_update SET "update" = zeroblob(20) WHERE sequence % 3 = 0')
    device.documents.close(shard!.id)
    for (let meeting = 0; meeting < 2; meeting++) {
      await device.maintenance.run()
      await link(device, other).quiet()
    }
    assert.equal(device.memories.count(), 30)
    assert.equal(other.memories.count(), 30)
    assert.deepEqual(device.documents.heads.root(), other.documents.heads.root())
    device.close()
    other.close()
    removeHome(other.home)
  })

  it('are compacted after thirty days, and can be undone until then', async () => {
    let now = Date.now()
    const device = openDevice({ home, now: () => now })
    const kept = device.memories.remember({ text: 'First words' })
    const gone = device.memories.remember({ text: 'To be forgotten' })
    device.memories.edit(kept.id, { text: 'Second words' })
    now += 10 * DAY_MS
    device.memories.forget([gone.id])
    now += 25 * DAY_MS
    const [shard] = device.documents.heads.all()
    const head = device.documents.heads.root()
    assert.equal((await device.maintenance.run()).compacted, 1)
    assert.deepEqual(device.documents.heads.root(), head)
    assert.equal(device.store.rows(shard!.id).length, 2)
    assert.deepEqual(
      device.history.versions(gone.id).map(({ change }) => change),
      ['written', 'forgotten']
    )
    assert.equal(device.history.undo(gone.id)?.text, 'To be forgotten')
    assert.equal(device.history.undo(gone.id), null)
    now += 31 * DAY_MS
    await device.maintenance.run()
    assert.throws(() => device.history.undo(gone.id), { name: 'NotUndoableError' })
    assert.equal(device.memories.get(kept.id).text, 'Second words')
    device.close()
    assert.deepEqual(filesWith(home, 'To be forgotten'), [])
  })

  it('are nowhere in the home when they are forgotten at once, here and where they came to', async () => {
    const device = openDevice({ home, key: keyOf('a') })
    const other = openDevice({ key: keyOf('b') })
    const { id } = device.memories.remember({ text: 'Plaintext7361 of a secret' })
    const kept = device.memories.remember({ text: 'Something else' })
    device.memories.edit(id, { text: 'Plaintext7361 edited' })
    device.memories.edit(kept.id, { text: 'Something new' })
    await link(device, other).quiet()
    assert.notDeepEqual(filesWith(other.home, 'Plaintext7361'), [])
    device.memories.forget([id], { now: true })
    await link(device, other).quiet()
    assert.deepEqual(device.documents.heads.root(), other.documents.heads.root())
    for (const one of [device, other]) {
      assert.deepEqual(filesWith(one.home, 'Plaintext7361'), [])
      assert.deepEqual(filesWith(one.home, 'plaintext7361'), [])
      assert.throws(() => one.history.undo(id), { name: 'NotUndoableError' })
      assert.ok(one.documents.heads.all().every(({ id: document }) => one.documents.isSound(document)))
    }
    // What else the log held can still be undone.
    assert.equal(device.history.undo(kept.id)?.text, 'Something else')
    device.close()
    other.close()
    removeHome(other.home)
  })
})
