import assert from 'node:assert/strict'
import { Reconciler } from '../../../src/node/membership/reconciler.ts'
import { VirtualClock } from '../virtual-clock.ts'

const SETTLED = new Promise<void>((resolve) => setImmediate(resolve))

describe('rosters that are brought together', () => {
  const stopped = new AbortController()
  let clock: VirtualClock
  let own: string
  let exchanges: string[]
  /** What the next exchange does; afterwards it does nothing. */
  let next: (() => void | Promise<void>)[]
  let reconciler: Reconciler

  beforeEach(() => {
    clock = new VirtualClock()
    own = 'a'
    exchanges = []
    next = []
    reconciler = new Reconciler({
      own: () => own,
      exchange: async (id) => {
        exchanges.push(id)
        await next.shift()?.()
      },
      clock,
      signal: stopped.signal
    })
  })

  it('exchanges nothing with a member that says the same', async () => {
    reconciler.told('peer', 'a')
    await clock.run(SETTLED)
    assert.deepEqual(exchanges, [])
  })

  it('exchanges once where that is enough', async () => {
    next = [() => void (own = 'b')]
    reconciler.told('peer', 'b')
    await clock.run(SETTLED)
    assert.deepEqual(exchanges, ['peer'])
  })

  it('tries again, with growing waits, after an exchange that failed', async () => {
    const fail = () => Promise.reject(new Error('busy'))
    next = [fail, fail, () => void (own = 'b')]
    reconciler.told('peer', 'b')
    await clock.run(SETTLED)
    assert.equal(exchanges.length, 3)
    assert.equal(clock.monotonic(), 250 + 500)
  })

  it('begins another exchange for what was learnt while one ran', async () => {
    let finish: () => void = () => undefined
    next = [() => new Promise<void>((resolve) => (finish = resolve))]
    const first = reconciler.exchange('peer')
    await new Promise(setImmediate)
    const second = reconciler.exchange('peer')
    await new Promise(setImmediate)
    assert.deepEqual(exchanges, ['peer'])
    finish()
    await Promise.all([first, second])
    assert.deepEqual(exchanges, ['peer', 'peer'])
  })

  it('exchanges in one round however often it is told, and anew when it is told later', async () => {
    let finish: () => void = () => undefined
    next = [() => new Promise<void>((resolve) => (finish = resolve))]
    for (const digest of ['b', 'c', 'b']) reconciler.told('peer', digest)
    await new Promise(setImmediate)
    own = 'b'
    finish()
    await clock.run(SETTLED)
    assert.deepEqual(exchanges, ['peer'])
    next = [() => void (own = 'd')]
    reconciler.told('peer', 'd')
    await clock.run(SETTLED)
    assert.deepEqual(exchanges, ['peer', 'peer'])
  })

  it('gives up on a member that is gone', async () => {
    next = [
      () => {
        reconciler.gone('peer')
      }
    ]
    reconciler.told('peer', 'b')
    await clock.run(SETTLED)
    assert.deepEqual(exchanges, ['peer'])
  })
})
