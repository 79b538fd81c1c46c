import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { Broadcast } from '../../src/node/broadcast.ts'

describe('a broadcast', () => {
  it('tells each watcher what happens from its call on, at its own pace', async () => {
    const events = new Broadcast<number>()
    const early = events.watch()
    events.emit(1)
    const late = events.watch()
    events.emit(2)
    events.end()
    assert.deepEqual([await all(early), await all(late)], [[1, 2], [2]])
  })

  it('gives what comes to a reader that waits, and to several in their order', async () => {
    const events = new Broadcast<number>()
    const watcher = events.watch()
    const reads = [watcher.next(), watcher.next()]
    events.emit(1)
    events.emit(2)
    assert.deepEqual(
      (await Promise.all(reads)).map(({ value }) => value),
      [1, 2]
    )
  })

  it('keeps a bounded number of what must not be missed for the first who watches', async () => {
    const events = new Broadcast<number>({ isKept: (event) => event % 2 === 0 })
    for (let event = 0; event < 300; event++) events.emit(event)
    const [first, second] = [events.watch(), events.watch()]
    events.emit(400)
    events.end()
    const [heard, later] = [await all(first), await all(second)]
    assert.deepEqual([heard.length, heard.slice(0, 3), heard.at(-1)], [101, [0, 2, 4], 400])
    assert.deepEqual(later, [400])
  })

  it('ends when everything is read, also for who comes later', async () => {
    const events = new Broadcast<number>()
    const [slow, waiting] = [events.watch(), events.watch()]
    const read = waiting.next()
    const end = waiting.next()
    events.emit(1)
    events.end()
    assert.deepEqual(
      [await read, await end].map(({ done }) => done),
      [false, true]
    )
    assert.deepEqual([await all(slow), await all(events.watch())], [[1], []])
  })

  it('drops the oldest of what nobody reads, beyond a thousand', async () => {
    const events = new Broadcast<number>()
    const slow = events.watch()
    for (let event = 0; event < 2500; event++) events.emit(event)
    events.end()
    const read = await all(slow)
    assert.deepEqual([read.length, read[0], read.at(-1)], [1000, 1500, 2499])
  })

  it('throws the reason of the signal at once, whether a reader waits or not', async () => {
    const events = new Broadcast<number>()
    const reason = new Error('enough')
    const controller = new AbortController()
    const [waiting, resting] = [events.watch(controller), events.watch(controller)]
    const read = waiting.next()
    events.emit(1)
    assert.equal((await read).value, 1)
    const pending = waiting.next()
    controller.abort(reason)
    for (const next of [pending, resting.next(), events.watch(controller).next()]) {
      await assert.rejects(next, (error) => error === reason)
    }
    assert.equal((await waiting.next()).done, true)
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  })

  it('lets go of a watcher that leaves, even in the middle of a wait or before its first read', async () => {
    const events = new Broadcast<number>()
    const { signal } = new AbortController()
    const [unread, waiting] = [events.watch({ signal }), events.watch({ signal })]
    await unread.return?.()
    const read = waiting.next()
    await waiting.return?.()
    assert.equal((await read).done, true)
    events.emit(1)
    assert.deepEqual([(await unread.next()).done, (await waiting.next()).done], [true, true])
    for await (const event of leaving(events, signal)) if (event === 1) break
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

/** A watcher that finds an event waiting for it. */
function leaving(events: Broadcast<number>, signal: AbortSignal): AsyncIterable<number> {
  const watcher = events.watch({ signal })
  events.emit(1)
  return watcher
}

async function all(watcher: AsyncIterable<number>): Promise<number[]> {
  const events: number[] = []
  for await (const event of watcher) events.push(event)
  return events
}
