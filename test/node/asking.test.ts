import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { BusyError, EngineFailedError } from '../../src/errors.ts'
import type { AskEvent, Capability, Generate, GenerateRequest } from '../../src/interface.ts'
import { Asking } from '../../src/node/asking.ts'
import { Peers } from '../../src/node/peers.ts'
import { ManualClock } from '../protocols/manual-clock.ts'
import { FakeModel } from './fake-model.ts'
import { MINI, offer } from './candidates.ts'

const HERE = '12D3KooWHere'
const DESKTOP = '12D3KooWDesktop'
const LAPTOP = '12D3KooWLaptop'

function capability(name: string, models = [offer()]): Capability {
  return {
    name,
    instance: name,
    version: '0.1.0',
    sequence: 1,
    answering: 'yes',
    models,
    queue: 0,
    hardware: null,
    addresses: [],
    roster: null
  }
}

describe('asking', () => {
  let clock: ManualClock
  let peers: Peers
  let asking: Asking
  /** Who was asked, in order, and with what signal. */
  let asked: { id: string; signal: AbortSignal }[]
  /** What happens there once the question is accepted. */
  let before: Map<string, () => Promise<void>>

  beforeEach(() => {
    clock = new ManualClock()
    peers = new Peers()
    asked = []
    before = new Map()
    const answers = (id: string): Generate =>
      async function* (request: GenerateRequest, options) {
        asked.push({ id, signal: options!.signal! })
        const changes = request.model === MINI.hash ? MINI : offer()
        for (const event of new FakeModel(changes, [0, 0], () => 0).generate(request)) {
          yield event
          if (event.type === 'accepted') await before.get(id)?.()
        }
      }
    asking = new Asking({
      self: { id: HERE, label: () => ({ id: HERE, name: 'here-pi' }), capability: () => capability('pi', [MINI]) },
      peers,
      names: () => new Map([HERE, ...peers.all().map(({ id }) => id)].map((id) => [id, `name of ${id.slice(8)}`])),
      here: answers(HERE),
      there: (id, ...rest) => answers(id)(...rest),
      recall: (messages) => ({ for: () => ({ memories: [], given: false, messages: [...messages] }) }),
      clock
    })
    for (const id of [DESKTOP, LAPTOP]) connect(id)
  })

  function connect(id: string): void {
    peers.apply(id, { type: 'notice', capability: capability(id), direct: true }, clock.monotonic())
    peers.apply(id, { type: 'beat', roundTripMs: id === DESKTOP ? 1 : 2 }, clock.monotonic())
  }

  async function ask(prompt = 'Hello'): Promise<AskEvent[]> {
    const events: AskEvent[] = []
    for await (const event of asking.ask(prompt, {})) events.push(event)
    return events
  }

  /** Who would be asked first. */
  function first(): string | undefined {
    return asking.why('Hello', {})[0]?.peer.id
  }

  it('prefers the peer with the better model, and shows every device under its unique name', async () => {
    const events = await ask()
    assert.deepEqual(
      asked.map(({ id }) => id),
      [DESKTOP]
    )
    assert.deepEqual(events[0], {
      type: 'accepted',
      peer: { id: DESKTOP, name: 'name of Desktop' },
      model: { name: 'qwen3-4b', hash: offer().hash }
    })
    assert.deepEqual(asking.counts, { asked: 1, failed: 0, failovers: 0 })
  })

  it('asks the next one at once when a queue is full, and counts who took over in mid-answer', async () => {
    before.set(DESKTOP, () => Promise.reject(new BusyError('64 questions wait here already')))
    const events = await ask()
    assert.deepEqual(
      asked.map(({ id }) => id),
      [DESKTOP, LAPTOP]
    )
    assert.equal(events.at(-1)?.type, 'done')
    assert.deepEqual(asking.counts, { asked: 1, failed: 0, failovers: 1 })
    assert.equal(asking.running, 0)
    await asking.settled()
  })

  it('leaves a paused device out until it says otherwise, and says until when', async () => {
    const paused = { ...capability(DESKTOP), sequence: 2, answering: 'paused' as const, resumesInMs: 3_600_000 }
    peers.apply(DESKTOP, { type: 'notice', capability: paused, direct: true }, clock.monotonic())
    clock.advance(1000)
    connect(LAPTOP)
    peers.apply(DESKTOP, { type: 'beat', roundTripMs: 1 }, clock.monotonic())
    assert.equal(first(), LAPTOP)
    const until = new Date(clock.wall() + 3_599_000)
    const time = `${String(until.getHours()).padStart(2, '0')}:${String(until.getMinutes()).padStart(2, '0')}`
    const row = asking.why('Hello', {}).find(({ peer }) => peer.id === DESKTOP)
    assert.equal(row?.eligible, false)
    assert.ok(row.reason.startsWith('paused until ') && row.reason.endsWith(time), row.reason)
    await ask()
    assert.deepEqual(
      asked.map(({ id }) => id),
      [LAPTOP]
    )
  })

  it('counts what failed, but not what the asker gave up', async () => {
    await assert.rejects(ask(''), { name: 'InvalidRequestError' })
    const reason = new Error('enough')
    await assert.rejects(asking.ask('Hello', { signal: AbortSignal.abort(reason) }).next(), reason)
    for await (const { type } of asking.ask('Hello', {})) if (type === 'accepted') break
    assert.deepEqual(asking.counts, { asked: 3, failed: 1, failovers: 0 })
  })

  it('asks the next one when a peer is lost, and says why', async () => {
    for (const [how, reason] of [
      ['silent', /name of Desktop no longer answers: it sleeps/],
      ['closed', /name of Desktop went away/]
    ] as const) {
      asked = []
      let begun = (): void => undefined
      const waiting = new Promise<void>((resolve) => (begun = resolve))
      before.set(DESKTOP, () => {
        begun()
        return new Promise(() => undefined)
      })
      const asks = ask()
      await waiting
      asking.lost(DESKTOP, how)
      const moved = (await asks).find(({ type }) => type === 'moved')
      assert.match(JSON.stringify(moved), reason)
      assert.deepEqual(
        asked.map(({ id }) => id),
        [DESKTOP, LAPTOP]
      )
      assert.equal(asked[0]!.signal.aborted, true)
      const desktop = asking.why('Hello', {}).find(({ peer }) => peer.id === DESKTOP)
      assert.match(desktop!.reason, /put aside/)
      before.set(DESKTOP, () => Promise.resolve())
      clock.advance(1500)
      // That it was lost before says nothing about it now.
      connect(DESKTOP)
      connect(LAPTOP)
      assert.equal(first(), DESKTOP)
      asked = []
      assert.equal((await ask()).at(-1)?.type, 'done')
      assert.deepEqual(
        asked.map(({ id }) => id),
        [DESKTOP]
      )
    }
  })

  it('does not hold against a process what the one before it did', async () => {
    before.set(DESKTOP, () => Promise.reject(new EngineFailedError('out of memory')))
    await ask()
    assert.equal(first(), LAPTOP)
    const restarted = { ...capability(DESKTOP), instance: 'another' }
    peers.apply(DESKTOP, { type: 'notice', capability: restarted, direct: true }, clock.monotonic())
    assert.equal(first(), DESKTOP)
  })

  it('puts aside who fails, for longer each time, and forgets that after a success', async () => {
    const fail = () => Promise.reject(new EngineFailedError('crashed'))
    before.set(DESKTOP, fail)
    await ask()
    assert.equal(first(), LAPTOP)
    clock.advance(1001)
    assert.equal(first(), DESKTOP)
    await ask()
    clock.advance(1001)
    assert.equal(first(), LAPTOP)
    clock.advance(1000)
    before.delete(DESKTOP)
    await ask()
    before.set(DESKTOP, fail)
    await ask()
    clock.advance(1001)
    assert.equal(first(), DESKTOP)
  })

  it('forgets the failures of a device that is forgotten itself', async () => {
    const fail = () => Promise.reject(new EngineFailedError('crashed'))
    before.set(DESKTOP, fail)
    await ask()
    peers.apply(DESKTOP, { type: 'closed' }, clock.monotonic())
    for (let other = 0; other < 2000; other++) {
      peers.apply(`home ${other}`, { type: 'beat', roundTripMs: null }, clock.monotonic() + 1)
    }
    assert.equal(peers.get(DESKTOP), undefined)
    before.set(LAPTOP, fail)
    await ask()
    connect(DESKTOP)
    assert.equal(first(), DESKTOP)
  })

  it('counts its own asks that are under way against a device', async () => {
    let open = (): void => undefined
    before.set(DESKTOP, () => new Promise((resolve) => (open = resolve)))
    const running = [ask(), ask()]
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(
      asked.map(({ id }) => id),
      [DESKTOP, LAPTOP]
    )
    assert.equal(first(), LAPTOP)
    open()
    await Promise.all(running)
    assert.equal(first(), DESKTOP)
  })

  it('keeps no listener for a device once its answer is over', async () => {
    const { signal } = new AbortController()
    for (let times = 0; times < 3; times++) {
      for await (const event of asking.ask('Hello', { signal })) assert.ok(event)
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})
