import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { MAX_ROWS } from '../../src/inference/batch-plan.ts'
import type { LocalEngine } from '../../src/inference/index.ts'
import type { GenerateEvent, Tokens } from '../../src/interface.ts'
import { answer, ask, hashOf, place, testEngine, user } from './fixture.ts'
import type { Answer } from './fixture.ts'

const GREEDY = { temperature: 0, maxTokens: 60 }

describe('the engine', () => {
  let engine: LocalEngine
  let plain: string
  let fused: string
  let chain: string
  before(async () => {
    engine = testEngine({ places: ['plain', 'fused', 'chain'].map(place) })
    plain = await hashOf(engine, 'plain')
    fused = await hashOf(engine, 'fused')
    chain = await hashOf(engine, 'chain')
  })
  after(() => engine.stop())

  const full = (model = plain): Promise<Answer> => answer(engine.generate(ask(model, 'hello', { sampling: GREEDY })))
  /** Reads until so many tokens came, then does something, and goes on. */
  const readUntil = async (
    events: AsyncIterable<GenerateEvent>,
    count: number,
    then: () => void
  ): Promise<Tokens[]> => {
    const pieces: Tokens[] = []
    for await (const event of events) {
      if (event.type !== 'tokens') continue
      pieces.push(event)
      if (pieces.length === count) then()
    }
    return pieces
  }

  describe('answers', () => {
    it('with one accepted, the tokens, and one done that counts them', async () => {
      const { events, done, tokens, text } = await full(chain)
      assert.equal(events[0]?.type, 'accepted')
      assert.equal(text, 'Grüße 👋 cafe\u0301 5€ (한).')
      assert.equal(done.finishReason, 'stop')
      assert.equal(done.answerTokens, tokens.length)
      assert.ok(done.promptTokens > 5 && done.prefillMs > 0 && done.decodeMs > 0)
      assert.ok(events.every(({ type }, index) => type !== 'done' || index === events.length - 1))
    })

    it('never splitting a character', async () => {
      const { events } = await full(chain)
      const shown = events.filter((event) => event.type === 'tokens').map(({ text }) => text)
      assert.ok(shown.includes('👋') && shown.includes('한'), JSON.stringify(shown))
    })

    it('in few pieces where its tokens come quickly, the first of them at once', async () => {
      const own = testEngine({ places: [place('plain')], gatherMs: 60_000 })
      try {
        const { tokens, text } = await full(plain)
        const gathered = await answer(own.generate(ask(await hashOf(own, 'plain'), 'hello', { sampling: GREEDY })))
        const pieces = gathered.events.filter((event) => event.type === 'tokens')
        assert.deepEqual(
          pieces.map((piece) => piece.tokens.length),
          [1, tokens.length - 1]
        )
        assert.deepEqual([gathered.tokens, gathered.text], [tokens, text])
      } finally {
        await own.stop()
      }
    })

    it('alike from two graphs with the same weights', async () => {
      assert.deepEqual((await full(fused)).tokens, (await full(plain)).tokens)
    })

    it('with the tokens that the seed says', async () => {
      const sampling = { temperature: 1.5, seed: 7, maxTokens: 30 }
      const said = async (seed: number): Promise<number[]> =>
        (await answer(engine.generate(ask(plain, 'hello', { sampling: { ...sampling, seed } })))).tokens
      assert.deepEqual(await said(7), await said(7))
      assert.notDeepEqual(await said(7), await said(8))
    })

    it('reading only what it has not read before, until the model is unloaded', async () => {
      const messages = user('hello '.repeat(12))
      const first = await answer(engine.generate(ask(plain, messages, { sampling: GREEDY })))
      const again = await answer(engine.generate(ask(plain, messages, { sampling: GREEDY })))
      assert.equal(again.done.reusedTokens, first.done.promptTokens - 1)
      assert.deepEqual(again.tokens, first.tokens)
      const other = [...messages, { role: 'assistant' as const, content: 'no' }, ...user('why')]
      const next = await answer(engine.generate(ask(plain, other, { sampling: GREEDY })))
      assert.ok(next.done.reusedTokens! >= first.done.promptTokens, String(next.done.reusedTokens))
      await engine.unload(plain)
      const fresh = await answer(engine.generate(ask(plain, messages, { sampling: GREEDY })))
      assert.equal(fresh.done.reusedTokens, undefined)
      assert.deepEqual(fresh.tokens, first.tokens)
    })

    it('beside each other, each what it would say alone, and one that goes takes no other with it', async () => {
      const prompts = ['a', 'hello you', 'x'.repeat(90), 'why not?']
      const sampling = { ...GREEDY, maxTokens: 40 }
      const alone: number[][] = []
      for (const prompt of prompts) alone.push((await answer(engine.generate(ask(fused, prompt, { sampling })))).tokens)
      const gone = new AbortController()
      const leaving = readUntil(engine.generate(ask(fused, 'never mind', { sampling }), gone), 5, () => {
        gone.abort(new Error('enough'))
      })
      const [left, ...together] = await Promise.all([
        leaving.catch((err: unknown) => err),
        ...prompts.map((prompt) => answer(engine.generate(ask(fused, prompt, { sampling }))))
      ])
      assert.match(String(left), /enough/)
      assert.deepEqual(
        together.map(({ tokens }) => tokens),
        alone
      )
      assert.ok(together.every(({ done }) => done.queueMs < done.prefillMs + done.decodeMs))
    })

    it('up to a stop string, which is not shown', async () => {
      const sampling = { ...GREEDY, stop: ['5€', 'never'] }
      const { text, done } = await answer(engine.generate(ask(chain, 'hello', { sampling })))
      assert.equal(text, 'Grüße 👋 cafe\u0301 ')
      assert.equal(done.finishReason, 'stop')
    })

    it('up to the token limit, and up to the end of the context', async () => {
      const short = await answer(engine.generate(ask(plain, 'hello', { sampling: { temperature: 0, maxTokens: 7 } })))
      assert.equal(short.tokens.length, 7)
      assert.equal(short.done.finishReason, 'length')
      const { done } = await answer(
        engine.generate(ask(plain, 'x'.repeat(200), { sampling: { temperature: 0, seed: 1 } }))
      )
      assert.equal(done.finishReason, 'length')
      assert.equal(done.promptTokens + done.answerTokens, 256)
    })
  })

  describe('refuses', () => {
    it('a prompt that leaves no room, with the figures', async () => {
      await assert.rejects(answer(engine.generate(ask(plain, 'x'.repeat(300)))), {
        name: 'PromptTooLongError',
        message: /prompt has 3\d\d tokens; the model's context of 256 leaves no room/
      })
    })

    it('no messages, and empty ones', async () => {
      await assert.rejects(answer(engine.generate(ask(plain, []))), { name: 'InvalidRequestError' })
      await assert.rejects(answer(engine.generate(ask(plain, ' \n'))), { name: 'InvalidRequestError' })
    })

    it('a model that it does not have, naming those it has', async () => {
      await assert.rejects(answer(engine.generate(ask('f'.repeat(64), 'hi'))), {
        name: 'UnknownModelError',
        message: /no model ffffffffffff; it has plain \(/
      })
    })

    it('to carry on from tokens that the model does not have', async () => {
      for (const id of [-1, 0.5, 5000]) {
        const continuation = { tokens: [id], text: '' }
        await assert.rejects(answer(engine.generate(ask(plain, 'hello', { continuation }))), {
          name: 'InvalidRequestError'
        })
      }
    })

    it('to run one id twice', async () => {
      const request = ask(chain, 'hello')
      await answer(engine.generate(request))
      await assert.rejects(answer(engine.generate(request)), {
        name: 'InvalidRequestError',
        message: /an id runs once/
      })
    })

    it('more than 64 at a time for a model; the others are answered', async () => {
      const asked = await Promise.allSettled(
        Array.from({ length: 66 }, () => answer(engine.generate(ask(chain, 'hello'))))
      )
      const refused = asked.filter((result) => result.status === 'rejected')
      assert.deepEqual(
        refused.map(({ reason }) => (reason as Error).name),
        ['BusyError', 'BusyError']
      )
    })
  })

  describe('carries on', () => {
    it('after any token of another run, as if nothing had happened', async () => {
      for (const model of [plain, chain]) {
        const whole = await full(model)
        const pieces = whole.events.filter((event) => event.type === 'tokens')
        for (const cut of [1, 2, 7, 8, 9, 15, pieces.length - 1, pieces.length]) {
          const before = pieces.slice(0, cut)
          const tokens = before.flatMap((piece) => piece.tokens)
          const text = before.map((piece) => piece.text).join('')
          const continuation = { tokens, text }
          const rest = await answer(engine.generate(ask(model, 'hello', { sampling: GREEDY, continuation })))
          assert.equal(text + rest.text, whole.text, `cut after ${String(cut)}`)
          assert.deepEqual([...tokens, ...rest.tokens], whole.tokens)
          assert.equal(rest.done.finishReason, whole.done.finishReason)
          assert.equal(rest.done.answerTokens, whole.done.answerTokens)
        }
      }
    })

    it('with the same draws under a seed, and within the same budget', async () => {
      const sampling = { temperature: 1.2, seed: 99, maxTokens: 40 }
      const whole = await answer(engine.generate(ask(plain, 'hello', { sampling })))
      const continuation = { tokens: whole.tokens.slice(0, 13), text: '' }
      const rest = await answer(engine.generate(ask(plain, 'hello', { sampling, continuation })))
      assert.deepEqual(rest.tokens, whole.tokens.slice(13))
    })

    it('with a stop string that began before the cut', async () => {
      const sampling = { ...GREEDY, stop: ['👋 caf'] }
      const whole = await answer(engine.generate(ask(chain, 'hello', { sampling })))
      assert.equal(whole.text, 'Grüße ')
      const continuation = { tokens: whole.tokens.slice(0, -1), text: 'Grüße ' }
      const rest = await answer(engine.generate(ask(chain, 'hello', { sampling, continuation })))
      assert.equal(rest.text, '')
      assert.equal(rest.done.finishReason, 'stop')
    })

    it('from the text of another model', async () => {
      const continuation = { tokens: [], text: 'Grüße 👋 cafe\u0301 5€' }
      const { text, done } = await answer(engine.generate(ask(chain, 'hello', { sampling: GREEDY, continuation })))
      assert.equal(text, ' (한).')
      assert.equal(done.finishReason, 'stop')
    })
  })

  describe('stops', () => {
    it('within a token when it is told to, with the reason it was given', async () => {
      const controller = new AbortController()
      const events = engine.generate(ask(plain, 'hello', { sampling: { ...GREEDY, maxTokens: 200 } }), controller)
      const reason = new Error('enough')
      await assert.rejects(
        readUntil(events, 3, () => {
          controller.abort(reason)
        }),
        (err) => err === reason
      )
      // The queue is free: the next one does not wait for the 197 tokens that are no longer wanted.
      const { done } = await full(plain)
      assert.ok(done.queueMs < 100, `waited ${String(done.queueMs)} ms`)
    })

    it('when its reader walks away', async () => {
      for await (const event of engine.generate(ask(plain, 'hello', { sampling: { ...GREEDY, maxTokens: 200 } }))) {
        if (event.type === 'tokens') break
      }
      assert.ok((await full(plain)).done.queueMs < 100)
    })

    it('before it began, when it was still waiting', async () => {
      const first = full(plain)
      const controller = new AbortController()
      const second = answer(engine.generate(ask(plain, 'hello', { sampling: GREEDY }), controller))
      controller.abort(new Error('too late'))
      await assert.rejects(second, /too late/)
      assert.equal((await first).done.answerTokens, 60)
    })
  })

  describe('measures', () => {
    it('a model once, and again when told to', async () => {
      const first = await engine.measure(plain)
      assert.ok(first.decodeRate > 1 && first.prefillRate > first.decodeRate)
      assert.deepEqual(await engine.measure(plain), first)
      assert.notDeepEqual(await engine.measure(plain, { again: true }), first)
    })

    it('and tells what became of each provider', async () => {
      await full(plain)
      const used = engine.providers().filter(({ state }) => state === 'used')
      assert.deepEqual(
        used.map(({ provider }) => provider),
        ['cpu']
      )
      assert.match(engine.hardware(), /^cpu, \d+ cores?/)
    })

    it('remembers in the store, so that another process need not measure', async () => {
      const store = new Map<string, string>()
      const one = testEngine({ places: [place('plain')], store })
      const two = testEngine({ places: [place('plain')], store })
      try {
        const rates = await one.measure(await hashOf(one, 'plain'))
        assert.deepEqual(await two.measure(await hashOf(two, 'plain')), rates)
        assert.equal(two.pid(), null)
      } finally {
        await Promise.all([one.stop(), two.stop()])
      }
    })
  })

  it('says once a second that a request waits, until the first token, and its place', async () => {
    // A stopped child stands for one that is busy.
    await full(plain)
    const pid = engine.pid() ?? assert.fail('no child')
    process.kill(pid, 'SIGSTOP')
    const waits: GenerateEvent[] = []
    try {
      const all = Array.from({ length: MAX_ROWS + 1 }, () =>
        engine.generate(ask(plain, 'hello', { sampling: GREEDY }))[Symbol.asyncIterator]()
      )
      for (const events of all) await events.next()
      for (const events of all.slice(-2)) waits.push((await events.next()).value as GenerateEvent)
      process.kill(pid, 'SIGCONT')
      for (const events of all) {
        let event = await events.next()
        while (event.done !== true && event.value.type !== 'done') event = await events.next()
      }
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    const waiting = { type: 'waiting', loaded: null, prefilled: null }
    assert.deepEqual(waits, [
      { ...waiting, place: 0 },
      { ...waiting, place: MAX_ROWS }
    ])
  })

  it('frees a model, and loads it again when it is asked', async () => {
    await full(plain)
    const loaded = async (): Promise<boolean | undefined> =>
      (await engine.models()).find(({ hash }) => hash === plain)?.loaded
    assert.equal(await loaded(), true)
    await engine.unload(plain)
    assert.equal(await loaded(), false)
    assert.equal((await full(plain)).done.answerTokens, 60)
  })

  it('outlives its child: every running request fails, the next starts another', async () => {
    await full(plain)
    const pid = engine.pid() ?? assert.fail('no child')
    assert.ok(((await engine.memory()) ?? 0) > 10)
    // The child is stopped, so that none is answered before it is killed, and killed when all have been handed to it:
    // one that came later would be answered by the next.
    process.kill(pid, 'SIGSTOP')
    const running = [plain, plain, chain].map((model) => engine.generate(ask(model, 'hello', { sampling: GREEDY })))
    const first = await Promise.all(running.map((events) => events[Symbol.asyncIterator]().next()))
    assert.deepEqual(
      first.map(({ value }) => (value as GenerateEvent).type),
      ['accepted', 'accepted', 'accepted']
    )
    process.kill(pid, 'SIGKILL')
    for (const events of running) await assert.rejects(answer(events), { name: 'EngineFailedError' })
    assert.equal((await full(plain)).done.answerTokens, 60)
    assert.notEqual(engine.pid(), pid)
  })

  it('leaves Ctrl-C to its parent', async () => {
    await full(plain)
    const pid = engine.pid() ?? assert.fail('no child')
    process.kill(pid, 'SIGINT')
    await full(plain)
    assert.equal(engine.pid(), pid)
  })

  it('takes nothing more once it is stopped, and leaves no process behind', async () => {
    const own = testEngine({ places: [place('plain')] })
    const model = await hashOf(own, 'plain')
    const events = own.generate(ask(model, 'hello', { sampling: { ...GREEDY, maxTokens: 200 } }))
    const pieces = readUntil(events, 2, () => undefined)
    const failed = assert.rejects(pieces, { name: 'EngineFailedError' })
    while (own.pid() === null) await delay(5)
    const pid = own.pid() ?? assert.fail('no child')
    await own.stop()
    await failed
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    await assert.rejects(answer(own.generate(ask(model, user('hi')))), { name: 'EngineFailedError' })
  })

  it('is no engine where onnxruntime is not installed, but knows its models', async () => {
    const without = testEngine({ places: [place('plain')], runtime: 'onnxruntime-nowhere' })
    const [model] = await without.models()
    assert.equal(model?.broken, null)
    await assert.rejects(answer(without.generate(ask(model.hash, 'hello'))), {
      name: 'EngineUnavailableError',
      message: /onnxruntime-nowhere is not installed.*Linux \(x64, arm64, glibc\)/
    })
    assert.equal(without.pid(), null)
  })
})
