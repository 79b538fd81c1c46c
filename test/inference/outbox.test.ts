import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Reply } from '../../src/inference/messages.ts'
import { outbox } from '../../src/inference/outbox.ts'

const tokens = (id: string, token: number): Reply => ({ type: 'tokens', id, tokens: [token], text: '' })
const remark: Reply = { type: 'remark', text: 'a provider is tried' }

describe("the child's outbox", () => {
  it('sends what is said of answers in one turn as one message, in its order', async () => {
    const sent: Reply[][] = []
    const say = outbox((replies) => sent.push(replies))
    const first = [tokens('a', 1), tokens('b', 2), tokens('a', 3)]
    first.forEach(say)
    assert.deepEqual(sent, [])
    await setImmediate()
    assert.deepEqual(sent, [first])
    say(tokens('a', 4))
    await setImmediate()
    assert.deepEqual(sent, [first, [tokens('a', 4)]])
  })

  it('sends all else at once, after what waits', async () => {
    const sent: Reply[][] = []
    const say = outbox((replies) => sent.push(replies))
    say(tokens('a', 1))
    say(remark)
    assert.deepEqual(sent, [[tokens('a', 1), remark]])
    say(remark)
    assert.deepEqual(sent.at(-1), [remark])
    await setImmediate()
    assert.equal(sent.length, 2)
  })
})
