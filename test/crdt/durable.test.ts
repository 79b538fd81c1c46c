import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Documents, Memories, SnapshotIntake, type MemoryStore } from '../../src/crdt/index.ts'
import { keyOf, openDevice, removeHome } from './device.ts'
import { link } from './link.ts'
import { mapStore, newDisk } from './memory-map-store.ts'

/** A device whose disk syncs when it is told to. */
function slowDevice() {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = []
  const store: MemoryStore = {
    ...mapStore(newDisk()),
    settle: () => new Promise((resolve, reject) => waiting.push({ resolve, reject }))
  }
  const warnings: string[] = []
  const told: (string | null)[] = []
  const now = Date.now
  const key = keyOf('s')
  const documents = new Documents({ store, now, isMember: () => true, warn: (message) => warnings.push(message) })
  const memories = new Memories({ documents, store, now, device: () => key })
  documents.onChange(({ from }) => told.push(from))
  return { key, documents, memories, warnings, waiting, told }
}

describe('what another device told', () => {
  it('is passed on once the disk has it, and many share one sync of the disk (invariant 1)', async () => {
    const slow = slowDevice()
    const other = openDevice({ key: keyOf('b') })
    other.memories.rememberAll(Array.from({ length: 1500 }, (_, index) => ({ text: `Memory ${String(index)}` })))
    const joined = link(slow, other)
    await joined.quiet()
    assert.ok(slow.documents.unsettled > 5)
    assert.deepEqual(slow.told, [])
    assert.equal(slow.waiting.length, 1)
    slow.waiting.shift()!.resolve()
    await nextTurn()
    // The first one was being synced before the others came.
    assert.equal(slow.told.length, 1)
    slow.waiting.shift()!.resolve()
    await slow.documents.settled()
    assert.equal(slow.documents.unsettled, 0)
    assert.deepEqual(new Set(slow.told), new Set([other.key]))
    other.close()
    removeHome(other.home)
  })

  it('is told before what is written after it, which is synced with it', async () => {
    const slow = slowDevice()
    const other = openDevice({ key: keyOf('b') })
    other.memories.remember({ text: 'first' })
    await link(slow, other).quiet()
    assert.deepEqual(slow.told, [])
    slow.memories.remember({ text: 'second' })
    assert.deepEqual(slow.told, [other.key, null])
    slow.waiting.shift()!.resolve()
    await slow.documents.settled()
    assert.deepEqual(slow.told, [other.key, null])
    other.close()
    removeHome(other.home)
  })

  it('is not passed on while the disk fails, and a person is told', async () => {
    const slow = slowDevice()
    const other = openDevice({ key: keyOf('b') })
    other.memories.remember({ text: 'first' })
    const joined = link(slow, other)
    await joined.quiet()
    slow.waiting.shift()!.reject(new Error('the disk is broken'))
    await slow.documents.settled()
    assert.deepEqual(slow.told, [])
    assert.match(slow.warnings.join(), /the disk is broken/)
    other.memories.remember({ text: 'second' })
    await joined.quiet()
    slow.waiting.shift()!.resolve()
    await slow.documents.settled()
    assert.equal(slow.told.length, 2)
    other.close()
    removeHome(other.home)
  })

  it('makes the other device wait while the disk is slow', async () => {
    const slow = slowDevice()
    const other = openDevice({ key: keyOf('b') })
    const joined = link(slow, other)
    await joined.quiet()
    for (let index = 0; index < 100; index++) other.memories.remember({ text: `Memory ${String(index)}` })
    for (let turn = 0; turn < 200; turn++) await nextTurn()
    assert.ok(slow.documents.unsettled <= 32, String(slow.documents.unsettled))
    const open = setInterval(() => slow.waiting.shift()?.resolve(), 0)
    await joined.quiet()
    clearInterval(open)
    assert.equal(slow.memories.count(), 100)
    other.close()
    removeHome(other.home)
  })

  it('is told in the order in which it came to be, also where hearing of it makes somebody write', () => {
    const device = openDevice({ key: keyOf('a') })
    const heard: string[][] = [[], []]
    const text = (id: string | undefined) => device.memories.get(id ?? '').text
    device.documents.onChange(({ added }) => {
      heard[0]!.push(text(added[0]))
      if (heard[0]!.length < 3) device.memories.remember({ text: `after ${text(added[0])}` })
    })
    device.documents.onChange(({ added }) => heard[1]!.push(text(added[0])))
    device.memories.remember({ text: 'first' })
    assert.deepEqual(heard[0], ['first', 'after first', 'after after first'])
    assert.deepEqual(heard[1], heard[0])
    device.close()
    removeHome(device.home)
  })

  it('leaves the next write synced in full', async () => {
    const device = openDevice({ key: keyOf('a') })
    const other = openDevice({ key: keyOf('b') })
    other.memories.remember({ text: 'told' })
    await link(device, other).quiet()
    await device.documents.settled()
    const { synchronous } = device.database.prepare('PRAGMA synchronous').get() as { synchronous: number }
    assert.equal(synchronous, 2)
    for (const one of [device, other]) {
      one.close()
      removeHome(one.home)
    }
  })

  it('by a snapshot is here when the disk has it, and is said to be missing when the disk fails (invariant 1)', async () => {
    const other = openDevice({ key: keyOf('b') })
    other.memories.remember({ text: 'first' })
    const [document = ''] = other.documents.heads.all().map(({ id }) => id)
    const parts = [...other.documents.whole(document)].map((update) => ({ document, update }))
    for (const isBroken of [false, true]) {
      const slow = slowDevice()
      const intake = new SnapshotIntake(slow.documents, other.key)
      for (const part of parts) intake.take(part)
      assert.equal(intake.end().new, 1)
      let isSettled = false
      const settled = intake.settle().then(() => (isSettled = true))
      await nextTurn()
      assert.equal(isSettled, false)
      assert.deepEqual(slow.told, [])
      for (const { resolve, reject } of slow.waiting.splice(0)) {
        if (isBroken) reject(new Error('the disk is broken'))
        else resolve()
      }
      if (isBroken) await assert.rejects(settled, /the disk is broken/)
      else await settled
      assert.equal(slow.told.length, isBroken ? 0 : 1)
    }
    other.close()
    removeHome(other.home)
  })
})
