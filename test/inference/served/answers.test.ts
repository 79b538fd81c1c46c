import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { GenerateEvent } from '../../../src/interface.ts'
import { Bench, collect, request, textOf } from './fixture.ts'
import {
  answerWith,
  beginStream,
  event,
  finished,
  llamaCpp,
  ollama,
  other,
  piece,
  usage,
  vllm
} from './scripted-server.ts'

describe('an answer of another engine', () => {
  let bench: Bench

  beforeEach(() => {
    bench = new Bench()
  })

  afterEach(async () => {
    await bench.close()
  })

  it('is accepted, comes piece by piece without ids, and ends with the figures of the server', async () => {
    const { ask, model, server } = await bench.with()
    const events = await ask({
      sampling: { maxTokens: 50, temperature: 0.5, topK: 3, repetitionPenalty: 1.1, seed: 9 }
    })
    const [accepted] = events
    assert.ok(accepted?.type === 'accepted')
    assert.deepEqual(accepted.model, { name: 'Qwen3-4B', hash: model.hash })
    assert.equal(accepted.sampling.maxTokens, 50)
    assert.deepEqual(
      events.filter(({ type }) => type === 'tokens'),
      ['Hello', ' there', '.'].map((text) => ({ type: 'tokens', tokens: [], text }))
    )
    const done = events.at(-1)
    assert.ok(done?.type === 'done')
    assert.deepEqual([done.finishReason, done.promptTokens, done.answerTokens], ['stop', 7, 3])
    const { messages, ...asked } = server.calls[0]!.body
    assert.deepEqual(messages, [{ role: 'user', content: 'Hi' }])
    assert.deepEqual(asked, {
      model: 'Qwen3-4B',
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 50,
      temperature: 0.5,
      top_p: 1,
      top_k: 3,
      repetition_penalty: 1.1,
      seed: 9
    })
  })

  it('is sampled as the server does by itself where nobody says otherwise, with room to think', async () => {
    const { ask, server } = await bench.with({ paths: llamaCpp() })
    await ask({ sampling: {} })
    const { temperature, top_p: topP, top_k: topK, max_tokens: most } = server.calls[0]!.body
    assert.deepEqual({ temperature, topP, topK, most }, { temperature: 0.7, topP: 0.9, topK: 20, most: 4096 })
  })

  it('comes as it is made, and says each second that it is waited for', async () => {
    let go: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const { served, model } = await bench.with({
      paths: llamaCpp(),
      chat: async (_call, response) => {
        beginStream(response)
        response.write(event({ choices: [], prompt_progress: { total: 200, cache: 0, processed: 50 } }))
        await gate
        response.write(piece('one'))
        await once(response, 'close')
      }
    })
    const events: GenerateEvent[] = []
    for await (const each of served.generate(request(model.hash))) {
      events.push(each)
      if (each.type === 'waiting' && events.filter(({ type }) => type === 'waiting').length === 2) go()
      // The server has not ended, and never will: the piece is here all the same.
      if (each.type === 'tokens') break
    }
    assert.deepEqual(events.slice(1, 3), [
      { type: 'waiting', place: 0, loaded: 1, prefilled: 0.25 },
      { type: 'waiting', place: 0, loaded: 1, prefilled: 0.25 }
    ])
  })

  it('tells that a model is not loaded yet', async () => {
    const { served, model } = await bench.with({ paths: ollama(), chat: (_call, response) => once(response, 'close') })
    assert.equal(model.name, 'llama3.1:8b')
    for await (const each of served.generate(request(model.hash))) {
      if (each.type === 'accepted') continue
      assert.deepEqual(each, { type: 'waiting', place: 0, loaded: 0, prefilled: null })
      break
    }
  })

  it('closes its request at once when it is aborted, before and in the middle, and when its reader leaves', async () => {
    const chat = async (call: { closed: AbortSignal }, response: ServerResponse): Promise<void> => {
      if (server.calls.length > 1) {
        beginStream(response)
        response.write(piece('one'))
      }
      if (!call.closed.aborted) await once(call.closed, 'abort')
    }
    const { served, model, server } = await bench.with({ chat })
    const closed = async (): Promise<void> => {
      const call = server.calls.at(-1)!
      if (!call.closed.aborted) await once(call.closed, 'abort')
    }
    const reason = new Error('no longer wanted')
    const before = new AbortController()
    const asking = assert.rejects(collect(served.generate(request(model.hash), before)), (error) => error === reason)
    while (server.calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
    before.abort(reason)
    await asking
    await closed()
    const middle = new AbortController()
    await assert.rejects(
      (async () => {
        for await (const { type } of served.generate(request(model.hash), middle))
          if (type === 'tokens') middle.abort(reason)
      })(),
      (error) => error === reason
    )
    await closed()
    for await (const { type } of served.generate(request(model.hash))) if (type === 'tokens') break
    await closed()
    assert.equal(server.calls.length, 3)
    // None of it was the server's fault.
    assert.equal((await served.models()).length, 1)
    assert.equal((await served.models())[0]!.broken, null)
  })

  it('ends before a stop string that the server does not know, though it comes in two pieces', async () => {
    const { ask, server } = await bench.with({
      chat: async (call, response) => {
        beginStream(response)
        for (const each of ['One', ' EN', 'D two']) response.write(piece(each))
        if (!call.closed.aborted) await once(call.closed, 'abort')
      }
    })
    const events = await ask({ sampling: { maxTokens: 50, stop: ['END'] } })
    assert.equal(textOf(events), 'One ')
    assert.ok(events.at(-1)?.type === 'done')
    assert.deepEqual(server.calls[0]!.body.stop, ['END'])
  })

  it('is cut where a server gives more than was agreed upon', async () => {
    const { ask } = await bench.with({
      chat: async (call, response) => {
        beginStream(response)
        for (let i = 0; i < 100; i++) response.write(piece(`${i} `))
        if (!call.closed.aborted) await once(call.closed, 'abort')
      }
    })
    const events = await ask({ sampling: { maxTokens: 5 } })
    assert.equal(textOf(events), '0 1 2 3 4 ')
    const done = events.at(-1)
    assert.ok(done?.type === 'done')
    assert.deepEqual([done.finishReason, done.answerTokens], ['length', 5])
  })

  it('says that the limit was reached, and counts pieces where the server counts nothing or lies', async () => {
    for (const lie of ['', usage(-1, 9_999_999), usage(1e300, -3), event({ choices: [], usage: 'many' })]) {
      const { ask } = await bench.with({
        chat: (_call, response) => {
          beginStream(response)
          response.end([piece('a'), piece('b'), finished('length'), lie, event('[DONE]')].join(''))
        }
      })
      const done = (await ask()).at(-1)
      assert.ok(done?.type === 'done')
      assert.deepEqual([done.finishReason, done.promptTokens, done.answerTokens], ['length', 0, 2])
    }
  })

  it('is whole though the figures never come', async () => {
    const { ask } = await bench.with({
      chat: (_call, response) => {
        beginStream(response)
        response.write([piece('a'), finished()].join(''))
      }
    })
    assert.equal(textOf(await ask()), 'a')
  })

  it('waits while a model thinks, and says when thinking has used everything up', async () => {
    let thoughts = 3
    const { ask } = await bench.with({
      chat: (_call, response) => {
        beginStream(response)
        for (let i = 0; i < thoughts; i++) response.write(event({ choices: [{ delta: { reasoning_content: 'hm' } }] }))
        if (thoughts === 3) response.write(piece('42'))
        response.end([finished(thoughts === 3 ? 'stop' : 'length'), event('[DONE]')].join(''))
      }
    })
    assert.equal(textOf(await ask()), '42')
    thoughts = 5
    await assert.rejects(ask(), { name: 'InvalidRequestError', message: /thinking.*--max-tokens/ })
  })

  it('cuts a piece that no frame could hold, never through a character', async () => {
    const long = '🦦'.repeat(20_000)
    const { ask } = await bench.with({
      chat: (_call, response) => {
        answerWith(response, long)
      }
    })
    const events = await ask()
    assert.equal(textOf(events), long)
    for (const each of events) {
      if (each.type === 'tokens') assert.ok(each.text.length <= 8192 && !/^[\udc00-\udfff]/.test(each.text))
    }
  })

  it('carries on from a begun one where the server can, and neither doubles nor loses a space', async () => {
    for (const [paths, extra] of [
      [vllm('Qwen3-4B'), { add_generation_prompt: false, continue_final_message: true }],
      [llamaCpp(), {}],
      [ollama(), {}]
    ] as const) {
      const { ask, server } = await bench.with({
        paths,
        chat: (_call, response) => {
          answerWith(response, ' three', ' four')
        }
      })
      const events = await ask({ continuation: { tokens: [], text: 'One two ' }, sampling: { maxTokens: 20 } })
      // The server is not given the space at the end, and says it itself.
      assert.equal(textOf(events), 'three four')
      const { messages, max_tokens: most, ...body } = server.calls[0]!.body
      assert.deepEqual(messages.at(-1), { role: 'assistant', content: 'One two' })
      assert.equal(most, 18)
      for (const [key, value] of Object.entries(extra)) assert.equal(body[key], value)
      const done = events.at(-1)
      assert.ok(done?.type === 'done')
      assert.equal(done.answerTokens, 4)
    }
  })

  it('is not begun anew by a server that cannot carry on', async () => {
    const { ask, model, server } = await bench.with({ paths: other('some-7b') })
    assert.equal(model.startsOnly, true)
    for (const continuation of [
      { tokens: [], text: 'One' },
      { tokens: [1, 2], text: '' }
    ]) {
      await assert.rejects(ask({ continuation }), { name: 'ServedEngineError', message: /carry on/ })
    }
    assert.equal(server.calls.length, 0)
  })

  it('runs an id once, refuses an empty prompt, and knows no other model', async () => {
    const { served, model, ask } = await bench.with()
    const once = request(model.hash)
    await collect(served.generate(once))
    await assert.rejects(collect(served.generate(once)), { name: 'InvalidRequestError' })
    await assert.rejects(ask({ messages: [{ role: 'user', content: ' ' }] }), { name: 'InvalidRequestError' })
    await assert.rejects(collect(served.generate(request('ab'.repeat(32)))), { name: 'UnknownModelError' })
  })

  it('shows how fast the model is, where it was alone and long enough', async () => {
    const timings = { prompt_n: 500, prompt_per_second: 1234, predicted_n: 20, predicted_per_second: 56 }
    const words = Array.from({ length: 20 }, (_, index) => `w${index} `)
    const { ask, served, model } = await bench.with({
      paths: llamaCpp(),
      chat: (_call, response) => {
        beginStream(response)
        response.end(
          [
            ...words.map((each) => piece(each)),
            event({ choices: [{ delta: {}, finish_reason: 'stop' }], timings }),
            usage(500, 20),
            event('[DONE]')
          ].join('')
        )
      }
    })
    assert.equal(served.list()[0]!.models[0]!.measured, false)
    await Promise.all([ask(), ask()])
    assert.equal(served.list()[0]!.models[0]!.measured, false, 'two at once show nothing')
    await ask()
    assert.deepEqual(await served.measure(model.hash), { decodeRate: 56, prefillRate: 1234 })
    assert.equal(served.list()[0]!.models[0]!.measured, true)
    // Kept beyond the process.
    const again = bench.served([{ name: 'box', url: served.list()[0]!.url, keyFile: null, parameters: null }])
    await again.models()
    assert.deepEqual(await again.measure(model.hash), { decodeRate: 56, prefillRate: 1234 })
  })
})
