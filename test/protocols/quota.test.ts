import assert from 'node:assert/strict'
import { PeerQuota } from '../../src/protocols/quota.ts'
import { PeerRates, take } from '../../src/protocols/rate.ts'

describe('a peer’s quota', () => {
  it('counts what runs, for each peer of its own', () => {
    const quota = new PeerQuota({ atOnce: 2, rate: { capacity: 100, perSecond: 1 } })
    assert.equal(quota.enter('a', 0), null)
    assert.equal(quota.enter('a', 0), null)
    assert.match(quota.enter('a', 0)!, /running/)
    assert.equal(quota.enter('b', 0), null)
    quota.leave('a')
    assert.equal(quota.enter('a', 0), null)
  })

  it('lets through a burst and then as many as come back', () => {
    const rate = { capacity: 3, perSecond: 2 }
    let bucket
    let allowed = 0
    for (let now = 0; now <= 10_000; now += 10) {
      const taken = take(bucket, rate, now)
      bucket = taken.bucket
      if (taken.allowed) allowed++
    }
    assert.ok(allowed >= 22 && allowed <= 23, `${allowed} allowed`)
  })

  it('remembers a bounded number of peers', () => {
    const rates = new PeerRates({ capacity: 1, perSecond: 0 })
    assert.equal(rates.take('first', 0), true)
    assert.equal(rates.take('first', 0), false)
    for (let i = 0; i < 5000; i++) rates.take(`peer ${i}`, 0)
    assert.equal(rates.take('first', 0), true)
  })
})
