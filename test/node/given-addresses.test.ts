import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { dialUntilThere, givenAddress } from '../../src/node/given-addresses.ts'
import { VirtualClock } from './virtual-clock.ts'

describe('an address that the owner gave', () => {
  /** Dials `text` until the `answered`th attempt, and notes when each came. */
  function begin(text: string, answered: number) {
    const clock = new VirtualClock()
    const dials: { address: string; at: number }[] = []
    const warnings: string[] = []
    const controller = new AbortController()
    const dialling = dialUntilThere(givenAddress(text), {
      dial: (address) => {
        dials.push({ address, at: clock.monotonic() / 1000 })
        return dials.length >= answered ? Promise.resolve() : Promise.reject(new Error('connection refused'))
      },
      warn: (message) => warnings.push(message),
      clock,
      signal: controller.signal
    })
    return { clock, dials, warnings, controller, dialling }
  }

  it('is dialled with growing waits, a minute at most, until somebody answers', async () => {
    const { clock, dials, dialling, controller } = begin('10.0.0.5:6373', 10)
    await clock.run(dialling)
    assert.deepEqual(
      dials.map(({ at }) => at),
      [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
    )
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  })

  it('is told of once when nobody answers, in the words that were given', async () => {
    const { clock, warnings, dialling } = begin('10.0.0.5:6373', 5)
    await clock.run(dialling)
    assert.deepEqual(warnings, [
      'Nobody answers at 10.0.0.5:6373 yet (connection refused); it is tried again and again.'
    ])
  })

  it('is not told of when somebody answers at once, at whichever of its ports', async () => {
    const { clock, dials, warnings, dialling } = begin('desktop.local', 2)
    await clock.run(dialling)
    assert.deepEqual(dials, [
      { address: '/dns/desktop.local/tcp/6373', at: 0 },
      { address: '/dns/desktop.local/tcp/6376', at: 0 }
    ])
    assert.deepEqual(warnings, [])
  })

  it('is given up with the signal, in the middle of a wait', async () => {
    const { clock, dials, controller, dialling } = begin('10.0.0.5:6373', Infinity)
    clock.after(10_000, () => {
      controller.abort()
    })
    await clock.run(dialling)
    assert.equal(dials.at(-1)?.at, 7)
    assert.equal(clock.monotonic(), 10_000)
  })

  it('that is none is refused at once', () => {
    for (const text of ['', '10.0.0.300', 'a b', '10.0.0.5:99999', '/ip4/x']) {
      assert.throws(() => givenAddress(text), { name: 'InvalidRequestError' })
    }
  })
})
