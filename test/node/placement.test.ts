import assert from 'node:assert/strict'
import { EngineFailedError, ModelTooLargeError, PromptTooLongError } from '../../src/errors.ts'
import { expectedMs } from '../../src/node/expected-time.ts'
import { failedAttempt, place, placementRow } from '../../src/node/placement.ts'
import { sizeClass, usableModels } from '../../src/node/size-class.ts'
import { device, hashOf, MINI, NOW, offer, request } from './candidates.ts'

const BIG = offer({ name: 'qwen3-8b', parameters: 8e9 })
const SMALL = offer({ name: 'qwen3-0.6b', parameters: 6e8 })

function names(...args: Parameters<typeof place>): string[] {
  return place(...args).map(({ candidate }) => candidate.peer.name)
}

function reasons(...args: Parameters<typeof place>): Record<string, string> {
  return Object.fromEntries(place(...args).map(({ candidate, reason }) => [candidate.peer.name, reason]))
}

describe('placement', () => {
  describe('with no model named', () => {
    it('chooses the largest size that its device runs usably', () => {
      const desktop = device('desktop', [BIG])
      const laptop = device('laptop', [offer({ decodeRate: 400 })], { here: true })
      const pi = device('pi', [SMALL])
      assert.deepEqual(names(request(), [pi, laptop, desktop], {}, NOW), ['desktop', 'laptop', 'pi'])
    })

    it('prefers a device that has the model loaded to an equal one that has not, and says so', () => {
      const cold = device('cold', [offer({ loadMs: 8000 })], { roundTripMs: 1 })
      const warm = device('warm', [offer()], { roundTripMs: 20 })
      assert.deepEqual(names(request(), [cold, warm], {}, NOW), ['warm', 'cold'])
      assert.match(reasons(request(), [cold, warm], {}, NOW).cold ?? '', /^takes longer: .*, not loaded yet, about/)
      // A stronger one is worth the wait.
      const strong = device('strong', [{ ...BIG, loadMs: 8000 }])
      assert.deepEqual(names(request(), [warm, strong], {}, NOW), ['strong', 'warm'])
    })

    it('competes with the model that its owner chose, and with the others by name or when that one fails', () => {
      const chosen = { ...SMALL, chosen: true }
      const pi = device('pi', [BIG, chosen])
      const laptop = device('laptop', [offer()])
      assert.deepEqual(names(request(), [pi, laptop], {}, NOW), ['laptop', 'pi'])
      assert.equal(place(request(), [pi], {}, NOW)[0]?.model?.name, SMALL.name)
      assert.equal(place(request({ model: { name: BIG.name } }), [pi], {}, NOW)[0]?.model?.name, BIG.name)
      const failures = [failedAttempt({ candidate: pi, model: chosen }, new ModelTooLargeError('too large'))]
      assert.equal(place(request({ failures }), [pi], {}, NOW)[0]?.model?.name, BIG.name)
      const alike = offer({ name: 'another', parameters: 8e9, decodeRate: 400, chosen: true })
      const carries = { hash: BIG.hash, sizeClass: sizeClass(BIG) }
      const both = device('pi', [BIG, alike])
      assert.equal(place(request({ continues: carries }), [both], {}, NOW)[0]?.model?.name, BIG.name)
    })

    it('passes over a size that its device runs too slowly', () => {
      const pi = device('pi', [offer({ ...BIG, decodeRate: 3 })])
      const laptop = device('laptop', [SMALL])
      assert.deepEqual(names(request(), [pi, laptop], {}, NOW), ['laptop', 'pi'])
      assert.match(reasons(request(), [pi, laptop], {}, NOW).pi ?? '', /^too slow to be usable/)
    })

    it('chooses the quickest of those that are all too slow, whatever their size', () => {
      const large = device('large', [offer({ ...BIG, decodeRate: 2 })])
      const quick = device('quick', [offer({ ...SMALL, decodeRate: 7 })])
      assert.deepEqual(names(request(), [large, quick], {}, NOW), ['quick', 'large'])
    })

    it('still prefers a slow real model to the built-in one', () => {
      const pi = device('pi', [offer({ ...SMALL, decodeRate: 3 })])
      const laptop = device('laptop', [MINI], { here: true })
      assert.deepEqual(names(request(), [laptop, pi], {}, NOW), ['pi', 'laptop'])
    })

    it('takes sizes within a factor of two as equal, and then the shorter time', () => {
      const near = offer({ name: 'a', parameters: 7.1e9, decodeRate: 30 })
      const quick = offer({ name: 'b', parameters: 5e9, decodeRate: 60 })
      assert.equal(sizeClass(near), sizeClass(quick))
      assert.deepEqual(names(request(), [device('near', [near]), device('quick', [quick])], {}, NOW), ['quick', 'near'])
    })

    it('chooses the best model of each device', () => {
      const [row] = place(request(), [device('desktop', [MINI, SMALL, BIG])], {}, NOW)
      assert.equal(row?.model?.name, 'qwen3-8b')
    })

    it('ranks a model of unknown size above the built-in one and below every known size', () => {
      const unknown = device('unknown', [offer({ name: 'm', parameters: null })])
      const builtIn = device('builtin', [MINI])
      const known = device('known', [SMALL])
      assert.deepEqual(names(request(), [builtIn, unknown, known], {}, NOW), ['known', 'unknown', 'builtin'])
    })

    it('puts time before size on request, but never the built-in model before a real one', () => {
      const desktop = device('desktop', [offer({ ...BIG, decodeRate: 20 })])
      const laptop = device('laptop', [offer({ ...SMALL, decodeRate: 100 })])
      const phone = device('phone', [MINI])
      assert.deepEqual(names(request({ prefer: 'speed' }), [phone, desktop, laptop], {}, NOW), [
        'laptop',
        'desktop',
        'phone'
      ])
    })
  })

  describe('of equals', () => {
    it('chooses the asking device, whatever the round trip', () => {
      const here = device('laptop', [BIG], { here: true })
      const other = device('desktop', [BIG], { roundTripMs: 0 })
      assert.deepEqual(names(request(), [other, here], {}, NOW), ['laptop', 'desktop'])
    })

    it('chooses by id among others', () => {
      const devices = ['c', 'a', 'b'].map((name) => device(name, [BIG]))
      assert.deepEqual(names(request(), devices, {}, NOW), ['a', 'b', 'c'])
    })

    it('takes a few milliseconds of round trip for no difference', () => {
      const devices = [device('a', [BIG], { roundTripMs: 30 }), device('b', [BIG], { roundTripMs: 2 })]
      assert.deepEqual(names(request(), devices, {}, NOW), ['a', 'b'])
    })

    it('chooses the same of two equal models, whichever comes first', () => {
      const [one, two] = [offer({ name: 'one' }), offer({ name: 'two' })]
      const chosen = (...models: (typeof one)[]) => place(request(), [device('a', models)], {}, NOW)[0]?.model?.name
      assert.equal(chosen(one, two), chosen(two, one))
    })

    it('spreads asks by the queue, that of others and our own', () => {
      const busy = device('a', [BIG], { queue: 1 })
      const ours = device('b', [BIG], { inFlight: 2, inFlightUnseen: 2 })
      const idle = device('c', [BIG])
      assert.deepEqual(names(request(), [busy, ours, idle], {}, NOW), ['c', 'a', 'b'])
    })
  })

  describe('expected time', () => {
    it('is round trip and, for each ask, prompt by prefill and answer by decode', () => {
      const candidate = device('desktop', [], { roundTripMs: 20 })
      const model = offer({ prefillRate: 100, decodeRate: 50 })
      assert.equal(expectedMs({ candidate, model }, 200, 100), 20 + 2000 + 2000)
      assert.equal(expectedMs({ candidate: { ...candidate, inFlight: 2 }, model }, 200, 100), 20 + 2 * 4000)
    })

    it('counts our asks once when the peer has published them, and adds those it cannot know yet', () => {
      const model = offer({ prefillRate: 100, decodeRate: 100 })
      const known = device('a', [], { queue: 4, inFlight: 4, roundTripMs: 0 })
      assert.equal(expectedMs({ candidate: known, model }, 0, 100), 3000)
      const unseen = { ...known, inFlight: 6, inFlightUnseen: 2 }
      assert.equal(expectedMs({ candidate: unseen, model }, 0, 100), 4000)
    })

    it('stays finite whatever a peer publishes', () => {
      for (const nonsense of [NaN, Infinity, -Infinity, -1, 0, Number.MAX_VALUE, Number.MIN_VALUE]) {
        const candidate = device('x', [], { queue: nonsense, roundTripMs: nonsense, inFlight: nonsense })
        const model = offer({ prefillRate: nonsense, decodeRate: nonsense })
        const ms = expectedMs({ candidate, model }, 1000, 1000)
        assert.ok(Number.isFinite(ms) && ms >= 0, `${nonsense} gives ${ms}`)
      }
    })
  })

  describe('usable speeds', () => {
    it('begin above 10 tokens/s, are left below 8 and regained above 12', () => {
      const pi = (decodeRate: number) => [device('pi', [offer({ name: 'm', decodeRate })])]
      const key = `12D3KooWpi ${hashOf('m')}`
      const after = (...rates: number[]) =>
        rates.reduce<Record<string, boolean>>((state, decodeRate) => usableModels(pi(decodeRate), state), {})[key]
      assert.equal(after(10), false)
      assert.equal(after(10.1), true)
      assert.equal(after(11, 8), true)
      assert.equal(after(11, 7.9), false)
      assert.equal(after(11, 7.9, 12), false)
      assert.equal(after(11, 7.9, 12.1), true)
    })

    it('are decided the same when the same rates are looked at twice', () => {
      const pi = [device('pi', [offer({ decodeRate: 11 })])]
      const once = usableModels(pi, {})
      assert.deepEqual(usableModels(pi, once), once)
    })
  })

  describe('reasons of those who cannot answer', () => {
    const only = (candidate: ReturnType<typeof device>, changes = {}) =>
      place(request(changes), [candidate], {}, NOW).map(({ eligible, reason }) => ({ eligible, reason }))[0]

    const cases: [string, ReturnType<typeof device>, object, string][] = [
      ['paused', device('a', [BIG], { answering: 'paused' }), {}, 'paused'],
      ['paused here', device('a', [BIG], { answering: 'paused', here: true }), {}, 'paused; mesh resume ends that'],
      ['set not to answer', device('a', [BIG], { answering: 'no' }), {}, 'set not to answer, or without an engine'],
      ['shutting down', device('a', [BIG], { answering: 'draining' }), {}, 'shutting down'],
      ['away', device('a', [BIG], { state: 'away' }), {}, 'away'],
      ['silent', device('a', [BIG], { state: 'silent' }), {}, 'silent: connected, but no heartbeat'],
      ['stale', device('a', [BIG], { heardAt: NOW - 7_000 }), {}, 'no notice for 7 s'],
      ['never heard', device('a', [BIG], { heardAt: -Infinity }), {}, 'no notice yet'],
      ['heard at no time', device('a', [BIG], { heardAt: NaN }), {}, 'no notice yet'],
      ['unknown', { ...device('a', []), capability: null }, {}, 'has not said yet what it can run'],
      ['without models', device('a', []), {}, 'has no model'],
      ['without the model', device('a', [SMALL]), { model: { name: 'qwen3-8b' } }, 'does not have qwen3-8b'],
      ['not asked for', device('a', [BIG]), { peer: 'other' }, 'another device was asked for'],
      [
        'too short',
        device('a', [offer({ contextLength: 1024 })]),
        { promptTokens: 3000 },
        'its context of 1024 tokens is too short for about 3000'
      ]
    ]
    for (const [title, candidate, changes, reason] of cases) {
      it(`says it in words when the device is ${title}`, () => {
        assert.deepEqual(only(candidate, changes), { eligible: false, reason })
      })
    }

    it('does not ask the asking device for notices of itself', () => {
      assert.equal(only(device('a', [BIG], { here: true, heardAt: -Infinity }))?.eligible, true)
    })
  })

  it('gives reasons in words to those who could', () => {
    const rows = place(
      request(),
      [device('desktop', [BIG], { queue: 2 }), device('laptop', [SMALL]), device('phone', [MINI])],
      {},
      NOW
    ).map(placementRow)
    assert.deepEqual(
      rows.map(({ peer, model, eligible, reason }) => [peer.name, model, eligible, reason]),
      [
        ['desktop', 'qwen3-8b', true, '8 billion parameters at 40 tokens/s, 2 asks ahead, about 10 s'],
        ['laptop', 'qwen3-0.6b', true, 'a smaller model: 600 million parameters at 40 tokens/s, about 5.2 s'],
        ['phone', 'mini', true, 'only when no other model is there: the built-in helper at 640 tokens/s, about 0.34 s']
      ]
    )
  })

  it('leaves out who is put aside, unless nobody else is there', () => {
    const aside = device('a', [BIG], { asideUntil: NOW + 4_000 })
    const other = device('b', [SMALL])
    const [first, second] = place(request(), [aside, other], {}, NOW)
    assert.equal(first?.candidate.peer.name, 'b')
    assert.deepEqual([second?.eligible, second?.reason], [false, 'put aside for 4 s after it failed'])
    assert.equal(place(request(), [aside], {}, NOW)[0]?.eligible, true)
  })

  describe('within one ask', () => {
    const desktop = device('desktop', [BIG, SMALL])
    const laptop = device('laptop', [BIG])

    it('rules out a device that failed', () => {
      const failures = [failedAttempt({ candidate: desktop, model: BIG }, new EngineFailedError('out of memory'))]
      const [first, second] = place(request({ failures }), [desktop, laptop], {}, NOW)
      assert.equal(first?.candidate.peer.name, 'laptop')
      assert.equal(second?.reason, 'failed in this ask: out of memory')
    })

    it('rules out a model everywhere when the prompt is too long for it', () => {
      const failures = [failedAttempt({ candidate: desktop, model: BIG }, new PromptTooLongError('too long'))]
      const ranked = place(request({ failures }), [desktop, laptop], {}, NOW)
      assert.deepEqual(
        ranked.map(({ candidate, model }) => [candidate.peer.name, model?.name]),
        [
          ['desktop', 'qwen3-0.6b'],
          ['laptop', undefined]
        ]
      )
    })

    it('carries on with the same model first, then with its size, never with the built-in one for a real one', () => {
      const alike = device('alike', [offer({ name: 'other', parameters: 8.1e9, decodeRate: 400 })])
      const continues = { hash: BIG.hash, sizeClass: sizeClass(BIG) }
      const all = [alike, device('small', [SMALL]), device('mini', [MINI]), laptop]
      const ranked = place(request({ continues }), all, {}, NOW)
      assert.deepEqual(
        ranked.map(({ candidate, eligible }) => [candidate.peer.name, eligible]),
        [
          ['laptop', true],
          ['alike', true],
          ['mini', false],
          ['small', false]
        ]
      )
      assert.match(ranked[3]?.reason ?? '', /neither the model that was answering nor another of its size/)
    })
  })
})
