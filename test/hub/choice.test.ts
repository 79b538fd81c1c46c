import assert from 'node:assert/strict'
import fc from 'fast-check'
import { CATALOGUE, chooseVariant, fitOf, isRepository, memoryFor, type Device } from '../../src/hub/index.ts'

const GB = 1e9
const ROOMY: Device = { memoryFree: 64 * GB, memoryTotal: 64 * GB, diskFree: 500 * GB }
const VARIANTS = [
  { quantization: 'fp32', bytes: 4 * GB },
  { quantization: 'fp16', bytes: 2 * GB },
  { quantization: 'q8', bytes: 1.2 * GB },
  { quantization: 'q4f16', bytes: 0.8 * GB },
  { quantization: 'q4', bytes: 1 * GB }
]

describe('which form of a model is taken', () => {
  const chosen = (device: Partial<Device>): string =>
    chooseVariant(VARIANTS, { ...ROOMY, ...device }).variant.quantization

  it('is q4 where it fits, and the smaller q4f16 where only that does', () => {
    assert.equal(chosen({}), 'q4')
    assert.equal(chosen({ memoryFree: memoryFor(1 * GB) }), 'q4')
    assert.equal(chosen({ memoryFree: memoryFor(1 * GB) - 1 }), 'q4f16')
    assert.equal(chosen({ diskFree: 0.9 * GB }), 'q4f16')
  })

  it('is the best that other programs leave room for where none fits now, and else the smallest', () => {
    assert.equal(chosen({ memoryFree: 0.1 * GB, memoryTotal: 2 * GB }), 'q4')
    assert.equal(chosen({ memoryFree: 0.1 * GB, memoryTotal: 0.5 * GB }), 'q4f16')
    assert.equal(chosen({ diskFree: 0 }), 'q4f16')
  })

  it('is what there is, by whatever name', () => {
    const only = [
      { quantization: 'bnb4', bytes: 1 },
      { quantization: 'fp32', bytes: 8 }
    ]
    assert.equal(chooseVariant(only, ROOMY).variant.quantization, 'fp32')
    assert.equal(chooseVariant(only.slice(0, 1), ROOMY).variant.quantization, 'bnb4')
  })

  it('never is one that does not fit while another does, in whatever order they come', () => {
    const variants = fc.array(
      fc.record({
        quantization: fc.constantFrom('q4', 'q4f16', 'q8', 'int8', 'uint8', 'fp16', 'fp32', 'bnb4'),
        bytes: fc.integer({ min: 1, max: 1e10 })
      }),
      { minLength: 1, maxLength: 8 }
    )
    const device = fc.record({
      memoryFree: fc.integer({ min: 0, max: 1e10 }),
      memoryTotal: fc.integer({ min: 0, max: 2e10 }),
      diskFree: fc.integer({ min: 0, max: 1e10 })
    })
    const rank = { fits: 0, tight: 1, 'too-large': 2, 'no-room': 2 }
    fc.assert(
      fc.property(variants, device, (all, having) => {
        const choice = chooseVariant(all, having)
        assert.ok(all.includes(choice.variant))
        assert.equal(choice.fit, fitOf(choice.variant.bytes, having).fit)
        for (const { bytes } of all) assert.ok(rank[choice.fit] <= rank[fitOf(bytes, having).fit])
        assert.equal(chooseVariant([...all].reverse(), having).variant.bytes, choice.variant.bytes)
      })
    )
  })

  it('says how it would do, with the numbers', () => {
    assert.deepEqual(fitOf(1 * GB, ROOMY), { fit: 'fits', reason: 'needs about 1.4 GB of memory, 64.0 GB are free' })
    const small = { memoryFree: 1 * GB, memoryTotal: 2 * GB, diskFree: 100 * GB }
    assert.match(fitOf(1 * GB, small).reason, /1\.4 GB of memory, 1\.0 GB of 2\.0 GB are free: close other programs/)
    assert.deepEqual(fitOf(2 * GB, small), {
      fit: 'too-large',
      reason: 'needs about 2.6 GB of memory, this device has 2.0 GB'
    })
    assert.deepEqual(fitOf(1 * GB, { ...ROOMY, diskFree: 5e6 }), {
      fit: 'no-room',
      reason: 'needs 1.0 GB of disk, 5 MB are free'
    })
  })
})

describe('the catalogue', () => {
  it('names repositories, each once, the smallest first, with bytes that fit their weights', () => {
    const names = CATALOGUE.map(({ repository }) => repository)
    assert.ok(names.every(isRepository))
    assert.equal(new Set(names).size, names.length)
    const sizes = CATALOGUE.map(({ parameters }) => parameters)
    assert.deepEqual(
      sizes,
      [...sizes].sort((a, b) => a - b)
    )
    const least: Record<string, number> = { q4: 0.5, q4f16: 0.5, q8: 0.9, fp16: 1.9, fp32: 3.9 }
    for (const { parameters, variants, license } of CATALOGUE) {
      assert.match(license, /^[a-z0-9.-]+$/)
      for (const { quantization, bytes } of variants) {
        const perWeight = bytes / parameters
        // Embeddings stay as they are, and small models are half embedding; some files hold it twice.
        assert.ok(perWeight >= least[quantization]! && perWeight <= 4.9, `${quantization} ${String(perWeight)}`)
      }
    }
  })
})
