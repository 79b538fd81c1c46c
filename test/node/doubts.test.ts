import assert from 'node:assert/strict'
import { Doubts } from '../../src/node/doubts.ts'

const MINUTE_MS = 60_000
const LOST = { peer: 'pi', instance: 'first' }

describe('the word that a device is gone', () => {
  it('is believed, until the device refutes it; then not from the same member for ten minutes', () => {
    const doubts = new Doubts()
    assert.equal(doubts.believe('desktop', LOST, 0), true)
    doubts.refuted('pi', 'first', 1000)
    assert.equal(doubts.believe('desktop', LOST, 2000), false)
    assert.equal(doubts.believe('desktop', LOST, 9 * MINUTE_MS), false)
    assert.equal(doubts.believe('desktop', LOST, 11 * MINUTE_MS), true)
  })

  it('of another member, or about another device, is believed all the same', () => {
    const doubts = new Doubts()
    doubts.believe('desktop', LOST, 0)
    doubts.refuted('pi', 'first', 0)
    assert.equal(doubts.believe('laptop', LOST, 1000), true)
    assert.equal(doubts.believe('desktop', { ...LOST, peer: 'phone' }, 1000), true)
  })

  it('proves nobody wrong when the device has restarted since', () => {
    const doubts = new Doubts()
    doubts.believe('desktop', LOST, 0)
    doubts.refuted('pi', 'second', 1000)
    assert.equal(doubts.believe('desktop', { ...LOST, instance: 'second' }, 2000), true)
  })

  it('counts from one member only so often', () => {
    const doubts = new Doubts()
    const believed = Array.from({ length: 100 }, (_, index) =>
      doubts.believe('desktop', { ...LOST, peer: `${index}` }, 0)
    )
    assert.equal(believed.filter(Boolean).length, 32)
    assert.equal(doubts.believe('laptop', LOST, 0), true)
  })
})
