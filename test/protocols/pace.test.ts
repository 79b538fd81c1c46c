import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isNews, repeatMs } from '../../src/protocols/notices/pace.ts'
import { desktop } from './devices.ts'

describe('the pace of gossiped notices', () => {
  it('is half a minute in a home, and grows so that all devices together never say more', () => {
    for (const devices of [1, 2, 32]) assert.equal(repeatMs(devices), 30_000)
    assert.deepEqual([repeatMs(64), repeatMs(1000)], [60_000, 937_500])
    fc.assert(
      fc.property(fc.integer({ min: 33, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (devices, random) => {
        const ms = repeatMs(devices, random)
        assert.ok(Math.abs(ms / repeatMs(devices) - 1) <= 0.25)
        assert.ok((devices * 60_000) / repeatMs(devices) <= 64.01)
      })
    )
  })

  it('in a home counts every change as news', () => {
    assert.ok(isNews(desktop, { ...desktop, queue: 3 }, 32))
  })

  it('among many leaves out what changes with every ask, and what changes on all devices at once', () => {
    const changed = { ...desktop, queue: 3, roster: 'ab'.repeat(32), sequence: 9 }
    assert.equal(isNews(desktop, changed, 33), false)
    for (const change of [{ answering: 'paused' as const }, { models: [] }, { addresses: [] }, { name: 'x' }]) {
      assert.ok(isNews(desktop, { ...desktop, ...change }, 1000))
    }
  })
})
