import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EMPTY_LINE, MOST_WAITING, enter, next, order, without, type Line } from '../../src/node/turns.ts'

const SEED = 20_266
const ASKERS = [null, 'a', 'b', 'c', 'd'] as const

/** What happens to a line: an ask comes, the next is let through, or somebody gives up. */
type Step = { type: 'enter'; asker: string | null } | { type: 'next' } | { type: 'without'; which: number }

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('enter' as const), asker: fc.constantFrom(...ASKERS) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('next' as const) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('without' as const), which: fc.nat(200) }) }
  ),
  { maxLength: 400 }
)

function lineOf(...asks: [number, string | null][]): Line {
  return asks.reduce((line, [ask, asker]) => {
    const longer = enter(line, ask, asker)
    assert.ok(longer !== null)
    return longer
  }, EMPTY_LINE)
}

describe('turns at the engine', () => {
  it('go around the devices that wait, and the owner has every second one', () => {
    const line = lineOf([1, 'greedy'], [2, 'greedy'], [3, 'greedy'], [4, 'modest'], [5, null], [6, null])
    assert.deepEqual(order(line), [5, 1, 6, 4, 2, 3])
  })

  it('are the owner’s at once where the one before was not', () => {
    const line = lineOf([1, 'a'], [2, 'b'])
    const step = next(line)
    assert.ok(step !== null)
    assert.deepEqual(order(enter(step.line, 3, null) ?? EMPTY_LINE), [3, 2])
  })

  it('keep their order when somebody gives up', () => {
    const line = lineOf([1, 'a'], [2, 'a'], [3, 'b'], [4, null])
    assert.deepEqual(order(without(line, 1)), [4, 2, 3])
    assert.deepEqual(order(without(without(without(without(line, 1), 2), 3), 4)), [])
  })

  it('leave room for whoever has none in the line: a greedy device gets half of it', () => {
    let line: Line = EMPTY_LINE
    const fill = (asker: string): number => {
      for (let asks = 0; ; asks++) {
        const longer = enter(line, Math.random(), asker)
        if (longer === null) return asks
        line = longer
      }
    }
    assert.equal(fill('greedy'), MOST_WAITING / 2)
    assert.equal(fill('greedy too'), MOST_WAITING / 4)
    assert.ok(fill('modest') >= MOST_WAITING / 8)
    assert.notEqual(enter(line, -1, null), null)
  })

  it('wait for no more others than is promised, lose nobody and let nobody through twice', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let line: Line = EMPTY_LINE
        let last = 0
        /** Of each that waits: whose it is, its number among its device's then, and how many went before it since. */
        const waiting = new Map<number, { asker: string | null; nth: number; before: number; most: number }>()
        const through: number[] = []
        const devices = (): number => new Set([...waiting.values()].map(({ asker }) => asker).filter(Boolean)).size
        const step = (each: Step): void => {
          if (each.type === 'enter') {
            const longer = enter(line, ++last, each.asker)
            const mine = [...waiting.values()].filter(({ asker }) => asker === each.asker).length
            if (longer === null) {
              // Invariant 3.
              assert.notEqual(mine, 0)
              return
            }
            line = longer
            waiting.set(last, { asker: each.asker, nth: mine + 1, before: 0, most: 0 })
          } else if (each.type === 'next') {
            const taken = next(line)
            assert.equal(taken === null, waiting.size === 0)
            if (taken === null) return
            for (const one of waiting.values()) one.most = Math.max(one.most, devices())
            line = taken.line
            const one = waiting.get(taken.ask)
            assert.ok(one !== undefined, 'it waits, and was not let through before')
            waiting.delete(taken.ask)
            through.push(taken.ask)
            // Invariants 1 and 2.
            const bound = one.asker === null ? 2 * one.nth - 1 : 2 * one.most * one.nth - 1
            assert.ok(one.before <= bound, `${one.before} went before, at most ${bound} may`)
            for (const other of waiting.values()) other.before++
          } else {
            const [ask] = [...waiting.keys()].slice(each.which % Math.max(1, waiting.size))
            if (ask === undefined) return
            waiting.delete(ask)
            line = without(line, ask)
          }
          assert.deepEqual(
            [...order(line)].sort((a, b) => a - b),
            [...waiting.keys()]
          )
        }
        for (const each of history) step(each)
        while (waiting.size > 0) step({ type: 'next' })
        assert.equal(new Set(through).size, through.length)
      }),
      { seed: SEED, numRuns: 300 }
    )
  })
})
