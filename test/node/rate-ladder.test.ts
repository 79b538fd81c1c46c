import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LADDER_FACTOR, publishRate } from '../../src/node/rate-ladder.ts'

const options = { seed: 20_240_612, numRuns: 1000 }

function noise(by: number) {
  return fc.array(fc.double({ min: 1 - by, max: 1 + by, noNaN: true }), { minLength: 10, maxLength: 100 })
}

describe('the rate ladder', () => {
  it('publishes the nearest step at first', () => {
    assert.equal(publishRate(null, 40).rate, 1.5 ** 9)
    assert.equal(publishRate(null, 1.5 ** 9).step, 9)
  })

  it('stays on its step under noise of ±30 % around it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 33 }), noise(0.3), (step, factors) => {
        for (const factor of factors) assert.equal(publishRate(step, LADDER_FACTOR ** step * factor).step, step)
      }),
      options
    )
  })

  it('never goes back and forth under noise of ±20 % around any rate', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 1e5, noNaN: true }), noise(0.199), (rate, factors) => {
        const steps: number[] = []
        let step: number | null = null
        for (const factor of factors) {
          step = publishRate(step, rate * factor).step
          if (steps.at(-1) !== step) steps.push(step)
        }
        assert.equal(new Set(steps).size, steps.length, `went ${steps.join(', ')}`)
      }),
      options
    )
  })

  it('follows a real change at once, to the nearest step', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 33 }),
        fc.double({ min: 0.2, max: 5e5, noNaN: true }),
        (before, measured) => {
          const { rate } = publishRate(before, measured)
          const off = Math.abs(Math.log(rate / measured)) / Math.log(LADDER_FACTOR)
          assert.ok(off <= 1 + 1e-9, `published ${rate} for ${measured}`)
        }
      ),
      options
    )
  })

  it('publishes a sensible number whatever was measured', () => {
    for (const measured of [NaN, Infinity, -Infinity, -3, 0, Number.MAX_VALUE, Number.MIN_VALUE]) {
      for (const before of [null, 5]) {
        const { rate } = publishRate(before, measured)
        assert.ok(rate > 0.05 && rate < 2e6, `${measured} gives ${rate}`)
      }
    }
    assert.equal(publishRate(7, NaN).step, 7)
  })
})
