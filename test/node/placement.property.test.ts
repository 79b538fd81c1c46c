import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ModelOffer } from '../../src/interface.ts'
import type { Candidate } from '../../src/node/candidate.ts'
import { compareKeys, place } from '../../src/node/placement.ts'
import { publishRate } from '../../src/node/rate-ladder.ts'
import { usableModels } from '../../src/node/size-class.ts'
import type { UsableModels } from '../../src/node/size-class.ts'
import { device, NOW, offer, request } from './candidates.ts'

const SEED = 20_240_611

const nonsense = fc.constantFrom(NaN, Infinity, -Infinity, -5, 0, Number.MAX_VALUE, Number.MIN_VALUE)
const number = fc.oneof(fc.double({ min: 0.01, max: 1e4, noNaN: true }), nonsense)

const model: fc.Arbitrary<ModelOffer> = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    parameters: fc.oneof(fc.constant(null), fc.double({ min: 1, max: 1e12, noNaN: true }), nonsense),
    contextLength: fc.constantFrom(50, 4096),
    builtIn: fc.boolean(),
    prefillRate: number,
    decodeRate: number,
    loadMs: fc.oneof(fc.constant(undefined), number),
    chosen: fc.boolean()
  })
  .map(({ loadMs, chosen, ...changes }) =>
    offer({ ...changes, ...(loadMs !== undefined && { loadMs }), ...(chosen && { chosen }) })
  )

const candidate: fc.Arbitrary<Candidate> = fc
  .record({
    name: fc.string({ minLength: 1, maxLength: 3 }),
    models: fc.uniqueArray(model, { maxLength: 3, selector: ({ hash }) => hash }),
    here: fc.boolean(),
    state: fc.constantFrom('connected', 'connected', 'connected', 'silent', 'away'),
    answering: fc.constantFrom('yes', 'yes', 'yes', 'no', 'paused'),
    queue: number,
    inFlight: number,
    inFlightUnseen: number,
    roundTripMs: fc.oneof(fc.constant(null), number),
    heardAt: fc.constantFrom(NOW, NOW - 10_000, NaN),
    asideUntil: fc.constantFrom(-Infinity, NOW + 1000)
  })
  .map(({ name, models, ...changes }) => device(name, models, changes as object))

const candidates = fc.uniqueArray(candidate, { maxLength: 7, selector: ({ peer }) => peer.id })
const prefer = fc.constantFrom('quality' as const, 'speed' as const)

const ids = (...args: Parameters<typeof place>) => place(...args).map(({ candidate: { peer } }) => peer.id)
const options = { seed: SEED, numRuns: 500 }

