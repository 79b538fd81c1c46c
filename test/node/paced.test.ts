import assert from 'node:assert/strict'
import type { GenerateEvent, GenerateRequest } from '../../src/interface.ts'
import { paced } from '../../src/node/paced.ts'

const request: GenerateRequest = { id: '0'.repeat(32), model: 'm', messages: [], sampling: {} }

async function* tokens(count: number): AsyncIterable<GenerateEvent> {
  for (let token = 0; token < count; token++)
    yield await Promise.resolve({ type: 'tokens', tokens: [token], text: 'x' })
}

describe('a paced engine', () => {
  it('lets through at most its rate, and every token in order', async () => {
    const started = performance.now()
    const seen: number[] = []
    for await (const event of paced(() => tokens(11), 100)(request)) {
      if (event.type === 'tokens') seen.push(...event.tokens)
    }
    const took = performance.now() - started
    assert.deepEqual(seen, [...Array(11).keys()])
    // Ten gaps of 10 ms.
    assert.ok(took >= 100, `${String(took)} ms`)
  })

  it('counts a piece of text without ids as one token', async () => {
    const pieces = async function* (): AsyncIterable<GenerateEvent> {
      for await (const event of tokens(11)) yield { ...event, tokens: [] } as GenerateEvent
    }
    const started = performance.now()
    for await (const event of paced(pieces, 100)(request)) assert.equal(event.type, 'tokens')
    const took = performance.now() - started
    assert.ok(took >= 100, `${String(took)} ms`)
  })

  it('does not make up for the time in which the device slept', async () => {
    let sleptMs = 0
    const times: number[] = []
    for await (const event of paced(
      () => tokens(21),
      50,
      () => performance.now() + sleptMs
    )(request)) {
      if (event.type !== 'tokens') continue
      times.push(performance.now())
      if (times.length === 10) sleptMs = 10_000
    }
    // Ten gaps of 20 ms; 100 ms of them may be made up for, and a timer may fire early.
    assert.ok(times.at(-1)! - times[9]! >= 90, `${String(times.at(-1)! - times[9]!)} ms`)
  })

  it('ends at once when it is cancelled in a wait', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const read = async () => {
      for await (const event of paced(() => tokens(2), 0.001)(request, { signal: controller.signal })) {
        if (event.type === 'tokens') controller.abort(reason)
      }
    }
    await assert.rejects(read, (err) => err === reason)
  })
})
