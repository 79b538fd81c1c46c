import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalEngine } from '../../src/inference/index.ts'
import type { GenerateEvent, ModelInfo, Waiting } from '../../src/interface.ts'
import { makeBigModel } from './big-model.ts'
import { answer, ask, testEngine } from './fixture.ts'
import type { EngineOptions } from './fixture.ts'

const MB = 1e6
const GREEDY = { temperature: 0, maxTokens: 4 }
/** The engine's process without any model: Node, onnxruntime, a tokenizer, and what an allocator holds back. */
const SLACK = 150 * MB

/** Rounds in which a load is to be caught in its middle. */
const HOLDS = 10

/** Figures of a process in bytes, while it is there. */
function memoryOf(pid: number | null): { anonymous: number; all: number } | null {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
    const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024
    return { anonymous: field('RssAnon'), all: field('VmRSS') }
  } catch {
    return null
  }
}

describe('the memory of models, with real ones,', function () {
  // Loading takes a fraction of a second, and many times that on a busy machine.
  this.timeout(60_000)
  let folder: string
  let engine: LocalEngine
  const store = new Map<string, string>()
  /** How often a model was loaded or unloaded. */
  let changes: number

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ownmesh-memory-'))
    // 60 MB each; the last two are small, with a wide cache and with a long context.
    await makeBigModel(join(folder, 'one'), { weights: 60 * MB, seed: 1 })
    await makeBigModel(join(folder, 'two'), { weights: 60 * MB, seed: 2 })
    await makeBigModel(join(folder, 'wide'), { weights: 8 * MB, cachePerToken: 300_000, seed: 3 })
    await makeBigModel(join(folder, 'long'), { weights: 8 * MB, cachePerToken: 65_536, contextLength: 4096, seed: 4 })
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  afterEach(() => engine.stop())

  function start(options: EngineOptions): void {
    changes = 0
    engine = testEngine({
      userFolder: folder,
      store,
      changed: () => {
        changes++
      },
      ...options
    })
  }

  const limited = (budget: number, keepAliveMs = Infinity): void => {
    start({ memory: { budget, total: 4 * budget }, keepAliveMs })
  }

  async function info(name: string): Promise<ModelInfo> {
    const found = (await engine.models()).find((model) => model.name === name)
    return found ?? assert.fail(`no model ${name}`)
  }

  const say = async (name: string, prompt = 'hello', sampling: object = GREEDY): ReturnType<typeof answer> =>
    answer(engine.generate(ask((await info(name)).hash, prompt, { sampling })))

  async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + 30_000
    while (!(await holds())) {
      if (performance.now() > end) assert.fail(`never came: ${what}`)
      await delay(5)
    }
  }

  /** Watches the child while something goes on. */
  async function highest(work: () => Promise<unknown>): Promise<{ anonymous: number; all: number }> {
    const most = { anonymous: 0, all: 0 }
    const timer = setInterval(() => {
      const now = memoryOf(engine.pid())
      if (now === null) return
      most.anonymous = Math.max(most.anonymous, now.anonymous)
      most.all = Math.max(most.all, now.all)
    }, 5)
    try {
      await work()
    } finally {
      clearInterval(timer)
    }
    return most
  }

  it('keeps two models loaded that fit together, and loads each once', async () => {
    limited(600 * MB)
    for (const name of ['one', 'two', 'one', 'two', 'one']) await say(name)
    assert.deepEqual([(await info('one')).loaded, (await info('two')).loaded, changes], [true, true, 2])
  })

  it('alternates with unloads where they do not fit together, and never goes beyond the budget', async function () {
    if (process.platform !== 'linux') this.skip()
    const budget = 150 * MB
    limited(budget)
    const most = await highest(async () => {
      for (const name of ['one', 'two', 'one', 'two']) await say(name)
      await Promise.all(['one', 'two', 'one', 'two'].map((name) => say(name)))
    })
    assert.ok(most.anonymous > 70 * MB, 'nothing was seen')
    assert.ok(most.anonymous <= budget + SLACK, `${String(most.anonymous / MB)} MB`)
    // Weights in a file of their own are mapped beside that for a moment, while they are loaded.
    assert.ok(most.all <= budget + SLACK + 70 * MB, `${String(most.all / MB)} MB`)
    assert.equal([await info('one'), await info('two')].filter(({ loaded }) => loaded).length, 1)
    // Load and unload for each of four, and of the last four at least once each way.
    assert.ok(changes >= 9 && changes % 2 === 1, String(changes))
  })

  it('counts the context of an answer: what stands by goes before a long one, and stays beside a short one', async function () {
    if (process.platform !== 'linux') this.skip()
    const budget = 400 * MB
    limited(budget)
    await say('one')
    await say('wide')
    assert.deepEqual([(await info('one')).loaded, (await info('wide')).loaded], [true, true])
    const most = await highest(async () => {
      const { done } = await say('wide', 'x'.repeat(200), { temperature: 0, maxTokens: 250 })
      assert.ok(done.promptTokens > 200, String(done.promptTokens))
    })
    assert.deepEqual([(await info('one')).loaded, (await info('wide')).loaded], [false, true])
    assert.ok(most.anonymous <= budget + SLACK, `${String(most.anonymous / MB)} MB`)
    // What the answer held is free again, but for what onnxruntime keeps.
    await until('memory is given back', () => memoryOf(engine.pid())!.anonymous < most.anonymous - 50 * MB)
  })

  it('lets no context pass the budget: less of it is offered, accepted and refused', async () => {
    limited(400 * MB)
    const { contextLength, memory, tooLarge, hash } = await info('long')
    assert.equal(tooLarge, undefined)
    assert.ok(contextLength > 1024 && contextLength < 1500 && memory?.fullContext === 4096, String(contextLength))
    for await (const event of engine.generate(ask(hash, 'hello', { sampling: { temperature: 0, maxTokens: 4000 } }))) {
      assert.ok(event.type === 'accepted' && event.sampling.maxTokens === contextLength)
      break
    }
    await assert.rejects(say('long', 'x'.repeat(1600)), {
      name: 'PromptTooLongError',
      message: new RegExp(`context of ${String(contextLength)} leaves no room.*could take 4096.*mesh join --memory`)
    })
  })

  it('refuses a model that does not fit with the arithmetic, before anything is loaded', async () => {
    limited(80 * MB)
    const { tooLarge, hash } = await info('one')
    assert.match(
      tooLarge ?? '',
      /^one needs 9\d MB \(9\d MB weights \+ .*\); this device gives models 80 MB of its 320 MB\. .*--memory 100M/
    )
    await assert.rejects(say('one'), { name: 'ModelTooLargeError', message: tooLarge })
    await assert.rejects(engine.measure(hash), { name: 'ModelTooLargeError' })
    assert.equal(engine.pid(), null)
  })

  it('decides by what was measured where that is more than its files say', async () => {
    limited(400 * MB)
    const { hash } = await info('one')
    await say('one')
    assert.ok((await info('one')).loadMs! > 0)
    const kept = JSON.parse(store.get(`memory ${hash}`)!) as { bytes: number }
    assert.ok(kept.bytes > 30 * MB && kept.bytes < 150 * MB, String(kept.bytes))
    const own = new Map([...store, [`memory ${hash}`, JSON.stringify({ bytes: 350 * MB, loadMs: 5 })]])
    await engine.stop()
    start({ memory: { budget: 300 * MB, total: 900 * MB }, store: own })
    const { memory, tooLarge } = await info('one')
    assert.deepEqual([memory?.loaded, memory?.isMeasured], [350 * MB, true])
    assert.match(tooLarge ?? '', /one needs 351 MB \(350 MB weights/)
  })

  it('unloads what nobody asks for, and gives the memory back', async () => {
    limited(600 * MB, 100)
    await say('one')
    const pid = engine.pid() ?? assert.fail('no child')
    await until('the model is unloaded', async () => !(await info('one')).loaded)
    // With no model in it the process itself goes.
    await until('the process is gone', () => memoryOf(pid) === null)
    assert.equal(engine.pid(), null)
    assert.equal((await say('one')).done.answerTokens, 4)
  })

  it('gives back a model’s memory while another stays', async function () {
    if (process.platform !== 'linux') this.skip()
    limited(600 * MB)
    await say('one')
    await say('two')
    const both = memoryOf(engine.pid())!.anonymous
    await engine.unload((await info('one')).hash)
    const one = memoryOf(engine.pid())!.anonymous
    assert.ok(both - one > 45 * MB, `${String(both / MB)} MB became ${String(one / MB)} MB`)
  })

  it('tells how far it is while it loads to all who wait for it', async function () {
    if (process.platform !== 'linux') this.skip()
    /** A child that is stopped when half of it is there stands for a slow one: that second is told. */
    const hold = async (): Promise<void> => {
      await until('half is loaded', () => (memoryOf(engine.pid())?.all ?? 0) > 150 * MB)
      const pid = engine.pid()!
      process.kill(pid, 'SIGSTOP')
      await delay(1500)
      process.kill(pid, 'SIGCONT')
    }
    const listen = async (hash: string): Promise<number[]> => {
      const heard: Waiting[] = []
      for await (const event of engine.generate(ask(hash, 'hello', { sampling: GREEDY }))) {
        if (event.type === 'waiting') heard.push(event)
      }
      return heard.map(({ loaded }) => loaded).filter((loaded) => loaded !== null)
    }
    for (let round = 0; round < HOLDS; round++) {
      limited(600 * MB)
      const { hash } = await info('one')
      const [, ...all] = await Promise.all([hold(), listen(hash), listen(hash)])
      for (const fractions of all) assert.deepEqual(fractions, fractions.toSorted())
      if (all.every((fractions) => fractions.some((loaded) => loaded >= 0.8 && loaded < 1))) return
      // It was through before it could be stopped, which takes a moment on a busy machine.
      await engine.stop()
    }
    assert.fail(`in ${HOLDS} rounds nobody heard of a load that was under way`)
  })

  it('is unharmed by a cancel, a death, and a file that goes while it loads', async () => {
    limited(600 * MB)
    const { hash } = await info('one')
    /** Does something as soon as the child is at work. */
    const whenBegun = async (then: () => void): Promise<GenerateEvent[]> => {
      const events: GenerateEvent[] = []
      for await (const event of engine.generate(ask(hash, 'hello', { sampling: GREEDY }), controller)) {
        events.push(event)
        if (event.type === 'accepted') then()
      }
      return events
    }
    let controller = new AbortController()
    await assert.rejects(
      whenBegun(() => {
        controller.abort(new Error('enough'))
      }),
      /enough/
    )
    controller = new AbortController()
    await assert.rejects(
      whenBegun(() => {
        process.kill(engine.pid()!, 'SIGKILL')
      }),
      { name: 'EngineFailedError' }
    )
    assert.equal((await say('one')).done.answerTokens, 4)
    await engine.unload(hash)
    const weights = join(folder, 'one', 'onnx', 'weights.bin')
    await assert.rejects(
      whenBegun(() => {
        rmSync(weights)
      }),
      { name: 'BrokenModelError', message: /weights\.bin/ }
    )
    assert.match((await info('one')).broken ?? '', /weights\.bin is missing/)
    await makeBigModel(join(folder, 'one'), { weights: 60 * MB, seed: 1 })
    assert.equal((await say('one')).done.answerTokens, 4)
    // Half of a file is no model either.
    await engine.unload(hash)
    truncateSync(weights, 30 * MB)
    await assert.rejects(say('one'), { name: /UnknownModelError|BrokenModelError/ })
    await makeBigModel(join(folder, 'one'), { weights: 60 * MB, seed: 1 })
  })
})
