import assert from 'node:assert/strict'
import fc from 'fast-check'
import { gathering, isDue } from '../../src/inference/gather.ts'
import type { Tokens } from '../../src/interface.ts'

/** Tokens 0, 1, 2, … that come at the given times, and what of them was sent when. */
function sent(times: readonly number[], gatherMs: number): { at: number; tokens: number[]; text: string }[] {
  let now = 0
  const out: { at: number; tokens: number[]; text: string }[] = []
  const pieces = gathering(({ tokens, text }: Tokens) => out.push({ at: now, tokens, text }), {
    gatherMs: () => gatherMs,
    now: () => now
  })
  times.forEach((time, index) => {
    now = time
    pieces.add({ type: 'tokens', tokens: [index], text: `${index} ` })
  })
  pieces.flush()
  return out
}

describe('tokens on their way out of the engine', () => {
  it('are sent each by itself when they come slowly', () => {
    assert.deepEqual(
      sent([100, 120, 140], 10).map(({ at, tokens }) => [at, ...tokens]),
      [
        [100, 0],
        [120, 1],
        [140, 2]
      ]
    )
  })

  it('are gathered when they come quickly, after a first one that goes at once', () => {
    assert.deepEqual(
      sent([100, 101, 105, 110, 111, 112], 10).map(({ at, tokens }) => [at, ...tokens]),
      [
        [100, 0],
        [110, 1, 2, 3],
        [112, 4, 5]
      ]
    )
  })

  it('go out at the same times as those of other answers, whenever these began', () => {
    const every = (first: number): number[] => Array.from({ length: 50 }, (_, index) => first + 3 * index)
    const times = [0, 3, 6, 9].map((first) =>
      sent(every(first), 30)
        // The first goes at once, the last are the rest.
        .slice(1, -1)
        .map(({ at }) => at)
    )
    for (const each of times) assert.deepEqual(each.slice(0, 4), [30, 60, 90, 120])
  })

  it('are never lost, doubled or out of order, nor held longer than the time and one token more', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { minLength: 1 }), fc.nat(20), (gaps, gatherMs) => {
        let time = 0
        const times = gaps.map((gap) => (time += gap))
        const out = sent(times, gatherMs)
        assert.deepEqual(
          out.flatMap(({ tokens }) => tokens),
          times.map((_, index) => index)
        )
        assert.equal(out.map(({ text }) => text).join(''), times.map((_, index) => `${index} `).join(''))
        for (const { at, tokens } of out) {
          const beforeLast = times[tokens.at(-1)! - 1] ?? at
          const first = times[tokens[0]!]!
          if (tokens.length > 1) assert.ok(beforeLast - first < gatherMs)
        }
      }),
      { seed: 5 }
    )
  })

  it('are due once in each span, from its first moment on', () => {
    assert.ok(isDue(3, -Infinity, 50))
    assert.ok(!isDue(49.9, 3, 50))
    assert.ok(isDue(50, 49.9, 50))
    assert.ok(!isDue(99, 50, 50))
    assert.ok(isDue(200, 50, 50))
    assert.ok(isDue(3, 3, 0))
  })

  it('are sent one by one where nothing is to be gathered', () => {
    assert.equal(sent([1, 1, 1, 1], 0).length, 4)
  })
})
