import assert from 'node:assert/strict'
import type { Answering, Engine, GenerateEvent, GenerateRequest } from '../../src/interface.ts'
import { OwnAnswers } from '../../src/node/answering.ts'
import { Gate } from '../../src/node/gate.ts'
import { OwnCapability } from '../../src/node/own-capability.ts'
import { FakeModel } from './fake-model.ts'

const REQUEST: GenerateRequest = {
  id: 'a'.repeat(32),
  model: 'hash',
  messages: [{ role: 'user', content: 'Hello' }],
  sampling: {}
}

/** Asked by another device. */
const OTHER = { asker: '12D3KooWOther' }

describe('answers of this device', () => {
  function begin(answering: Answering, maxRate: number | null = null) {
    const queues: number[] = []
    const capability: OwnCapability = new OwnCapability({
      name: 'pi',
      version: '0.1.0',
      answering,
      changed: () => queues.push(capability.get().queue)
    })
    const model = new FakeModel({}, [0, 1, 2, 3], () => 0)
    const engine = {
      failure: undefined as Error | undefined,
      closed: 0,
      async *generate(request: GenerateRequest): AsyncGenerator<GenerateEvent> {
        try {
          for (const event of model.generate(request)) {
            await Promise.resolve()
            if (event.type === 'tokens' && this.failure !== undefined) throw this.failure
            yield event
          }
        } finally {
          this.closed++
        }
      }
    }
    const gate = new Gate({ atOnce: () => 2, nameOf: () => 'qwen', alsoAt: () => ['laptop'] })
    const answers = new OwnAnswers({ engine: engine as unknown as Engine, capability, maxRate, gate })
    return { answers, engine, queues, model }
  }

  it('are the engine’s, and the queue is published while they run', async () => {
    const { answers, queues, model } = begin('yes')
    let text = ''
    for await (const event of answers.generate(REQUEST, OTHER)) {
      if (event.type === 'tokens') text += event.text
      assert.deepEqual([answers.running, queues], [1, [1]])
    }
    assert.equal(text, model.text)
    assert.deepEqual([answers.running, answers.counts.answered, queues], [0, 1, [1, 0]])
  })

  it('count when they came to their end, also for a reader who stops there', async () => {
    const { answers, engine } = begin('yes')
    for await (const { type } of answers.generate(REQUEST, OTHER)) if (type === 'done') break
    assert.deepEqual([answers.running, answers.counts.answered, engine.closed], [0, 1, 1])
  })

  it('that fail or are left leave the queue as it was, and do not count', async () => {
    const { answers, engine, queues } = begin('yes')
    for await (const { type } of answers.generate(REQUEST, OTHER)) if (type === 'tokens') break
    engine.failure = new Error('the engine died')
    const failing = (async () => {
      for await (const event of answers.generate(REQUEST, OTHER)) assert.notEqual(event.type, 'done')
    })()
    await assert.rejects(failing, engine.failure)
    assert.deepEqual([answers.running, answers.counts.answered, engine.closed, queues], [0, 0, 2, [1, 0, 1, 0]])
  })

  it('are counted apart while several run', async () => {
    const { answers, queues } = begin('yes')
    const both = [answers.generate(REQUEST, OTHER), answers.generate(REQUEST, OTHER)]
    for (const each of both) await each.next()
    assert.equal(answers.running, 2)
    for (const each of both) await each.return(undefined)
    assert.deepEqual([answers.running, queues], [0, [1, 2, 1, 0]])
  })

  it('are refused with the reason while the device takes none', async () => {
    const reasons = { no: /does not answer/, paused: /paused by its owner/, draining: /stopping/ }
    for (const [answering, message] of Object.entries(reasons)) {
      const { answers, queues } = begin(answering as Answering)
      await assert.rejects(answers.generate(REQUEST, OTHER).next(), { name: 'NotAnsweringError', message })
      assert.deepEqual([answers.running, queues], [0, []])
    }
  })

  it('come no faster than the owner allows', async () => {
    const { answers, model } = begin('yes', 1000)
    const before = performance.now()
    let tokens = 0
    let last = 0
    for await (const event of answers.generate(REQUEST, OTHER)) {
      if (event.type === 'tokens') tokens += last = event.tokens.length
    }
    assert.equal(tokens, model.ids.length)
    assert.ok(performance.now() - before >= tokens - last - 1)
  })
})
