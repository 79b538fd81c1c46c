import assert from 'node:assert/strict'
import fc from 'fast-check'
import { planLinks, type Link } from '../../src/node/link-plan.ts'
import { Peers, type PeerRecord } from '../../src/node/peers.ts'
import { RINGS, Rings } from '../../src/node/rings.ts'

const ADDRESS = '/ip4/10.0.0.5/tcp/6373'
const NAMES = Array.from({ length: 60 }, (_, index) => `device ${index}`)

/** Records of devices that were heard of, some of them missed since. */
function recordsOf(there: readonly string[], missed: readonly string[] = []): PeerRecord[] {
  const peers = new Peers()
  for (const id of [...there, ...missed]) peers.apply(id, { type: 'found', way: 'beacon', addresses: [ADDRESS] }, 1)
  for (const id of missed) peers.apply(id, { type: 'missed' }, 2)
  return peers.all()
}

function link(id: string, changes: Partial<Link> = {}): Link {
  return { id, isSpare: false, isSpareThere: false, idleSince: Infinity, ...changes }
}

const LINGER_MS = 10_000

describe('the plan of links', () => {
  const [self = '', ...others] = NAMES
  const nothingRuns = () => false
  const records = recordsOf(others)
  const wanted = [...new Rings().neighbours(self, others)]
  const unwanted = others.filter((id) => !wanted.includes(id))

  it('dials the neighbours that are there and not connected, and in place of those that are missed the next ones', () => {
    const plan = planLinks({ self, records, links: [link(wanted[0]!)], isBusy: nothingRuns }, new Rings(), 0)
    assert.deepEqual(plan.dial, wanted.slice(1))
    const missed = wanted.slice(0, 3)
    const rest = others.filter((id) => !missed.includes(id))
    const next = planLinks({ self, records: recordsOf(rest, missed), links: [], isBusy: nothingRuns }, new Rings(), 0)
    assert.deepEqual(new Set(next.dial), new Rings().neighbours(self, rest))
  })

  it('tells once whom it can do without, and takes it back when that changes', () => {
    const links = [link(unwanted[0]!), link(unwanted[1]!, { isSpare: true }), link(wanted[0]!, { isSpare: true })]
    const plan = planLinks({ self, records, links, isBusy: nothingRuns }, new Rings(), 0)
    assert.deepEqual([plan.spare, plan.keep, plan.hangUp], [[unwanted[0]], [wanted[0]], []])
  })

  it('hangs up when both can do without each other and nothing ran for a while', () => {
    const id = unwanted[0]!
    const both = link(id, { isSpare: true, isSpareThere: true })
    const first = planLinks({ self, records, links: [both], isBusy: nothingRuns }, new Rings(), 100)
    assert.deepEqual([first.links[0]?.idleSince, first.hangUp], [100, []])
    const later = (links: Link[], isBusy = nothingRuns) =>
      planLinks({ self, records, links, isBusy }, new Rings(), 100 + LINGER_MS)
    assert.deepEqual(later(first.links).hangUp, [id])
    assert.deepEqual(later(first.links, () => true).hangUp, [])
    assert.deepEqual(later(first.links.map((each) => ({ ...each, isSpareThere: false }))).hangUp, [])
    assert.deepEqual(later(first.links.map((each) => ({ ...each, id: wanted[0]! }))).hangUp, [])
  })

  it('never lets go of a device that either end wants, whatever the two know, and so ends', () => {
    const knowledge = fc.subarray(NAMES.slice(2), { minLength: 10 })
    fc.assert(
      fc.property(knowledge, knowledge, (knownHere, knownThere) => {
        const [one = '', other = ''] = NAMES
        const rings = new Rings()
        const ends = [
          { self: one, peer: other, records: recordsOf([other, ...knownHere]) },
          { self: other, peer: one, records: recordsOf([one, ...knownThere]) }
        ]
        let words = [false, false]
        let links = ends.map(({ peer }) => link(peer))
        const wants = ends.map((end) =>
          rings
            .neighbours(
              end.self,
              end.records.map(({ id }) => id)
            )
            .has(end.peer)
        )
        let hungUp = false
        let said = 0
        for (let now = 0; now <= 3 * LINGER_MS; now += 1000) {
          const plans = ends.map((end, index) =>
            planLinks({ ...end, links: [links[index]!], isBusy: nothingRuns }, rings, now)
          )
          words = plans.map(({ spare, keep }, index) => {
            said += spare.length + keep.length
            return spare.length > 0 || (words[index] === true && keep.length === 0)
          })
          links = plans.map((plan, index) => ({
            ...plan.links[0]!,
            isSpare: words[index]!,
            isSpareThere: words[1 - index]!
          }))
          hungUp ||= plans.some((plan) => plan.hangUp.length > 0)
        }
        assert.equal(hungUp, !wants.includes(true))
        assert.ok(said <= 2)
      }),
      { seed: 7, numRuns: 200 }
    )
  })

  it('wants no more than two in each ring', () => {
    assert.ok(wanted.length <= 2 * RINGS && wanted.length >= 2)
  })
})
