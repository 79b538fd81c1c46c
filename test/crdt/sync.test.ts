import assert from 'node:assert/strict'
import { keyOf, newHome, openDevice, removeHome, type TestDevice } from './device.ts'
import { link } from './link.ts'

describe('two devices that sync', () => {
  let laptop: TestDevice
  let desktop: TestDevice

  beforeEach(() => {
    laptop = openDevice({ key: keyOf('a'), home: newHome() })
    desktop = openDevice({ key: keyOf('b'), home: newHome() })
  })

  afterEach(() => {
    for (const device of [laptop, desktop]) {
      device.close()
      removeHome(device.home)
    }
  })

  const same = () => {
    assert.deepEqual(laptop.documents.heads.root(), desktop.documents.heads.root())
    assert.deepEqual(texts(laptop), texts(desktop))
  }

  it('come to know what either knew, and then what either writes', async () => {
    laptop.memories.remember({ text: 'The bins go out on Tuesday' })
    desktop.memories.remember({ text: 'Anna likes tea', kind: 'preference', tags: ['anna'] })
    const joined = link(laptop, desktop)
    await joined.quiet()
    assert.deepEqual(joined.errors, [])
    same()
    assert.equal(joined.sessions[0].state, 'synced')
    assert.equal(joined.sessions[1].state, 'synced')
    const { id } = laptop.memories.remember({ text: 'New on the laptop' })
    await joined.quiet()
    same()
    assert.equal(desktop.memories.get(id).text, 'New on the laptop')
    desktop.memories.forget([id])
    await joined.quiet()
    same()
    assert.equal(texts(laptop).includes('New on the laptop'), false)
  })

  it('say less than a hundred bytes when nothing is new', async () => {
    laptop.memories.rememberAll(
      Array.from({ length: 2500 }, (_, index) => ({ text: `Memory number ${String(index)}` }))
    )
    await link(laptop, desktop).quiet()
    same()
    const again = link(laptop, desktop)
    await again.quiet()
    assert.equal(again.messages, 2)
    assert.ok(again.bytes <= 100, String(again.bytes))
  })

  it('keep both when two fields of one memory are edited apart', async () => {
    const { id } = laptop.memories.remember({ text: 'The spare key is at Bob’s', tags: ['house'] })
    await link(laptop, desktop).quiet()
    laptop.memories.edit(id, { text: 'The spare key is at Carol’s' })
    desktop.memories.edit(id, { tags: ['house', 'key'] })
    await link(laptop, desktop).quiet()
    same()
    const { text, tags } = laptop.memories.get(id)
    assert.deepEqual([text, tags], ['The spare key is at Carol’s', ['house', 'key']])
  })

  it('keep every tag that is put on or taken off while they are apart', async () => {
    const { id } = laptop.memories.remember({ text: 'The spare key', tags: ['house', 'old'] })
    const tag = ({ memories }: TestDevice, add: string[], remove: string[] = []) => {
      const { tags } = memories.get(id)
      memories.edit(id, { tags: [...tags.filter((one) => !remove.includes(one)), ...add] })
    }
    await link(laptop, desktop).quiet()
    tag(laptop, ['key', 'anna'], ['old'])
    tag(desktop, ['bob', 'anna'])
    await link(laptop, desktop).quiet()
    same()
    assert.deepEqual(laptop.memories.get(id).tags, ['house', 'anna', 'bob', 'key'])
    assert.deepEqual(desktop.memories.search('bob', 1)[0]?.id, id)
    // Both put it on; off is off all the same, and on again is on.
    tag(laptop, [], ['anna', 'house'])
    await link(laptop, desktop).quiet()
    assert.deepEqual(desktop.memories.get(id).tags, ['bob', 'key'])
    tag(desktop, ['house'])
    await link(laptop, desktop).quiet()
    same()
    assert.deepEqual(laptop.memories.get(id).tags, ['house', 'bob', 'key'])
    const keys = laptop.documents.open(laptop.documents.heads.all()[0]!.id).keys
    tag(laptop, [], ['house'])
    tag(laptop, ['house'])
    assert.equal(laptop.documents.open(laptop.documents.heads.all()[0]!.id).keys, keys)
    assert.deepEqual(laptop.history.undo(id)?.tags, ['bob', 'key'])
    // Nothing of them stays when it is forgotten, and all of them come back.
    desktop.memories.forget([id])
    assert.deepEqual([...desktop.documents.open(desktop.documents.heads.all()[0]!.id).allKeys()], [`!${id}`])
    await link(laptop, desktop).quiet()
    assert.deepEqual([...laptop.documents.open(laptop.documents.heads.all()[0]!.id).allKeys()], [`!${id}`])
    laptop.history.undo(id)
    await link(laptop, desktop).quiet()
    same()
    assert.equal(desktop.memories.get(id).tags.includes('bob'), true)
  })
})

function texts({ memories }: TestDevice): string[] {
  return memories
    .list({ limit: 10_000 })
    .map(({ text }) => text)
    .sort()
}
