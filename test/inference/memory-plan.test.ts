import assert from 'node:assert/strict'
import fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import { contextWithin, leastOf, needOf, tooLargeReason } from '../../src/inference/memory-need.ts'
import { MemoryKeeper } from '../../src/inference/memory-keeper.ts'
import type { Admission } from '../../src/inference/memory-keeper.ts'
import { decide, excess, footprint, total } from '../../src/inference/memory-plan.ts'
import type { HeldModel, MemoryRequest } from '../../src/inference/memory-plan.ts'

const SEED = 20_260_611
const options = { seed: SEED, numRuns: 1000 }
const GB = 1e9

const amount = fc.nat({ max: 12 })
const held: fc.Arbitrary<HeldModel> = fc.record({
  hash: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  loaded: amount,
  loading: fc.constant(0),
  kept: amount,
  running: fc.oneof(fc.constant(null), amount),
  usedAt: fc.nat({ max: 9 })
})
const models = fc.uniqueArray(held, { maxLength: 5, selector: ({ hash }) => hash })
const request: fc.Arbitrary<MemoryRequest> = fc.record({
  hash: fc.constantFrom('a', 'b', 'x'),
  loaded: amount,
  loading: amount,
  running: amount
})
const situation = fc
  .record({ budget: fc.integer({ min: 1, max: 40 }), models, request })
  // Never more than the budget to begin with.
  .filter(({ budget, models: all }) => total(all) <= budget)

/** What is there after the decision was carried out. */
function after(all: readonly HeldModel[], wanted: MemoryRequest): HeldModel[] {
  const own = all.find(({ hash }) => hash === wanted.hash)
  const begun = { ...(own ?? { ...wanted, kept: 0, usedAt: 10 }), running: (own?.running ?? 0) + wanted.running }
  return [...all.filter(({ hash }) => hash !== wanted.hash), begun]
}

describe('the plan of the memory, for any models,', () => {
  it('never goes beyond the budget, unloads nothing that runs, and no more than it has to', () => {
    fc.assert(
      fc.property(situation, ({ budget, models: all, request: wanted }) => {
        const decision = decide(budget, all, wanted)
        if (decision.do === 'begin') assert.ok(total(after(all, wanted)) <= budget)
        if (decision.do !== 'unload') return
        const going = all.filter(({ hash }) => decision.hashes.includes(hash))
        assert.ok(going.length === decision.hashes.length && going.every(({ running }) => running === null))
        const staying = all.filter((model) => !going.includes(model))
        assert.deepEqual(decide(budget, staying, wanted), { do: 'begin' })
        for (const spared of going) {
          const more = [...staying, spared]
          assert.ok(
            total(after(more, wanted)) > budget || spared.hash === wanted.hash,
            `${spared.hash} went for nothing`
          )
        }
      }),
      options
    )
  })

  it('lets begin what fits, and waits only for those that run', () => {
    fc.assert(
      fc.property(situation, ({ budget, models: all, request: wanted }) => {
        const decision = decide(budget, all, wanted)
        if (total(after(all, wanted)) <= budget) assert.equal(decision.do, 'begin')
        if (decision.do === 'refuse') {
          assert.ok(footprint({ ...wanted, kept: 0 }) > budget || all.some(({ hash }) => hash === wanted.hash))
          const alone = all.filter(({ hash }) => hash === wanted.hash).map((model) => ({ ...model, running: null }))
          assert.ok(total(after(alone, wanted)) > budget)
        }
        if (decision.do === 'wait') {
          const stopped = all.map((model) => ({ ...model, running: null }))
          assert.match(decide(budget, stopped, wanted).do, /begin|unload/)
        }
      }),
      options
    )
  })

  it('unloads those first that were used longest ago', () => {
    const idle = (hash: string, usedAt: number): HeldModel => ({
      ...{ hash, usedAt, loaded: 4, loading: 0, kept: 0, running: null }
    })
    const wanted = { hash: 'x', loaded: 4, loading: 0, running: 0 }
    assert.deepEqual(decide(12, [idle('a', 3), idle('b', 1), idle('c', 2)], wanted), { do: 'unload', hashes: ['b'] })
    // A small one need not go where a larger one has to anyway.
    const small = { ...idle('a', 0), loaded: 1 }
    assert.deepEqual(decide(9, [small, idle('b', 1), idle('c', 2)], wanted), { do: 'unload', hashes: ['b'] })
    assert.deepEqual(excess(8, [small, idle('b', 1), idle('c', 2)]), ['a'])
  })

  it('keeps everybody within the budget for as long as it takes, and lets nobody wait for ever', async () => {
    let beside = 0
    const job = fc.record({ hash: fc.constantFrom('a', 'b', 'c', 'd'), tokens: fc.nat({ max: 6 }), turns: fc.nat(5) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(job, { minLength: 1, maxLength: 25 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 9 })),
        fc.integer({ min: 15, max: 25 }),
        fc.array(fc.nat(24), { maxLength: 5 }),
        async (jobs, sizes, budget, cancelled) => {
          const running = new Map<string, number>()
          const keeper: MemoryKeeper = new MemoryKeeper({
            budget,
            keepAliveMs: Infinity,
            unload: async (hash) => {
              assert.ok((running.get(hash) ?? 0) === 0, `${hash} was unloaded while it ran`)
              await setImmediate()
            }
          })
          const check = (): void => {
            assert.ok(total(keeper.held) <= budget, JSON.stringify(keeper.held))
          }
          let admitted = 0
          const work = async ({ hash, tokens, turns }: (typeof jobs)[number], signal: AbortSignal): Promise<void> => {
            const need = { loaded: sizes[hash] ?? 5, loading: 2, perToken: 1 }
            let admission: Admission
            try {
              admission = await keeper.admit({ hash, name: hash, need, tokens, signal, place: () => undefined })
            } catch (err) {
              assert.ok(signal.aborted, String(err))
              return
            }
            admitted++
            running.set(hash, (running.get(hash) ?? 0) + 1)
            beside = Math.max(beside, running.get(hash) ?? 0)
            check()
            await setImmediate()
            admission.loaded(need.loaded)
            for (let turn = 0; turn < turns; turn++) await setImmediate()
            check()
            running.set(hash, (running.get(hash) ?? 0) - 1)
            admission.end({ tokens, isLoaded: true })
          }
          const controllers = jobs.map(() => new AbortController())
          const all = jobs.map((each, index) => work(each, controllers[index]!.signal))
          for (const index of cancelled) {
            // In the middle of it: some of them wait then.
            await setImmediate()
            controllers[index]?.abort(new Error('cancelled'))
          }
          await Promise.all(all)
          assert.ok(admitted >= jobs.length - cancelled.length)
        }
      ),
      { seed: SEED, numRuns: 200 }
    )
    assert.ok(beside >= 3, 'answers of a model never ran beside each other')
  })

  it('counts each answer of a model, and gives back what it took', async () => {
    const unloaded: string[] = []
    const keeper = new MemoryKeeper({
      budget: 20,
      keepAliveMs: Infinity,
      unload: (hash) => Promise.resolve(void unloaded.push(hash))
    })
    const { signal } = new AbortController()
    const need = { loaded: 10, loading: 0, perToken: 1 }
    const places: number[] = []
    const admit = (tokens: number, hash = 'a'): Promise<Admission> =>
      keeper.admit({ hash, name: hash, need, tokens, signal, place: (before) => places.push(before) })
    const [first, second] = [await admit(4), await admit(5)]
    assert.equal(total(keeper.held), 19)
    const third = admit(2)
    await setImmediate()
    assert.deepEqual(places, [2])
    first.end({ tokens: 4, isLoaded: true })
    const last = await third
    assert.equal(total(keeper.held), 17)
    // Nothing is unloaded for another one while an answer runs.
    const other = admit(1, 'b')
    second.end({ tokens: 1, isLoaded: true })
    await setImmediate()
    assert.deepEqual(unloaded, [])
    last.end({ tokens: 1, isLoaded: true })
    await other
    assert.deepEqual(unloaded, ['a'])
    await assert.rejects(admit(11), { name: 'ModelTooLargeError' })
  })
})

