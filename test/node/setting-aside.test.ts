import assert from 'node:assert/strict'
import { BusyError, EngineFailedError, InvalidRequestError, PeerUnreachableError } from '../../src/errors.ts'
import { asideAfterFailure, NOT_ASIDE } from '../../src/node/setting-aside.ts'
import type { Aside } from '../../src/node/setting-aside.ts'

/** Asks again at the first moment it may, and fails, `times` times; gives each wait. */
function waits(times: number, from: Aside = NOT_ASIDE): number[] {
  let aside = from
  let now = 1000
  return Array.from({ length: times }, () => {
    aside = asideAfterFailure(aside, new EngineFailedError('crashed'), now, now + 10)
    const wait = aside.until - (now + 10)
    now = aside.until + 1
    return wait
  })
}

describe('setting aside', () => {
  it('waits 1 s, then twice as long after each failure, five minutes at most', () => {
    assert.deepEqual(
      waits(12),
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((s) => s * 1000)
    )
  })

  it('counts asks that were under way together as one failure', () => {
    let aside = NOT_ASIDE
    for (let ask = 0; ask < 5; ask++)
      aside = asideAfterFailure(aside, new PeerUnreachableError('reset'), 500 + ask, 1000 + ask)
    assert.deepEqual([aside.failures, aside.until], [1, 2000])
  })

  it('does not blame a device for being busy: it is back after a second, however often', () => {
    let aside = NOT_ASIDE
    for (const now of [0, 2000, 4000]) {
      aside = asideAfterFailure(aside, new BusyError('full'), now, now)
      assert.deepEqual([aside.failures, aside.until], [0, now + 1000])
    }
  })

  it('does not blame a device for the request', () => {
    assert.equal(asideAfterFailure(NOT_ASIDE, new InvalidRequestError('no'), 1, 2), NOT_ASIDE)
  })

  it('puts aside for errors that nobody foresaw', () => {
    assert.equal(asideAfterFailure(NOT_ASIDE, 'a string', 1, 2).failures, 1)
  })

  it('forgets failures after ten quiet minutes', () => {
    const aside = asideAfterFailure(
      { failures: 9, failedAt: 0, until: 0 },
      new EngineFailedError('x'),
      600_001,
      600_001
    )
    assert.equal(aside.failures, 1)
  })
})
