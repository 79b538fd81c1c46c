import assert from 'node:assert/strict'
import { ago, bytes, count, duration, parameters, percent, rate } from '../../cli/human.ts'

describe('numbers for people', () => {
  it('gives sizes three figures and a decimal unit', () => {
    assert.deepEqual([0, 999, 1000, 3_400_000, 1_234_000_000, 999_960_000, 123e9].map(bytes), [
      '0 bytes',
      '999 bytes',
      '1.0 kB',
      '3.4 MB',
      '1.2 GB',
      '1.0 GB',
      '123 GB'
    ])
  })

  it('counts weights as model cards do', () => {
    assert.deepEqual([null, 850_000, 4_020_000_000].map(parameters), ['?', '850 k', '4.0 B'])
  })

  it('says how long and how long ago', () => {
    assert.deepEqual([3.2, 1234, 12_400, 59_600, 190_000, 7_200_000, 90_000_000].map(duration), [
      '3 ms',
      '1.2 s',
      '12 s',
      '1 min',
      '3 min',
      '2 h',
      '1 d'
    ])
    assert.deepEqual([400, 3210, 190_000].map(ago), ['400 ms ago', '3 s ago', '3 min ago'])
  })

  it('rounds rates where they are fast', () => {
    assert.deepEqual([3.26, 42.4, 640].map(rate), ['3.3', '42', '640'])
    assert.equal(percent(0.355), '36 %')
    assert.deepEqual([count(1, 'model'), count(2, 'model')], ['1 model', '2 models'])
  })
})
