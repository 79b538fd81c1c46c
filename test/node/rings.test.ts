import assert from 'node:assert/strict'
import fc from 'fast-check'
import { RINGS, Rings } from '../../src/node/rings.ts'

/** Members by number, so that a counterexample can be read. */
const MEMBERS = fc.uniqueArray(
  fc.nat({ max: 5000 }).map((number) => `device ${number}`),
  {
    minLength: 1,
    maxLength: 120
  }
)
const SEED = 20261121
const RUNS = { seed: SEED, numRuns: 150 }

type Graph = Map<string, Set<string>>

function graphOf(members: readonly string[], rings = new Rings()): Graph {
  return new Map(members.map((id) => [id, rings.neighbours(id, members)]))
}

function reached(graph: Graph): number {
  const [first] = graph.keys()
  const seen = new Set(first === undefined ? [] : [first])
  for (const id of seen) for (const next of graph.get(id) ?? []) if (graph.has(next)) seen.add(next)
  return seen.size
}

function linksOf(graph: Graph): Set<string> {
  return new Set([...graph].flatMap(([id, others]) => [...others].map((other) => [id, other].sort().join(' – '))))
}

function difference(one: ReadonlySet<string>, other: ReadonlySet<string>): string[] {
  return [...one].filter((link) => !other.has(link))
}

describe('the rings', () => {
  it('give each device a bounded number of neighbours, itself never', () => {
    fc.assert(
      fc.property(MEMBERS, (members) => {
        for (const [id, others] of graphOf(members)) {
          assert.ok(others.size <= 2 * RINGS && !others.has(id))
          assert.ok(others.size >= Math.min(2, members.length - 1))
        }
      }),
      RUNS
    )
  })

  it('are seen alike from both ends, in whichever order the members are known', () => {
    fc.assert(
      fc.property(MEMBERS, (members) => {
        const graph = graphOf(members)
        const backwards = graphOf(members.toReversed())
        for (const [id, others] of graph) {
          assert.deepEqual([...(backwards.get(id) ?? [])].sort(), [...others].sort())
          for (const other of others) assert.ok(graph.get(other)?.has(id))
        }
      }),
      RUNS
    )
  })

  it('connect everybody', () => {
    fc.assert(
      fc.property(MEMBERS, (members) => {
        assert.equal(reached(graphOf(members)), members.length)
      }),
      RUNS
    )
  })

  it('change by a few links when one device comes or goes', () => {
    fc.assert(
      fc.property(MEMBERS, (members) => {
        const rings = new Rings()
        const [before, after] = [linksOf(graphOf(members.slice(1), rings)), linksOf(graphOf(members, rings))]
        assert.ok(difference(after, before).length <= 2 * RINGS)
        assert.ok(difference(before, after).length <= RINGS)
        // Of each one that stays at most one link in each ring is another one.
        const touched = difference(before, after).flatMap((link) => link.split(' – '))
        for (const id of touched) assert.ok(touched.filter((each) => each === id).length <= RINGS)
      }),
      RUNS
    )
  })

  it('still connect those that are left when half of a thousand fall out in one moment', () => {
    const members = Array.from({ length: 1000 }, (_, index) => `device ${index}`)
    const graph = graphOf(members)
    fc.assert(
      fc.property(fc.shuffledSubarray(members, { minLength: 500, maxLength: 500 }), (left) => {
        const rest: Graph = new Map(left.map((id) => [id, graph.get(id) ?? new Set()]))
        // One or two may have lost all twelve; they know the others and dial them.
        assert.ok(reached(rest) >= left.length - 2 || isAlone([...rest.keys()][0] ?? '', rest))
      }),
      { seed: SEED, numRuns: 20 }
    )
  })

  function isAlone(id: string, graph: Graph): boolean {
    return [...(graph.get(id) ?? [])].every((other) => !graph.has(other))
  }

  it('are a few steps wide', () => {
    const members = Array.from({ length: 1000 }, (_, index) => `device ${index}`)
    const graph = graphOf(members)
    let frontier = new Set(['device 0'])
    const seen = new Set(frontier)
    let steps = 0
    while (seen.size < members.length) {
      frontier = new Set([...frontier].flatMap((id) => [...(graph.get(id) ?? [])]).filter((id) => !seen.has(id)))
      for (const id of frontier) seen.add(id)
      steps++
    }
    assert.ok(steps <= 5, `${steps} steps`)
  })
})
