import assert from 'node:assert/strict'
import fc from 'fast-check'
import { BusyError, DiskFullError, PeerUnreachableError, WrongPieceError } from '../../../src/errors.ts'
import { afterFailure, newSource, nextStep, type PullSource } from '../../../src/node/library/pull-sources.ts'

const PATIENCE = 600_000
const peer = (id: string) => ({ name: id, id })

describe('who is asked for the pieces of a model', () => {
  it('is the first that is connected, may be asked and was not put aside', () => {
    const sources = ['a', 'b', 'c'].map((id) => newSource(peer(id)))
    sources[0]!.aside = true
    const step = nextStep(sources, new Set(['a', 'b', 'c']), { now: 0, since: 0, patienceMs: PATIENCE })
    assert.deepEqual(step, { type: 'ask', source: sources[1] })
  })

  it('is nobody while all are away, until patience ends; and none at all once all were put aside', () => {
    const away = [newSource(peer('a'))]
    assert.deepEqual(nextStep(away, new Set(), { now: 10, since: 0, patienceMs: PATIENCE }), {
      type: 'wait',
      ms: PATIENCE - 10
    })
    assert.deepEqual(nextStep(away, new Set(), { now: PATIENCE, since: 0, patienceMs: PATIENCE }), {
      type: 'give-up',
      why: 'time'
    })
    const aside = away.map((source) => ({ ...source, aside: true }))
    assert.deepEqual(nextStep(aside, new Set(['a']), { now: 0, since: 0, patienceMs: PATIENCE }), {
      type: 'give-up',
      why: 'nobody'
    })
  })

  it('waits longer after each failure, at most ten seconds, and never for one that lies', () => {
    let source: PullSource = newSource(peer('a'))
    const waits: number[] = []
    for (let failure = 0; failure < 8; failure++) {
      source = afterFailure(source, failure % 2 === 0 ? new PeerUnreachableError('x') : new BusyError('x'), 0)!
      waits.push(source.notBefore)
    }
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
    assert.equal(afterFailure(source, new WrongPieceError('x'), 0)?.aside, true)
    assert.equal(afterFailure(source, new DiskFullError('x'), 0), null)
    assert.equal(afterFailure(source, new Error('x'), 0), null)
  })

  it('always comes to an end: an ask, a wait that is not over yet, or the end of patience', () => {
    const source = fc.record({
      peer: fc.constantFrom('a', 'b', 'c').map((id) => peer(id)),
      notBefore: fc.integer({ min: 0, max: 2000 }),
      failures: fc.integer({ min: 0, max: 9 }),
      aside: fc.boolean()
    })
    const connected = fc.uniqueArray(fc.constantFrom('a', 'b', 'c')).map((ids) => new Set<string>(ids))
    fc.assert(
      fc.property(fc.array(source), connected, fc.integer({ min: 0, max: 2000 }), (sources, here, now) => {
        const step = nextStep(sources, here, { now, since: 0, patienceMs: 1000 })
        if (step.type === 'ask') {
          assert.ok(!step.source.aside && here.has(step.source.peer.id) && step.source.notBefore <= now)
        } else if (step.type === 'wait') assert.ok(step.ms > 0 && step.ms <= 1000 - now)
        else assert.ok(now >= 1000 || sources.every(({ aside }) => aside))
      }),
      { seed: 11 }
    )
  })
})
