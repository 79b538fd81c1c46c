import assert from 'node:assert/strict'
import { agrees } from '../../src/inference/agreement.ts'
import { judge, providersOf } from '../../src/inference/providers.ts'

describe('providers', () => {
  it('end with the processor on every platform', () => {
    assert.deepEqual(providersOf('linux', 'arm64'), ['cpu'])
    assert.deepEqual(providersOf('win32', 'x64'), ['webgpu', 'dml', 'cpu'])
    assert.deepEqual(providersOf('sunos', 'x64'), ['cpu'])
  })

  it('agree with the processor where only rounding differs', () => {
    const expected = Float32Array.of(-20, 0, 20)
    assert.equal(agrees(Float32Array.of(-19.5, 0.5, 20.5), expected), true)
    assert.equal(agrees(Float32Array.of(-20, 3.7, 20), expected), false)
    assert.equal(agrees(Float32Array.of(-20, NaN, 20), expected), false)
    assert.equal(agrees(Float32Array.of(-20, 0), expected), false)
  })

  it('are told apart in words: used, slower, and an adapter that is only software', () => {
    const tried = [
      { provider: 'cuda', decodeRate: 90 },
      { provider: 'webgpu', decodeRate: 5 },
      { provider: 'cpu', decodeRate: 30 }
    ]
    const reports = judge(tried, 'cuda')
    assert.deepEqual(
      reports.map(({ provider, state }) => `${provider} ${state}`),
      ['cuda used', 'webgpu software', 'cpu slower']
    )
    assert.match(reports[1]?.reason ?? '', /5 tokens\/s, the processor 30: .* driver/)
    assert.equal(reports[2]?.reason, '30 tokens/s, cuda 90')
  })
})
