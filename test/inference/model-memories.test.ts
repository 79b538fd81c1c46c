import assert from 'node:assert/strict'
import { ModelMemories } from '../../src/inference/model-memories.ts'
import { countedStore } from './counted-store.ts'

const MODEL = 'cd'.repeat(32)

describe('what models took', () => {
  it('is the most of it and the last time, here and for the next process', () => {
    const store = countedStore()
    const memories = new ModelMemories(store)
    assert.equal(memories.measured(MODEL), null)
    memories.keep(MODEL, { bytes: 200, loadMs: 30 })
    memories.keep(MODEL, { bytes: 100, loadMs: 20 })
    assert.deepEqual(memories.measured(MODEL), { bytes: 200, loadMs: 20 })
    assert.deepEqual(new ModelMemories(store).measured(MODEL), { bytes: 200, loadMs: 20 })
  })

  it('is read once, however often it is asked for', () => {
    const store = countedStore()
    const memories = new ModelMemories(store)
    for (let ask = 0; ask < 3; ask++) memories.measured(MODEL)
    assert.equal(store.reads, 1)
  })
})
