import assert from 'node:assert/strict'
import { HEARTBEAT_MS } from '../../src/protocols/capability/pulse.ts'
import { NOTICE_FRESH_MS, overslept, paceAfter, silenceLimit } from '../../src/node/silence.ts'

describe('the limit of silence', () => {
  it('is 4 s on a quick device: less than the 6 s in which a cut has to be noticed', () => {
    assert.equal(silenceLimit({ longestGapMs: 25, roundTripMs: 5 }), 4010)
    assert.ok(NOTICE_FRESH_MS < 6_000 && NOTICE_FRESH_MS > 2 * HEARTBEAT_MS)
  })

  it('grows with the gaps of this answer, and never shrinks again', () => {
    const slow = paceAfter({ longestGapMs: 100, roundTripMs: 0 }, 1_500)
    assert.equal(silenceLimit(slow), 9_000)
    assert.equal(silenceLimit(paceAfter(slow, 10)), 9_000)
  })

  it('ends at 10 s', () => {
    assert.equal(silenceLimit({ longestGapMs: 60_000, roundTripMs: 60_000 }), 10_000)
  })

  it('knows a timer that rang late because this device slept', () => {
    assert.equal(overslept(4_000, 4_020), false)
    assert.equal(overslept(4_000, 60_000), true)
  })
})
