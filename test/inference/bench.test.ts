import assert from 'node:assert/strict'
import { figureOf, judgeBench } from '../../src/inference/bench-judgement.ts'
import type { LocalEngine } from '../../src/inference/index.ts'
import type { BenchEvent, BenchProvider } from '../../src/interface.ts'
import { answer, ask, hashOf, place, testEngine } from './fixture.ts'

const CALM = { load: 0.1, cores: 8 }

function measured(provider: string, ...rates: number[]): BenchProvider {
  return {
    ...{ type: 'provider', provider, state: 'measured', reason: null, software: null, loadMs: 100, memoryBytes: 1e6 },
    ...{ prefill: figureOf(rates.map((rate) => rate * 10)), decode: figureOf(rates), sameAnswer: true }
  }
}

function failed(provider: string, mend?: string): BenchProvider {
  return {
    ...{ type: 'provider', provider, state: 'failed', reason: 'it is not there', software: null, loadMs: null },
    ...{ memoryBytes: null, prefill: null, decode: null, sameAnswer: null },
    ...(mend !== undefined && { mend })
  }
}

describe('what a measurement of a device shows', () => {
  it('is the median of the runs, and their range', () => {
    assert.deepEqual(figureOf([5, 1, 3]), { median: 3, lowest: 1, highest: 5, runs: 3 })
    assert.deepEqual(figureOf([4, 1, 2, 3]), { median: 2.5, lowest: 1, highest: 4, runs: 4 })
  })

  it('is the fastest by its median, not by one lucky run, with the comparison in words', () => {
    const judged = judgeBench(
      [measured('cpu', 9, 10, 90), measured('webgpu', 40, 41, 42), failed('cuda', 'get it')],
      CALM
    )
    assert.equal(judged?.done.used, 'webgpu')
    assert.equal(judged.done.reason, 'the fastest: 41 tokens/s, cpu 10')
    assert.deepEqual(judged.rates, { prefillRate: 420, decodeRate: 42 })
    assert.deepEqual(
      judged.reports.map(({ provider, state, mend }) => [provider, state, mend]),
      [
        ['cpu', 'slower', undefined],
        ['webgpu', 'used', undefined],
        ['cuda', 'failed', 'get it']
      ]
    )
    assert.equal(judgeBench([measured('cpu', 3.25)], CALM)?.done.reason, 'the only one that works here, 3.3 tokens/s')
    assert.equal(judgeBench([failed('cpu')], CALM), null)
  })

  it('is never a provider that computes something else, however fast', () => {
    const judged = judgeBench([measured('cpu', 10), measured('webgpu', 90)], { ...CALM, wrong: new Set(['webgpu']) })
    assert.equal(judged?.done.used, 'cpu')
    assert.match(
      judged.reports.find(({ state }) => state === 'failed')?.reason ?? '',
      /something else than the processor/
    )
  })

  it('says when the device was not idle: by its load, and by runs that lie far apart', () => {
    const busy = (results: BenchProvider[], load = 0.1): string | null | undefined =>
      judgeBench(results, { ...CALM, load })?.done.busy
    assert.equal(busy([measured('cpu', 98, 100, 105)]), null)
    assert.match(busy([measured('cpu', 50, 100, 105)]) ?? '', /^the runs of cpu lie between 50 and 105 tokens\/s$/)
    assert.match(busy([measured('cpu', 100)], 6) ?? '', /^the load was 6\.0 on 8 cores before it began$/)
  })

  it('names a software adapter as one, however fast it is', () => {
    const results = [measured('cpu', 100), { ...measured('webgpu', 90), software: 'lavapipe' }]
    const report = judgeBench(results, CALM)?.reports.find(({ provider }) => provider === 'webgpu')
    assert.equal(report?.state, 'software')
    assert.match(report.reason, /90 tokens\/s, cpu 100: computed in software by lavapipe/)
  })
})

describe('the engine measures', () => {
  let engine: LocalEngine
  let store: Map<string, string>
  beforeEach(() => {
    store = new Map()
    engine = testEngine({ places: [place('plain')], store })
  })
  afterEach(() => engine.stop())

  const collect = async (events: AsyncIterable<BenchEvent>): Promise<BenchEvent[]> => {
    const all: BenchEvent[] = []
    for await (const event of events) all.push(event)
    return all
  }

  it('each provider in a process of its own, keeps what it found, and answers as before', async () => {
    const hash = await hashOf(engine, 'plain')
    const before = await answer(engine.generate(ask(hash, 'hello', { sampling: { temperature: 0, maxTokens: 5 } })))
    const events = await collect(engine.bench(hash))
    const results = events.filter((event) => event.type === 'provider')
    const cpu = results.find(({ provider }) => provider === 'cpu')
    assert.ok(cpu?.state === 'measured' && cpu.decode?.runs === 5 && cpu.sameAnswer === true && (cpu.loadMs ?? 0) > 0)
    assert.equal(results.at(0), cpu)
    const done = events.at(-1)
    assert.ok(done?.type === 'done')
    assert.equal(engine.providers().find(({ state }) => state === 'used')?.provider, done.used)
    assert.deepEqual(
      engine
        .providers()
        .map(({ provider }) => provider)
        .sort(),
      results.map(({ provider }) => provider).sort()
    )
    assert.ok([...store.values()].some((kept) => kept.includes(`"decodeRate":${cpu.decode?.highest}`)))
    const fresh = testEngine({ places: [place('plain')], store })
    assert.deepEqual(fresh.providers(), [])
    await fresh.measure(await hashOf(fresh, 'plain'))
    assert.deepEqual(fresh.providers(), engine.providers())
    assert.equal(fresh.pid(), null)
    const after = await answer(engine.generate(ask(hash, 'hello', { sampling: { temperature: 0, maxTokens: 5 } })))
    assert.deepEqual(after.tokens, before.tokens)
  })

  it('not while it answers, nor twice at once', async () => {
    const hash = await hashOf(engine, 'plain')
    const running = engine.generate(ask(hash, 'hello', { sampling: { temperature: 0, maxTokens: 200 } }))
    const answering = running[Symbol.asyncIterator]()
    await answering.next()
    await assert.rejects(collect(engine.bench(hash)), { name: 'BusyError', message: /is answering/ })
    await answering.return?.()
    const first = engine.bench(hash)[Symbol.asyncIterator]()
    await first.next()
    await assert.rejects(collect(engine.bench(hash)), { name: 'BusyError', message: /being measured already/ })
    await first.return?.()
    assert.equal((await collect(engine.bench(hash))).at(-1)?.type, 'done')
  })

  it('until it is cancelled, or stopped', async () => {
    const hash = await hashOf(engine, 'plain')
    const controller = new AbortController()
    const reason = new Error('enough')
    const measuring = async (stop: () => unknown): Promise<void> => {
      for await (const event of engine.bench(hash, { signal: controller.signal })) if (event.type === 'progress') stop()
    }
    await assert.rejects(
      measuring(() => engine.stop()),
      { name: 'EngineFailedError', message: /was stopped/ }
    )
    engine = testEngine({ places: [place('plain')] })
    await hashOf(engine, 'plain')
    await assert.rejects(
      measuring(() => {
        controller.abort(reason)
      }),
      (err) => err === reason
    )
  })

  it('what cannot be run with words, and refuses what is not here', async () => {
    await engine.models()
    await assert.rejects(collect(engine.bench('f'.repeat(64))), { name: 'UnknownModelError' })
  })
})
