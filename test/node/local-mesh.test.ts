import '../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { UnknownModelError } from '../../src/errors.ts'
import type { Capability, MembershipStatus, MeshEvent, ModelInfo } from '../../src/interface.ts'
import { Broadcast } from '../../src/node/broadcast.ts'
import { LocalMesh } from '../../src/node/local-mesh.ts'
import type { LocalMeshParts } from '../../src/node/local-mesh.ts'
import { ModelChoice } from '../../src/node/model-choice.ts'
import { OwnCapability } from '../../src/node/own-capability.ts'
import { MINI } from './candidates.ts'

const FOREVER = new Promise<void>(() => undefined)
const MEMBERSHIP: MembershipStatus = {
  state: 'member',
  members: 2,
  recovery: false,
  door: { open: false, closesInMs: 0, newcomers: [] },
  comparing: null,
  openDoors: []
}
const COUNTERS = {
  answered: 2,
  refused: 5,
  broken: 6,
  movedAway: 7,
  promptTokens: 8,
  answerTokens: 9,
  asked: 3,
  failed: 4,
  failovers: 1,
  uptimeMs: 10,
  pausedMs: 0
}
const PAUSE = { resumesInMs: null, running: 1, finishMs: 60_000 }
const HERE = { id: '12D3KooWHere', name: 'laptop-2' }

const REMEMBERED = { memories: 2, conversations: 1, shared: [] }

