import assert from 'node:assert/strict'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { inspectUpdate } from '../../src/crdt/inspect-update.ts'
import { keyOf, openDevice, removeHome, type TestDevice } from './device.ts'
import { bytes, collected, erased, forged, written } from './forged.ts'
import { link } from './link.ts'
import { randomFrom } from './random.ts'

const MALLORY = keyOf('m')

describe('an update from a member', () => {
  let device: TestDevice
  let shard: string
  let writer: number

  beforeEach(() => {
    device = openDevice()
    device.memories.rememberAll(Array.from({ length: 300 }, (_, index) => ({ text: `Memory ${String(index)}` })))
    shard = device.documents.heads.all()[0]!.id
    writer = device.documents.open(shard).writer
  })

  afterEach(() => {
    device.close()
    removeHome(device.home)
  })

  const refused = (update: Uint8Array, words = /refused/) => {
    const before = device.documents.heads.root()
    const rows = device.store.rows(shard).length
    assert.throws(() => device.documents.merge(MALLORY, shard, update), words)
    assert.deepEqual(device.documents.heads.root(), before)
    assert.equal(device.store.rows(shard).length, rows)
  }

  it('is not even read when it comes from somebody else (invariant 3)', () => {
    const guarded = openDevice({ isMember: (key) => key !== MALLORY })
    assert.throws(() => guarded.documents.merge(MALLORY, shard, Uint8Array.of(0, 0)), { name: 'NotAllowedError' })
    guarded.close()
    removeHome(guarded.home)
  })

  it('deletes nothing that it does not forget: nine bytes against a whole shard', () => {
    const update = forged(0, 0, [], [[writer, 0, 300]])
    assert.ok(update.length <= 12)
    const merged = device.documents.merge(MALLORY, shard, update)
    assert.equal(merged.outcome === 'merged' && merged.vanished.length, 0)
    assert.equal(device.memories.count(), 300)
    assert.match(device.warnings.join(' '), /without being forgotten/)
    // … and again, on what was kept.
    const next = device.documents.heads.get(shard)!.id
    const again = device.documents.open(next).writer
    device.documents.merge(MALLORY, next, forged(0, 0, [], [[again, 0, 300]]))
    assert.equal(device.memories.count(), 300)
  })

  it('is refused with clocks beyond use, preallocation, sequences, other roots and endless structs', () => {
    refused(forged(7, 0, [collected(2 ** 50)]))
    refused(forged(7, 0, [erased('a', 2 ** 50)]))
    // A count that would make Yjs allocate 260 MB.
    refused(
      bytes((out) => {
        encoding.writeVarUint(out, 1)
        encoding.writeVarUint(out, 2 ** 25 - 1)
        encoding.writeVarUint(out, 1)
        encoding.writeVarUint(out, 0)
      })
    )
    refused(
      forged(
        7,
        0,
        Array.from({ length: 5001 }, () => written('a', '{}'))
      )
    )
    const other = new Y.Doc()
    other.getArray('e').insert(0, ['{}'])
    refused(Y.encodeStateAsUpdate(other))
    const root = new Y.Doc()
    root.getMap('x').set('a', '{}')
    refused(Y.encodeStateAsUpdate(root))
    const nested = new Y.Doc()
    nested.getMap('e').set('a', new Y.Map())
    refused(Y.encodeStateAsUpdate(nested))
    // Overlapping deletions walk the same structs again and again.
    refused(
      bytes((out) => {
        encoding.writeVarUint(out, 0)
        encoding.writeVarUint(out, 1)
        encoding.writeVarUint(out, writer)
        encoding.writeVarUint(out, 2)
        for (let time = 0; time < 2; time++) {
          encoding.writeVarUint(out, 0)
          encoding.writeVarUint(out, 300)
        }
      })
    )
    refused(new Uint8Array(256 * 1024 + 1))
    refused(Uint8Array.of(0, 0, 0))
  })

  it('is refused with values that harm who reads them', () => {
    for (const value of [
      '{"__proto__":{"admin":true}}',
      '{"text":"x","a":{"constructor":1}}',
      `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
      'no JSON',
      '"a text"',
      JSON.stringify({ text: 'x'.repeat(64 * 1024) })
    ]) {
      refused(forged(7, 0, [written('k', value)]))
    }
    refused(forged(7, 0, [written('no key', '{}')]))
    assert.equal(({} as { admin?: boolean }).admin, undefined)
  })

  it('is not applied over a gap, however many come, and costs one question', async () => {
    const other = openDevice({ key: keyOf('b') })
    const updates: Uint8Array[] = []
    other.documents.onChange(({ update }) => updates.push(update))
    for (let index = 0; index < 200; index++) other.memories.remember({ text: `Other ${String(index)}` })
    const theirs = other.documents.heads.all()[0]!.id
    let gaps = 0
    for (const update of updates.toReversed().slice(0, 199)) {
      if (device.documents.merge(other.key, theirs, update).outcome === 'gap') gaps++
    }
    assert.equal(gaps, 199)
    assert.equal(device.store.rows(theirs).length, 0)
    await link(device, other).quiet()
    assert.equal(device.memories.count(), 500)
    other.close()
    removeHome(other.home)
  })

  it('merged twice changes nothing, not even on the disk (invariant 2)', () => {
    const other = openDevice({ key: keyOf('b') })
    other.memories.rememberAll([{ text: 'one' }, { text: 'two' }])
    const theirs = other.documents.heads.all()[0]!.id
    const [update] = [...other.documents.pieces(theirs)]
    const first = device.documents.merge(other.key, theirs, update!)
    assert.equal(first.outcome === 'merged' && first.added.length, 2)
    const rows = device.store.rows(theirs).length
    const second = device.documents.merge(other.key, theirs, update!)
    assert.deepEqual(second.outcome === 'merged' && [second.added, second.changed, second.known.length], [[], [], 2])
    assert.equal(device.store.rows(theirs).length, rows)
    other.close()
    removeHome(other.home)
  })

  it('under this device’s own number makes no later write vanish', async () => {
    const peer = openDevice({ key: keyOf('b') })
    await link(device, peer).quiet()
    // The peer gets a forged write under the number and clock that this device will use next.
    peer.documents.merge(MALLORY, shard, forged(writer, 300, [written('fake', '{"text":"forged","time":1}')]))
    const real = device.memories.remember({ text: 'Not to be lost' })
    const edited = device.memories.edit(real.id, { text: 'Never to be lost' })
    for (let meeting = 0; meeting < 3; meeting++) await link(device, peer).quiet()
    assert.equal(peer.memories.get(real.id).text, edited.text)
    assert.equal(device.memories.get(real.id).text, edited.text)
    assert.deepEqual(device.documents.heads.root(), peer.documents.heads.root())
    peer.close()
    removeHome(peer.home)
  })

  it('is found out or harmless with any bit flipped, and takes bounded time', () => {
    const [update] = [...device.documents.pieces(shard)]
    const random = randomFrom(1)
    let slowest = 0
    for (let flip = 0; flip < 2000; flip++) {
      const damaged = Uint8Array.from(update!)
      damaged[Math.floor(random() * damaged.length)]! ^= 1 << Math.floor(random() * 8)
      const start = process.cpuUsage()
      try {
        inspectUpdate(damaged)
      } catch (error) {
        assert.equal((error as Error).name, 'ProtocolError')
      }
      const { user, system } = process.cpuUsage(start)
      slowest = Math.max(slowest, user + system)
    }
    assert.ok(slowest < 1_000_000, `${String(slowest)} µs`)
  }).timeout(60_000)
})

describe('many memories that are forgotten', () => {
  it('are forgotten only when a person is sure, are announced elsewhere, and come back (invariant 6)', async () => {
    const laptop = openDevice({ key: keyOf('a') })
    const desktop = openDevice({ key: keyOf('b') })
    const all = laptop.memories.rememberAll(
      Array.from({ length: 250 }, (_, index) => ({ text: `Memory ${String(index)}` }))
    )
    laptop.memories.edit(all[0]!.id, { text: 'Edited' })
    await link(laptop, desktop).quiet()
    const ids = all.slice(0, 150).map(({ id }) => id)
    assert.throws(() => laptop.memories.forget(ids), { name: 'ManyForgottenError' })
    assert.equal(laptop.memories.count(), 250)
    laptop.memories.forget(ids.slice(0, 50))
    laptop.memories.forget(ids.slice(50), { sure: true })
    await link(laptop, desktop).quiet()
    assert.equal(desktop.memories.count(), 100)
    assert.equal(desktop.notices.at(-1)?.count, 150)
    assert.equal(desktop.notices.at(-1)?.from, laptop.key)
    assert.equal(desktop.history.undoNotice(desktop.notices.at(-1)!.id), 150)
    assert.equal(desktop.memories.count(), 250)
    assert.equal(desktop.memories.get(all[0]!.id).text, 'Edited')
    await link(laptop, desktop).quiet()
    assert.equal(laptop.memories.count(), 250)
    assert.deepEqual(laptop.documents.heads.root(), desktop.documents.heads.root())
    for (const device of [laptop, desktop]) {
      device.close()
      removeHome(device.home)
    }
  })
})
