import assert from 'node:assert/strict'
import { bytesPerWeight, quantizationInName, sizeInName } from '../../../src/inference/served/model-size.ts'
import { estimateRates, ServedRates } from '../../../src/inference/served/rates.ts'

describe('what the name of a served model says', () => {
  const SIZES: [name: string, size: number | null][] = [
    ['qwen3:4b', 4e9],
    ['qwen3:0.6b-q8_0', 0.6e9],
    ['Llama-3.2-1B-Instruct-Q4_K_M', 1e9],
    ['gemma3:270m', 270e6],
    ['mixtral:8x7b', 56e9],
    ['Qwen3-30B-A3B-Instruct-2507', 30e9],
    ['gemma3n:e4b', 4e9],
    ['mlx-community/Meta-Llama-3.1-70B-Instruct-4bit', 70e9],
    ['gpt-oss:120b', 120e9],
    ['phi-3-mini-128k-instruct', null],
    ['llama3.1:latest', null],
    ['mistral', null],
    ['v2b', null]
  ]
  for (const [name, size] of SIZES) {
    it(`${name}: ${size === null ? 'no size' : `${size / 1e9} billion`}`, () => {
      assert.equal(sizeInName(name), size)
    })
  }

  it('is also how the weights are stored', () => {
    assert.equal(quantizationInName('Llama-3.2-1B-Instruct-Q4_K_M'), 'Q4_K_M')
    assert.equal(quantizationInName('qwen3:0.6b-q8_0'), 'q8_0')
    assert.equal(quantizationInName('Llama-3.1-70B-Instruct-4bit'), '4bit')
    assert.equal(quantizationInName('model-fp16'), 'fp16')
    assert.equal(quantizationInName('Qwen3-4B'), null)
    assert.ok(bytesPerWeight('Q4_K_M') < bytesPerWeight('q8_0') && bytesPerWeight('q8_0') < bytesPerWeight('fp16'))
    assert.equal(bytesPerWeight(null), bytesPerWeight('awq'))
  })
})

describe('the rates of a served model', () => {
  const rates = (): ServedRates => {
    const kept = new Map<string, string>()
    return new ServedRates({ get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value) })
  }

  it('are estimated from the size: the larger the slower, and never so slow that nobody tries it', () => {
    const [small, middle, huge] = [1e9, 8e9, 700e9].map((size) => estimateRates(size, 'Q4_K_M').decodeRate)
    assert.ok(small! > middle! && middle! > huge!)
    assert.ok(huge! >= 12, String(huge))
    assert.deepEqual(estimateRates(null, null), estimateRates(8e9, null))
  })

  it('are then the moving average of real answers, for each model at each address', () => {
    const known = rates()
    assert.equal(known.of('http://a', 'x', 8e9, null).measured, false)
    known.keep('http://a', 'x', { decodeRate: 30, prefillRate: null })
    assert.deepEqual(known.of('http://a', 'x', 8e9, null), { decodeRate: 30, prefillRate: 300, measured: true })
    for (let i = 0; i < 20; i++) known.keep('http://a', 'x', { decodeRate: 60, prefillRate: 900 })
    const { decodeRate, prefillRate } = known.of('http://a', 'x', 8e9, null)
    assert.ok(Math.abs(decodeRate - 60) < 1, String(decodeRate))
    assert.equal(prefillRate, 900)
    assert.equal(known.of('http://b', 'x', 8e9, null).measured, false)
    assert.equal(known.of('http://a', 'y', 8e9, null).measured, false)
  })

  it('are not moved by what cannot be', () => {
    const known = rates()
    known.keep('http://a', 'x', { decodeRate: 30, prefillRate: 300 })
    for (const rate of [Number.NaN, Infinity, -5, 0, 1e9]) {
      known.keep('http://a', 'x', { decodeRate: rate, prefillRate: rate })
    }
    assert.equal(known.of('http://a', 'x', 8e9, null).decodeRate, 30)
  })
})
