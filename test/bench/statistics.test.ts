import assert from 'node:assert/strict'
import fc from 'fast-check'
import { differences, median, medianInterval, percentile, ratios } from '../../bench/statistics.ts'

const oneTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

describe('the statistics of the benchmarks', () => {
  it('give the nearest-rank percentile, whatever the order', () => {
    const values = oneTo(20).reverse()
    assert.equal(percentile(values, 50), 10)
    assert.equal(percentile(values, 95), 19)
    assert.equal(percentile(values, 99), 20)
    assert.equal(percentile([7], 1), 7)
    assert.ok(Number.isNaN(percentile([], 50)))
  })

  it('give the median of odd and even numbers of values', () => {
    assert.equal(median([3, 1, 2]), 2)
    assert.equal(median([4, 1, 3, 2]), 2.5)
    assert.ok(Number.isNaN(median([])))
  })

  it('give the interval of the tables for the median', () => {
    // Ranks for 95 % as in Conover, Practical Nonparametric Statistics, from the binomial table.
    assert.deepEqual(medianInterval(oneTo(6)), { low: 1, high: 6 })
    assert.deepEqual(medianInterval(oneTo(10)), { low: 2, high: 9 })
    assert.deepEqual(medianInterval(oneTo(20)), { low: 6, high: 15 })
    assert.deepEqual(medianInterval(oneTo(100)), { low: 40, high: 61 })
  })

  it('give the whole range where there are too few values for an interval', () => {
    assert.deepEqual(medianInterval([5, 3, 4]), { low: 3, high: 5 })
  })

  it('hold the true median in at least 95 of 100 intervals, and not in nearly all', () => {
    // Lehmer's generator (Park and Miller 1988).
    let state = 20_261
    const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    const trials = 2000
    let held = 0
    for (let trial = 0; trial < trials; trial++) {
      // The true median of an exponential distribution is ln 2.
      const { low, high } = medianInterval(Array.from({ length: 50 }, () => -Math.log(1 - uniform())))
      if (low <= Math.LN2 && Math.LN2 <= high) held++
    }
    assert.ok(held / trials >= 0.95 && held / trials < 0.98, `${held / trials}`)
  })

  it('hold the median of the sample, and stay finite for thousands of values', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 300 }), (values) => {
        const { low, high } = medianInterval(values)
        assert.ok(low <= median(values) && median(values) <= high)
      }),
      { seed: 11 }
    )
    const { low, high } = medianInterval(oneTo(5000))
    assert.ok(low > 2400 && low < 2500 && high > 2500 && high < 2600)
  })

  it('compare pairs', () => {
    const pairs = [
      [2, 3],
      [4, 4]
    ] as const
    assert.deepEqual(differences(pairs), [1, 0])
    assert.deepEqual(ratios(pairs), [1.5, 1])
  })
})
