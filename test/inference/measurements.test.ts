import assert from 'node:assert/strict'
import { Measurements } from '../../src/inference/measurements.ts'
import type { Measured } from '../../src/inference/messages.ts'
import { RUNTIME_PACKAGE } from '../../src/inference/runtime.ts'
import { countedStore } from './counted-store.ts'

const MODEL = 'ab'.repeat(32)
const VERSION = '1.2.3'
const measured: Measured = { provider: 'cpu', reports: [], rates: { prefillRate: 100, decodeRate: 10 } }

describe('what was measured', () => {
  it('is known to the next process', () => {
    const store = countedStore()
    new Measurements(store, RUNTIME_PACKAGE).keep(MODEL, VERSION, measured)
    const next = new Measurements(store, RUNTIME_PACKAGE)
    assert.deepEqual(next.of(MODEL, VERSION).measured, measured)
    assert.equal(next.of(MODEL, '1.2.4').measured, null)
  })

  it('is read once, however often it is asked for', () => {
    const store = countedStore()
    const measurements = new Measurements(store, RUNTIME_PACKAGE)
    assert.equal(measurements.of(MODEL, VERSION).measured, null)
    const { reads } = store
    measurements.of(MODEL, VERSION)
    assert.equal(store.reads, reads)
  })

  it('is what was measured last', () => {
    const measurements = new Measurements(countedStore(), RUNTIME_PACKAGE)
    measurements.of(MODEL, VERSION)
    measurements.keep(MODEL, VERSION, measured)
    assert.deepEqual(measurements.of(MODEL, VERSION).measured, measured)
    const faster = { ...measured, rates: { prefillRate: 200, decodeRate: 20 } }
    measurements.keep(MODEL, VERSION, faster)
    assert.deepEqual(measurements.of(MODEL, VERSION).measured, faster)
  })

  it('leaves out a provider from when it took the process down', function () {
    const measurements = new Measurements(countedStore(), RUNTIME_PACKAGE)
    const [first] = measurements.providers.filter((provider) => provider !== 'cpu')
    if (first === undefined) return this.skip()
    assert.ok(measurements.of(MODEL, VERSION).providers.includes(first))
    measurements.trying(first)
    measurements.died(true, VERSION)
    assert.ok(!measurements.of(MODEL, VERSION).providers.includes(first))
  })
})
