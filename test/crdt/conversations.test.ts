import assert from 'node:assert/strict'
import { chooseWithin } from '../../src/crdt/index.ts'
import { keyOf, openDevice, removeHome, type TestDevice } from './device.ts'
import { link } from './link.ts'

describe('conversations and recall', () => {
  let laptop: TestDevice
  let desktop: TestDevice

  beforeEach(() => {
    laptop = openDevice({ key: keyOf('a') })
    desktop = openDevice({ key: keyOf('b') })
  })

  afterEach(() => {
    for (const device of [laptop, desktop]) {
      device.close()
      removeHome(device.home)
    }
  })

  it('go on where they stopped on another device, in the order of what was known', async () => {
    const id = desktop.conversations.begin()
    desktop.conversations.add(id, { role: 'user', content: 'How long do eggs take?' })
    desktop.conversations.add(id, { role: 'assistant', content: 'Eight minutes.', model: 'qwen3-4b' })
    desktop.conversations.rename(id, 'Eggs')
    await link(laptop, desktop).quiet()
    assert.deepEqual(
      laptop.conversations.list().map(({ title, messages }) => [title, messages]),
      [['Eggs', 2]]
    )
    laptop.conversations.add(id, { role: 'user', content: 'And soft ones?' })
    await link(laptop, desktop).quiet()
    const contents = desktop.conversations.messages(id).map(({ content }) => content)
    assert.deepEqual(contents, ['How long do eggs take?', 'Eight minutes.', 'And soft ones?'])
    laptop.conversations.forget(id)
    await link(laptop, desktop).quiet()
    assert.deepEqual(desktop.conversations.list(), [])
    assert.throws(() => desktop.conversations.messages(id), { name: 'UnknownMemoryError' })
    assert.deepEqual(laptop.documents.heads.root(), desktop.documents.heads.root())
  })

  it('find what fits a question, and no more than the prompt has room for', () => {
    laptop.memories.rememberAll([
      { text: 'The Wi-Fi password is on the back of the router' },
      { text: 'Anna is allergic to nuts', tags: ['anna'] },
      { text: 'The car needs new tyres in autumn' }
    ])
    const found = laptop.memories.search('What is Anna allergic to?', 10)
    assert.equal(found[0]?.text, 'Anna is allergic to nuts')
    assert.deepEqual(chooseWithin(found, { tokens: 5 }), [])
    assert.equal(chooseWithin(found, { tokens: 40 })[0]?.text, 'Anna is allergic to nuts')
    assert.deepEqual(laptop.memories.search('"" OR NEAR( *', 10), [])
  })

  it('tell ten new memories to a device with a hundred thousand in five kilobytes', async () => {
    const count = process.env.MESH_SOAK === undefined ? 20_000 : 100_000
    for (let start = 0; start < count; start += 1000) {
      laptop.memories.rememberAll(
        Array.from({ length: 1000 }, (_, index) => ({ text: `Number ${String(start + index)}: what one writes down` }))
      )
    }
    await link(laptop, desktop).quiet()
    assert.equal(desktop.memories.count(), count)
    for (let index = 0; index < 10; index++) laptop.memories.remember({ text: `${'New '.repeat(30)}${String(index)}` })
    const joined = link(laptop, desktop)
    await joined.quiet()
    assert.equal(desktop.memories.count(), count + 10)
    assert.ok(joined.bytes <= 5120, String(joined.bytes))
  }).timeout(120_000)
})