describe('placement, for any devices, those that publish nonsense too,', () => {
  it('is a strict total order', () => {
    fc.assert(
      fc.property(candidates, prefer, (all, preferred) => {
        const keys = place(request({ prefer: preferred }), all, {}, NOW).map(({ key }) => key)
        for (const [i, a] of keys.entries()) {
          assert.ok(a.numbers.every(Number.isFinite))
          for (const [j, b] of keys.entries()) {
            // Sorted, so that being smaller has to agree with standing before: antisymmetric and transitive at once.
            assert.equal(Math.sign(compareKeys(a, b)), Math.sign(i - j))
          }
        }
      }),
      options
    )
  })

  it('gives the same ranking whatever the order of its input', () => {
    const shuffled = candidates.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }))
    )
    fc.assert(
      fc.property(shuffled, prefer, ([all, other], preferred) => {
        const asked = request({ prefer: preferred })
        assert.deepEqual(ids(asked, other, {}, NOW), ids(asked, all, {}, NOW))
      }),
      options
    )
  })

  it('gives no worse a rank to a device whose models are loaded', () => {
    fc.assert(
      fc.property(candidates, fc.nat(), prefer, (all, at, preferred) => {
        const chosen = all[at % Math.max(all.length, 1)]
        if (chosen?.capability == null) return
        const models = chosen.capability.models.map((cold) => {
          const loaded = { ...cold }
          delete loaded.loadMs
          return loaded
        })
        const warm = all.map((one) => (one === chosen ? { ...one, capability: { ...one.capability!, models } } : one))
        const asked = request({ prefer: preferred })
        const rank = (list: Candidate[]) => ids(asked, list, {}, NOW).indexOf(chosen.peer.id)
        assert.ok(rank(warm) <= rank(all), `rank ${rank(all)} became ${rank(warm)}`)
      }),
      options
    )
  })

  it('answers with the model that a device’s owner chose, where none is named and it can', () => {
    fc.assert(
      fc.property(candidates, prefer, (all, preferred) => {
        for (const { candidate: one, model: answering } of place(request({ prefer: preferred }), all, {}, NOW)) {
          const fitting = one.capability!.models.filter(({ contextLength }) => contextLength > 100)
          if (answering === null || !fitting.some(({ chosen }) => chosen === true)) continue
          assert.equal(answering.chosen, true)
        }
      }),
      options
    )
  })

  it('gives no worse a rank to a device that decodes or prefills faster', () => {
    const factors = fc.tuple(fc.constantFrom(1, 1.01, 2, 50), fc.constantFrom(1, 1.01, 2, 50))
    fc.assert(
      fc.property(
        candidates,
        fc.nat(),
        factors,
        prefer,
        fc.boolean(),
        (all, at, [decode, prefill], preferred, before) => {
          const chosen = all[at % Math.max(all.length, 1)]
          if (chosen?.capability == null) return
          const models = chosen.capability.models.map((slow) => ({
            ...slow,
            decodeRate: slow.decodeRate * decode,
            prefillRate: slow.prefillRate * prefill
          }))
          // A rate that is no number, or becomes none, is not "faster".
          if (models.some(({ decodeRate, prefillRate }) => !Number.isFinite(decodeRate + prefillRate))) return
          const faster = all.map((one) =>
            one === chosen ? { ...one, capability: { ...one.capability!, models } } : one
          )
          const state: UsableModels = before ? usableModels(all, {}) : {}
          const asked = request({ prefer: preferred })
          const rank = (list: Candidate[]) => ids(asked, list, state, NOW).indexOf(chosen.peer.id)
          assert.ok(rank(faster) <= rank(all), `rank ${rank(all)} became ${rank(faster)}`)
        }
      ),
      { ...options, numRuns: 2000 }
    )
  })

  it('never puts first who cannot answer while somebody can', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        const eligible = place(request(), all, {}, NOW).map((row) => row.eligible)
        assert.deepEqual(
          eligible,
          [...eligible].sort((a, b) => Number(b) - Number(a))
        )
      }),
      options
    )
  })
})

describe('the choice does not flap', () => {
  it('while measured rates jitter by ±30 % around steps of the ladder', () => {
    const jitters = fc.array(fc.tuple(jitter(0.3), jitter(0.3)), { minLength: 20, maxLength: 40 })
    const steps = fc.tuple(fc.integer({ min: 2, max: 14 }), fc.integer({ min: 2, max: 14 }))
    fc.assert(
      fc.property(steps, jitters, ([first, second], noise) => {
        const winners = new Set<string | undefined>()
        let usable: UsableModels = {}
        let published: [number, number] = [first, second]
        for (const [a, b] of noise) {
          const rates = [
            publishRate(published[0], 1.5 ** first * a),
            publishRate(published[1], 1.5 ** second * b)
          ] as const
          published = [rates[0].step, rates[1].step]
          const all = [
            device('small', [offer({ name: 's', parameters: 1e9, decodeRate: rates[0].rate })], { here: true }),
            device('large', [offer({ name: 'l', parameters: 8e9, decodeRate: rates[1].rate })])
          ]
          winners.add(ids(request(), all, usable, NOW)[0])
          usable = usableModels(all, usable)
        }
        assert.equal(winners.size, 1)
      }),
      options
    )
  })

  it('while an unladdered rate stays between being left and being regained', () => {
    const rates = fc.array(fc.double({ min: 8, max: 12, noNaN: true }), { minLength: 2, maxLength: 40 })
    fc.assert(
      fc.property(rates, fc.boolean(), (measured, before) => {
        const at = (decodeRate: number) => [
          device('large', [offer({ name: 'l', parameters: 8e9, decodeRate })]),
          device('small', [offer({ name: 's', parameters: 1e9 })])
        ]
        let usable = usableModels(at(before ? 20 : 2), {})
        for (const decodeRate of measured) {
          const all = at(decodeRate)
          assert.equal(place(request(), all, usable, NOW)[0]?.candidate.peer.name, before ? 'large' : 'small')
          usable = usableModels(all, usable)
        }
      }),
      options
    )
  })
})

function jitter(by: number): fc.Arbitrary<number> {
  return fc.double({ min: 1 - by, max: 1 + by, noNaN: true })
}