describe('what a model needs', () => {
  const size = { weightBytes: 2.2 * GB, graphBytes: 1e6, cachePerToken: 100_000, contextLength: 32_768 }
  const device = { budget: 2 * GB, total: 4 * GB }

  it('is said with the arithmetic and what to do', () => {
    const need = needOf(size, null)
    const reason = tooLargeReason('qwen3-4b', size, need, device)
    assert.equal(
      reason,
      'qwen3-4b needs 2.8 GB (2.3 GB weights + 410 MB for 1,024 tokens); this device gives models 2.0 GB of its 4.0 GB. ' +
        'Take a smaller quantization, give models more (mesh join --memory 3G), or ask another device.'
    )
    // Nobody is told to give more than there is.
    const larger = tooLargeReason(
      'x',
      { ...size, weightBytes: 9 * GB },
      needOf({ ...size, weightBytes: 9 * GB }, null),
      device
    )
    assert.doesNotMatch(larger ?? '', /--memory/)
    assert.equal(tooLargeReason('qwen3-4b', size, need, { budget: 3 * GB, total: 4 * GB }), null)
    const inGraph = { ...size, graphBytes: size.weightBytes }
    assert.match(tooLargeReason('x', inGraph, needOf(inGraph, null), device) ?? '', /2\.2 GB more while it loads/)
  })

  it('is what was measured where that is more, and never less than its files say', () => {
    const estimate = needOf(size, null)
    assert.deepEqual(needOf(size, { bytes: 1, loadMs: 9 }), estimate)
    assert.equal(needOf(size, { bytes: 5 * GB, loadMs: 9 }).loaded, 5 * GB)
  })

  it('leaves as much context as fits beside it', () => {
    const bytes = fc.integer({ min: 0, max: 1e10 })
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), bytes, (...args) => {
        const [weightBytes, cachePerToken, contextLength, budget] = args
        const any = { weightBytes, graphBytes: 0, cachePerToken, contextLength }
        const need = needOf(any, null)
        const context = contextWithin(need, contextLength, budget)
        assert.ok(context >= 0 && context <= contextLength)
        if (context > 0) assert.ok(need.loaded + context * need.perToken <= budget)
        const tooLarge = tooLargeReason('x', any, need, { budget, total: 1e12 }) !== null
        assert.equal(tooLarge, leastOf(any, need) > budget)
        if (!tooLarge) assert.ok(context >= Math.min(contextLength, 1024))
      }),
      options
    )
  })
})
