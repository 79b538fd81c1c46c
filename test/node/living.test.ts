import assert from 'node:assert/strict'
import type { Engine, GenerateEvent, GenerateRequest, MeshEvent } from '../../src/interface.ts'
import { OwnAnswers } from '../../src/node/answering.ts'
import type { Asking } from '../../src/node/asking.ts'
import { Gate } from '../../src/node/gate.ts'
import { Living } from '../../src/node/living.ts'
import { OwnCapability } from '../../src/node/own-capability.ts'
import { Pausing } from '../../src/node/pausing.ts'
import { ManualClock } from '../protocols/manual-clock.ts'

const ACCEPTED: GenerateEvent = {
  type: 'accepted',
  model: { name: 'qwen', hash: 'hash' },
  sampling: { maxTokens: 9, temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1, seed: 0, stop: [] }
}
const DONE: GenerateEvent = {
  type: 'done',
  finishReason: 'stop',
  promptTokens: 3,
  answerTokens: 2,
  queueMs: 0,
  prefillMs: 0,
  decodeMs: 0
}

describe('a device that its owner pauses or stops', () => {
  let events: MeshEvent[]
  let capability: OwnCapability
  let answers: OwnAnswers
  let living: Living
  let clock: ManualClock
  /** Ends the answers that the engine is at, in the order in which they began. */
  let finish: (() => void)[]
  let ids: number
  /** Asks from here that are under way elsewhere. */
  let elsewhere: { running: number; settled: () => Promise<void> }

  beforeEach(() => {
    events = []
    finish = []
    ids = 0
    clock = new ManualClock()
    elsewhere = { running: 0, settled: () => Promise.resolve() }
    capability = new OwnCapability({ name: 'pi', version: '0.1.0', answering: 'yes', changed: () => undefined })
    const engine = {
      async *generate(_request: GenerateRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<GenerateEvent> {
        yield ACCEPTED
        await new Promise<void>((resolve, reject) => {
          finish.push(resolve)
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error)
          })
        })
        yield DONE
      }
    }
    const gate = new Gate({ atOnce: () => 2, nameOf: () => 'qwen', alsoAt: () => [], clock })
    answers = new OwnAnswers({ engine: engine as unknown as Engine, capability, maxRate: null, gate })
    const counts = { asked: 0, failed: 0, failovers: 0 }
    living = new Living({
      answer: 'yes',
      capability,
      answers,
      asking: () => ({ counts, ...elsewhere }) as unknown as Asking,
      pausing: new Pausing({
        store: { read: () => null, write: () => undefined },
        clock,
        changed: () => {
          living.changed()
        }
      }),
      emit: (event) => events.push(event)
    })
  })

  afterEach(() => {
    living.stop()
  })

  /** Begins an answer; what becomes of it is its end's type, or its error's name. */
  async function answer(asker: string | null): Promise<{ ended: Promise<string> }> {
    const before = finish.length
    const state = { over: false }
    const request = { id: String(++ids), model: 'hash', messages: [], sampling: {} }
    const ended = (async () => {
      let last = ''
      try {
        for await (const { type } of answers.generate(request, { asker })) last = type
      } catch (err) {
        last = `${(err as Error).name}: ${(err as Error).message}`
      }
      state.over = true
      return last
    })()
    // Until the engine is at it, it waits for its turn, or it was refused.
    while (finish.length === before && answers.running <= 2 && !state.over)
      await new Promise((resolve) => setImmediate(resolve))
    return { ended }
  }

  it('is paused at once; what runs for others finishes', async () => {
    const { ended } = await answer('other')
    assert.deepEqual(living.pause({ forMs: 5000 }), { resumesInMs: 5000, running: 1, finishMs: 60_000 })
    assert.deepEqual([capability.get().answering, capability.get().queue], ['paused', 1])
    const refused = await answer('other')
    assert.match(await refused.ended, /^NotAnsweringError: .*paused/)
    finish[0]?.()
    assert.equal(await ended, 'done')
    assert.equal(living.counters.answered, 1)
    assert.equal(living.counters.refused, 1)
    clock.advance(5000)
    assert.equal(capability.get().answering, 'yes')
    assert.deepEqual(
      events.map((event) => event.type === 'pause' && event.pause?.resumesInMs),
      [5000, undefined]
    )
    assert.equal(living.counters.pausedMs, 5000)
  })

  it('lets go of what runs for others when its time is over, and of what waits at once; the owner’s own stays', async () => {
    const own = await answer(null)
    const theirs = await answer('other')
    const waits = await answer('other')
    living.pause({ finishMs: 1 })
    assert.match(await waits.ended, /^NotAnsweringError: .*paused/)
    assert.match(await theirs.ended, /^NotAnsweringError: .*paused/)
    assert.equal(answers.running, 1)
    const named = await answer(null)
    finish[0]?.()
    finish.at(-1)?.()
    assert.deepEqual(await Promise.all([own.ended, named.ended]), ['done', 'done'])
    assert.deepEqual([living.counters.movedAway, living.counters.answered], [2, 2])
  })

  it('that is resumed lets the answers be that began before', async () => {
    const { ended } = await answer('other')
    living.pause({ finishMs: 20 })
    living.resume()
    await new Promise((resolve) => setTimeout(resolve, 40))
    finish[0]?.()
    assert.equal(await ended, 'done')
  })

  it('drains: takes no more, waits for what runs, here and elsewhere, and says so', async () => {
    const { ended } = await answer('other')
    let end = (): void => undefined
    elsewhere = { running: 2, settled: () => new Promise((resolve) => (end = resolve)) }
    let drained = false
    const draining = living.drain(60_000).then(() => (drained = true))
    assert.deepEqual(events, [{ type: 'draining', running: 3, finishMs: 60_000 }])
    assert.equal(capability.get().answering, 'draining')
    assert.match(await (await answer(null)).ended, /stopping/)
    finish[0]?.()
    assert.equal(await ended, 'done')
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(drained, false)
    end()
    await draining
  })

  it('is drained by who has the least patience', async () => {
    const { ended } = await answer('other')
    const first = living.drain(60_000)
    await living.drain(0)
    await first
    assert.match(await ended, /^NotAnsweringError: .*stopping/)
    assert.equal(living.counters.movedAway, 1)
  })

  it('refuses times that are none', async () => {
    assert.throws(() => living.pause({ finishMs: -1 }), { name: 'InvalidRequestError' })
    assert.throws(() => living.pause({ forMs: Number.NaN }), { name: 'InvalidRequestError' })
    await assert.rejects(living.drain(Number.NaN), { name: 'InvalidRequestError' })
    assert.equal(capability.get().answering, 'yes')
  })
})
