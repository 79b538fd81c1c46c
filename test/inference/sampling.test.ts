import assert from 'node:assert/strict'
import fc from 'fast-check'
import { floatsOfHalves } from '../../src/inference/float16.ts'
import { randomAt } from '../../src/inference/random.ts'
import { resolveSampling } from '../../src/inference/resolve-sampling.ts'
import { nextToken } from '../../src/inference/sampling.ts'
import type { ResolvedSampling } from '../../src/interface.ts'

const GREEDY = resolveSampling({ temperature: 0, seed: 1 }, {}, 100)
const WARM: ResolvedSampling = { ...GREEDY, temperature: 1 }
const LOGITS = [1, 3, 2, 3, -1]

function drawn(sampling: ResolvedSampling, draws = 2000, seen: number[] = []): Map<number, number> {
  const counts = new Map<number, number>()
  for (let position = 0; position < draws; position++) {
    const id = nextToken(Float32Array.from(LOGITS), new Set(seen), sampling, position)
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

describe('choosing the next token', () => {
  it('is the likeliest when greedy, the lowest id among equals', () => {
    assert.deepEqual([...drawn(GREEDY, 10)], [[1, 10]])
  })

  it('draws as often as the probabilities say', () => {
    const weights = LOGITS.map(Math.exp)
    const total = weights.reduce((sum, weight) => sum + weight)
    const counts = drawn(WARM, 20_000)
    weights.forEach((weight, id) => {
      const share = (counts.get(id) ?? 0) / 20_000
      assert.ok(Math.abs(share - weight / total) < 0.015, `token ${String(id)}: ${String(share)}`)
    })
  })

  it('keeps to the top-k likeliest, and to the fewest that reach top-p', () => {
    assert.deepEqual([...drawn({ ...WARM, topK: 3 }).keys()].sort(), [1, 2, 3])
    assert.deepEqual([...drawn({ ...WARM, topP: 0.5 }).keys()].sort(), [1, 3])
    assert.deepEqual([...drawn({ ...WARM, topP: 0.01 }).keys()], [1])
  })

  it('turns away from what was said when repetition is penalized', () => {
    const sampling = { ...GREEDY, repetitionPenalty: 1.2 }
    assert.deepEqual([...drawn(sampling, 1, [1]).keys()], [3])
    assert.deepEqual([...drawn(sampling, 1, [1, 3]).keys()], [1])
    assert.deepEqual([...drawn({ ...GREEDY, repetitionPenalty: 2 }, 1, [1, 3]).keys()], [2])
  })

  it('draws the same for the same seed and place, wherever it begins', () => {
    const seeded = { ...WARM, temperature: 2 }
    const at = (position: number, seed: number): number =>
      nextToken(Float32Array.from(LOGITS), new Set(), { ...seeded, seed }, position)
    const from = (start: number, seed: number): number[] => Array.from({ length: 40 }, (_, i) => at(start + i, seed))
    assert.deepEqual(from(0, 7).slice(20), from(20, 7).slice(0, 20))
    assert.notDeepEqual(from(0, 7), from(0, 8))
  })
})

describe('numbers by seed and place', () => {
  it('lie evenly in [0, 1)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        const numbers = Array.from({ length: 1000 }, (_, position) => randomAt(seed, position))
        assert.ok(numbers.every((number) => number >= 0 && number < 1))
        const mean = numbers.reduce((sum, number) => sum + number) / numbers.length
        // Six standard errors of the mean of a uniform variable.
        assert.ok(Math.abs(mean - 0.5) < (6 * Math.sqrt(1 / 12)) / Math.sqrt(1000), String(mean))
        assert.equal(new Set(numbers).size, numbers.length)
      }),
      { seed: 4, numRuns: 50 }
    )
  })
})

describe('halves', () => {
  it('become the floats that they stand for', () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x3555)
    const floats = [1, -2, 2 ** -24, 65504, Infinity, -0, Math.fround(0.333251953125)]
    assert.deepEqual([...floatsOfHalves(halves)], floats)
  })
})

describe('sampling options', () => {
  it('come from the request, then from the model, then from the defaults', () => {
    const model = { do_sample: true, temperature: 0.6, top_p: 0.9, top_k: 20, max_new_tokens: 64 }
    assert.deepEqual(resolveSampling({ seed: 5, topK: 3 }, model, 1000), {
      maxTokens: 64,
      temperature: 0.6,
      topP: 0.9,
      topK: 3,
      repetitionPenalty: 1,
      seed: 5,
      stop: []
    })
    assert.equal(resolveSampling({}, { ...model, do_sample: false }, 1000).temperature, 0)
    assert.equal(resolveSampling({ maxTokens: 5000 }, model, 1000).maxTokens, 1000)
    assert.equal(resolveSampling({}, {}, 4096).maxTokens, 512)
  })

  it('are refused out of their range', () => {
    const wrong = [
      { maxTokens: 0 },
      { maxTokens: 1.5 },
      { temperature: -1 },
      { temperature: NaN },
      { topP: 0 },
      { topK: -1 },
      { repetitionPenalty: 0 },
      { seed: 2 ** 32 },
      { stop: Array.from({ length: 17 }, String) },
      { stop: ['x'.repeat(257)] }
    ]
    for (const options of wrong) {
      assert.throws(() => resolveSampling(options, {}, 100), { name: 'InvalidRequestError' }, JSON.stringify(options))
    }
  })
})