describe('the mesh in this process', () => {
  /** What the other parts were asked for, in order. */
  let calls: string[]

  beforeEach(() => {
    calls = []
  })

  interface Changes {
    held?: ModelInfo[]
    models?: Capability['models']
    first?: Promise<void>
    remembered?: Promise<void>
    visiting?: boolean
    network?: object | null
    dialAddress?: () => Promise<void>
    close?: () => Promise<void>
    ending?: boolean
  }

  function mesh({
    models = [MINI],
    held = [],
    first = Promise.resolve(),
    remembered = Promise.resolve(),
    visiting = false,
    network = null,
    dialAddress = () => Promise.resolve(),
    close = () => Promise.resolve(),
    ending = false
  }: Changes = {}): LocalMesh {
    const capability = new OwnCapability({
      name: 'laptop',
      version: '0.1.0',
      answering: 'yes',
      changed: () => undefined
    })
    capability.update({ models, addresses: ['/ip4/127.0.0.1/tcp/6373'] })
    const parts = {
      id: HERE.id,
      choice: new ModelChoice('/home/me/.mesh/config.json', null),
      paths: { home: '/home/me/.mesh', models: '/home/me/.mesh/models' },
      engine: {
        models: () => Promise.resolve(held),
        providers: () => [],
        hardware: () => 'a CPU',
        memory: () => Promise.resolve(120)
      },
      network,
      visiting,
      capability,
      neighbours: {
        names: () => new Map([[HERE.id, HERE.name]]),
        list: () => [],
        clones: [],
        discoveries: () => [],
        remembered,
        dialAddress
      },
      measuring: { first, engineError: null },
      answers: { running: 1 },
      living: {
        isEnding: ending,
        resumesInMs: null,
        counters: COUNTERS,
        pause: (options: object) => {
          calls.push(`pause ${JSON.stringify(options)}`)
          return PAUSE
        },
        resume: () => calls.push('resume'),
        drain: (finishMs?: number) => {
          calls.push(`drain ${String(finishMs)}`)
          return Promise.resolve()
        }
      },
      asking: {
        why: (prompt: unknown) => {
          calls.push(`why ${String(prompt)}`)
          return []
        },
        async *ask(prompt: unknown, options: { model?: string }) {
          calls.push(`ask ${String(prompt)}`)
          await Promise.resolve()
          if (options.model !== undefined) throw new UnknownModelError(`Nobody has ${options.model}.`)
          yield { type: 'text', text: 'Hi' }
        }
      },
      events: new Broadcast<MeshEvent>(),
      membership: { status: () => MEMBERSHIP, words: 'amber-otter' },
      remembering: { status: () => REMEMBERED },
      close
    }
    return new LocalMesh(parts as unknown as LocalMeshParts)
  }

  it('puts its status together from its parts', async () => {
    const { uptimeMs, memory, ...status } = await mesh().status()
    assert.deepEqual(status, {
      ...HERE,
      version: '0.1.0',
      home: '/home/me/.mesh',
      state: 'running',
      answering: 'yes',
      addresses: ['/ip4/127.0.0.1/tcp/6373'],
      mesh: 'amber-otter',
      membership: MEMBERSHIP,
      models: [],
      hardware: 'a CPU',
      tokensPerSecond: MINI.decodeRate,
      peers: [],
      resumesInMs: null,
      asks: { running: 1, answered: 2, asked: 3, failed: 4 },
      counters: COUNTERS,
      remembered: REMEMBERED
    })
    assert.ok(uptimeMs >= 0 && memory.node > 0)
    assert.equal(memory.engine, 120)
    assert.equal((await mesh({ visiting: true }).status()).state, 'visiting')
  })

  it('asks at once when it knows what runs here', async () => {
    const texts = []
    for await (const event of mesh({ first: FOREVER, remembered: FOREVER }).ask('Hello')) texts.push(event)
    assert.deepEqual([texts, calls], [[{ type: 'text', text: 'Hi' }], ['ask Hello']])
    await mesh({ first: FOREVER }).why()
    assert.deepEqual(calls, ['ask Hello', 'why Hello'])
  })

  it('waits for the first measurement, and in a visit for those that it remembers', async () => {
    for (const changes of [{ models: [] }, { visiting: true }] as Changes[]) {
      let open = (): void => undefined
      const gate = new Promise<void>((resolve) => (open = resolve))
      calls = []
      const asking = mesh({ ...changes, first: gate, remembered: gate }).why('Hello')
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(calls, [])
      open()
      await asking
      assert.deepEqual(calls, ['why Hello'])
    }
  })

  it('waits for no device longer than it takes to answer', async () => {
    const before = performance.now()
    await mesh({ visiting: true, remembered: FOREVER }).why('Hello')
    assert.deepEqual(calls, ['why Hello'])
    assert.ok(performance.now() - before >= 1400)
  })

  it('ends a wait with the reason of the signal, and leaves nothing behind on it', async () => {
    const reason = new Error('enough')
    const waits: ((mesh: LocalMesh, signal: AbortSignal) => Promise<unknown>)[] = [
      (each, signal) => each.ask('Hello', { signal }).next(),
      (each, signal) => each.why('Hello', { signal }),
      (each, signal) => each.doctor({ signal }),
      (each, signal) => each.discover({ signal, timeoutMs: 60_000 })
    ]
    for (const wait of waits) {
      const controller = new AbortController()
      const waiting = wait(mesh({ models: [], first: FOREVER, network: { services: {} } }), controller.signal)
      controller.abort(reason)
      await assert.rejects(waiting, (error) => error === reason)
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    }
    assert.deepEqual(calls, [])
  })

  it('refuses a subnet that is none at once, and not after having listened', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    for (let times = 0; times < 5; times++) {
      const discovering = mesh({ network: { services: {} } }).discover({ timeoutMs: 60_000, scan: '8.8.8.0/24' })
      await assert.rejects(discovering, { name: 'InvalidRequestError' })
    }
    // One that is left each time keeps the process for a minute; the runner has one of its own.
    while (timers() > before + 1) await new Promise((resolve) => setImmediate(resolve))
  })

  it('can be told to stop in the middle of a scan', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const network = { services: {} }
    // Nobody listens on most of these, and the scan has just begun when it is given up.
    const discovering = mesh({ network }).discover({
      timeoutMs: 60_000,
      scan: '127.8.0.0/24',
      signal: controller.signal
    })
    setImmediate(() => {
      controller.abort(reason)
    })
    await assert.rejects(discovering, (error) => error === reason)
  })

  it('finds nobody where it speaks to nobody', async () => {
    assert.deepEqual(await mesh().discover(), [])
  })

  it('pauses, resumes and drains by its parts, and takes no ask while it ends', async () => {
    const node = mesh()
    assert.deepEqual(await node.pause({ forMs: 5 }), PAUSE)
    await node.resume()
    await node.shutdown({ finishMs: 7 })
    assert.deepEqual(calls, ['pause {"forMs":5}', 'resume', 'drain 7'])
    await assert.rejects(node.pause(), { name: 'NodeUnreachableError' })
    const ending = mesh({ ending: true })
    assert.equal((await ending.status()).state, 'stopping')
    await assert.rejects(ending.ask('Hello').next(), { name: 'NotAnsweringError', message: /stopping/ })
  })

  it('says of a model that nobody offers because it is too large here why that is', async () => {
    const tooLarge = 'huge needs 9.0 GB; this device gives models 2.0 GB.'
    const local = mesh({ held: [{ ...MINI, name: 'huge', bytes: 1, loaded: false, broken: null, tooLarge }] })
    const events = local.ask('hello', { model: 'Huge' })
    await assert.rejects(events.next(), { name: 'ModelTooLargeError', message: tooLarge })
    await assert.rejects(local.ask('hello', { model: 'nix' }).next(), { name: 'UnknownModelError' })
  })

  it('ends once, however often it is told to', async () => {
    let closed = 0
    let over = (): void => undefined
    const each = mesh({
      close: () => {
        closed++
        return new Promise((resolve) => (over = resolve))
      }
    })
    const ends = [each.stop(), each.shutdown(), each.stop()]
    assert.equal((await each.status()).state, 'stopping')
    over()
    await Promise.all(ends)
    assert.equal(closed, 1)
  })
})
