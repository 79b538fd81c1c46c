import assert from 'node:assert/strict'
import { requestQueue } from '../../src/inference/request-queue.ts'

interface Gate {
  open: () => void
  opened: Promise<void>
}

function gate(): Gate {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open, opened }
}

describe('the queue of a model', () => {
  it('lets one in at a time, first come first served, and tells each its place', async () => {
    const queue = requestQueue(() => 1)
    const gates = [gate(), gate(), gate()]
    const places: number[][] = [[], [], []]
    const order: number[] = []
    const { signal } = new AbortController()
    const all = gates.map(async ({ opened }, index) =>
      queue.run(
        async () => {
          order.push(index)
          await opened
        },
        { signal, place: (before) => places[index]?.push(before) }
      )
    )
    gates[0]?.open()
    await all[0]
    gates[2]?.open()
    gates[1]?.open()
    await Promise.all(all)
    assert.deepEqual(order, [0, 1, 2])
    assert.deepEqual(places, [[0], [1, 0], [2, 1, 0]])
  })

  it('takes out who gives up, and the others move up', async () => {
    const queue = requestQueue(() => 1)
    const first = gate()
    const places: number[] = []
    const gone = new AbortController()
    const options = { signal: new AbortController().signal, place: () => undefined }
    const running = queue.run(() => first.opened, options)
    const waiting = queue.run(() => assert.fail('it ran'), { ...options, signal: gone.signal })
    const last = queue.run(() => Promise.resolve('answered'), { ...options, place: (before) => places.push(before) })
    gone.abort(new Error('never mind'))
    await assert.rejects(waiting, /never mind/)
    first.open()
    await running
    assert.equal(await last, 'answered')
    assert.deepEqual(places, [2, 1, 0])
  })

  it('goes on after work that failed', async () => {
    const queue = requestQueue(() => 1)
    const options = { signal: new AbortController().signal, place: () => undefined }
    const failing = queue.run(() => Promise.reject(new Error('broken')), options)
    const next = queue.run(() => Promise.resolve('fine'), options)
    await assert.rejects(failing, /broken/)
    assert.equal(await next, 'fine')
  })

  it('lets in as many beside each other as it was told, and who needs the model alone by itself', async () => {
    const queue = requestQueue(() => 2)
    const { signal } = new AbortController()
    const running = new Set<string>()
    const seen: string[] = []
    const work = (name: string, alone = false): Promise<void> =>
      queue.run(
        async () => {
          running.add(name)
          seen.push([...running].join('+'))
          await new Promise((resolve) => setImmediate(resolve))
          running.delete(name)
        },
        { signal, place: () => undefined, alone }
      )
    await Promise.all([work('a'), work('b'), work('c'), work('alone', true), work('d'), work('e'), work('f')])
    assert.deepEqual(seen, ['a', 'a+b', 'b+c', 'alone', 'd', 'd+e', 'e+f'])
  })

  it('goes on when what needs the model alone gives up', async () => {
    const queue = requestQueue(() => 2)
    const { signal } = new AbortController()
    const first = gate()
    const gone = new AbortController()
    const running = queue.run(() => first.opened, { signal, place: () => undefined })
    const alone = queue.run(() => assert.fail('it ran'), { signal: gone.signal, place: () => undefined, alone: true })
    const beside = queue.run(() => Promise.resolve('answered'), { signal, place: () => undefined })
    gone.abort(new Error('never mind'))
    await assert.rejects(alone, /never mind/)
    assert.equal(await beside, 'answered')
    first.open()
    await running
  })
})
