import assert from 'node:assert/strict'
import type { IndexedMemory } from '../../src/crdt/index.ts'
import { newHome, openDevice, removeHome, type TestDevice } from '../crdt/device.ts'

describe('the index of memories', () => {
  let home: string
  let device: TestDevice

  beforeEach(() => {
    home = newHome()
    device = openDevice({ home })
  })

  afterEach(() => {
    device.close()
    removeHome(home)
  })

  it('has every field of each of many, whatever they have in common', () => {
    const { store } = device
    const put: IndexedMemory[] = Array.from({ length: 60 }, (_, index) => ({
      id: `id${String(index)}`,
      text: `Text ${String(index)} "quoted" ä`,
      time: (index % 7 === 0 ? -1 : 1) * (index + 1) * 2 ** 40,
      document: index % 2 === 0 ? 'm-abcdefghijklmnop-1' : 'm-abcdefghijklmnop-2',
      kind: index % 5 === 0 ? 'note' : 'fact',
      tags: index % 3 === 0 ? [] : ['a', index % 11 === 0 ? String(index) : 'b'],
      source: index % 4 === 0 ? null : index % 4 === 1 ? '' : index % 13 === 0 ? `from ${String(index)}` : 'a book',
      device: index % 6 === 0 ? null : 'd'.repeat(64)
    }))
    store.commit({ rows: [], documents: [], put, remove: [] })
    for (const memory of put)
      assert.deepEqual(
        store.find(memory.id, 9).find(({ id }) => id === memory.id),
        memory
      )
    assert.equal(store.search('quoted', 100).length, 60)
    const changed = put.map((memory) => ({ ...memory, text: `${memory.text} again`, source: 'elsewhere' }))
    store.commit({ rows: [], documents: [], put: changed, remove: [] })
    assert.equal(store.list({ limit: 100 }).length, 60)
    assert.equal(store.search('again', 100).length, 60)
    assert.deepEqual(store.find('id59', 1), [changed[59]])
  })

  it('shows half a character as none, and what follows on NUL', () => {
    const half: IndexedMemory = {
      ...{ id: 'half', text: 'Half \ud800 of\0 it', time: 1, document: 'm-abcdefghijklmnop-1', kind: 'fact' },
      ...{ tags: [], source: '\udc00', device: null }
    }
    device.store.commit({ rows: [], documents: [], put: [half], remove: [] })
    assert.deepEqual(device.store.find('half', 1), [{ ...half, text: 'Half \ufffd of\ufffd it', source: '\ufffd' }])
  })
})
