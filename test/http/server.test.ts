import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { connectControl } from '../../src/http/index.ts'
import type { AskEvent, AskOptions, Mesh, PlacementRow } from '../../src/interface.ts'
import { collect, textOf } from '../compliance/mesh.ts'
import { FakeMesh } from '../fixtures/fake-mesh.ts'
import { Home } from './home.ts'

describe('the server of the control socket', () => {
  let home: Home

  beforeEach(async () => {
    home = await Home.create()
  })

  afterEach(async () => {
    await home.close()
  })

  it('keeps its socket to its user, and removes it when it closes', async function () {
    if (process.platform === 'win32') this.skip()
    const control = await home.serve()
    assert.equal(statSync(home.path).mode & 0o777, 0o600)
    await control.close({ drain: true })
    assert.ok(!existsSync(home.path))
  })

  it('says which path it cannot listen on', async () => {
    const path = `${home.path}/not/there`
    const { serveControl } = await import('../../src/http/index.ts')
    const log = { debug: () => undefined, warn: () => undefined }
    await assert.rejects(serveControl(home.fake, { path, token: home.token, log }), (error: Error) => {
      assert.equal(error.name, 'ListenError')
      assert.ok(error.message.includes(path))
      return true
    })
  })

  it('waits for an answer that runs, ends the events, and takes no more', async () => {
    const control = await home.serve()
    const mesh = await home.connect()
    const { promise, resolve } = promiseOf()
    home.fake.script('slow', 'one ', promise, 'two')
    const asking = mesh.ask('slow')[Symbol.asyncIterator]()
    const events: AskEvent[] = []
    while (textOf(events) === '') events.push((await asking.next()).value as AskEvent)
    const following = mesh.events()[Symbol.asyncIterator]()
    const heard = following.next()
    await home.fake.emit({ type: 'warning', message: 'heard' })
    assert.deepEqual((await heard).value, { type: 'warning', message: 'heard' })

    let drained = false
    const closing = control.close({ drain: true }).then(() => (drained = true))
    assert.equal((await following.next()).done, true)
    await assert.rejects(mesh.status(), { name: 'NodeUnreachableError' })
    assert.equal(drained, false)
    resolve()
    for (let next = await asking.next(); next.done !== true; next = await asking.next()) events.push(next.value)
    assert.equal(textOf(events), 'one two')
    await closing
  })

  it('cuts a drain short when it is closed again without one', async () => {
    const control = await home.serve()
    const mesh = await home.connect()
    home.fake.script('long', 'one', new Promise(() => undefined))
    const asking = collect(mesh.ask('long'))
    const cut = assert.rejects(asking, { name: 'NodeUnreachableError' })
    while (home.fake.asks.length === 0) await mesh.status()
    const drain = control.close({ drain: true })
    await control.close({ drain: false })
    await drain
    await cut
    assert.equal(home.fake.asks[0]!.options.signal?.aborted, true)
  })

  /** A mesh that answers with more than every buffer on the way holds, and how much it said already. */
  class Flood extends FakeMesh {
    written = 0
    readonly ended: unknown[] = []

    override async *ask(_prompt: unknown, { signal }: AskOptions = {}): AsyncGenerator<AskEvent> {
      try {
        for (; this.written < 300; this.written++) {
          await new Promise((resolve) => setImmediate(resolve))
          yield { type: 'text', text: 'x'.repeat(2 ** 16) }
        }
      } finally {
        this.ended.push(signal?.aborted)
      }
    }

    /** Until the reader rests and nothing more can be written. */
    async stands(mesh: Mesh): Promise<void> {
      let before = -1
      while (before !== this.written) {
        before = this.written
        for (let asked = 0; asked < 3; asked++) await mesh.status()
      }
    }
  }

  it('goes on at the pace of a slow reader', async () => {
    const flood = new Flood()
    await home.serve(flood)
    const mesh = await home.connect()
    const asking = mesh.ask('flood')[Symbol.asyncIterator]()
    await asking.next()
    await flood.stands(mesh)
    assert.ok(flood.written < 100, `${String(flood.written)} of 300 pieces were written for a reader that took one`)
    let read = 1
    for (let next = await asking.next(); next.done !== true; next = await asking.next()) read++
    assert.equal(read, 300)
  })

  it('waits in a drain for a reader who rests, until it is told to wait no longer', async () => {
    const flood = new Flood()
    const control = await home.serve(flood)
    const mesh = await home.connect()
    const asking = mesh.ask('flood')[Symbol.asyncIterator]()
    await asking.next()
    await flood.stands(mesh)
    let drained = false
    const drain = control.close({ drain: true }).then(() => (drained = true))
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([drained, flood.ended], [false, []])
    await control.close({ drain: false })
    await drain
    while (flood.ended.length === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(flood.ended, [true])
    await assert.rejects(
      async () => {
        for (let next = await asking.next(); next.done !== true; next = await asking.next());
      },
      { name: 'NodeUnreachableError' }
    )
  })

  it('takes a question back at once when its reader leaves, also while the answer makes it wait', async () => {
    const takenBack: (() => boolean)[] = []
    const thinking = new (class extends FakeMesh {
      override why(_prompt: unknown, { signal }: AskOptions = {}): Promise<PlacementRow[]> {
        takenBack.push(() => signal?.aborted === true)
        return new Promise(() => undefined)
      }
    })()
    await home.serve(thinking)
    const mesh = await home.connect()
    const controller = new AbortController()
    const asking = assert.rejects(mesh.why('Hello', controller))
    while (takenBack.length === 0) await mesh.status()
    assert.equal(takenBack[0]!(), false)
    controller.abort()
    await asking
    while (!takenBack[0]!()) await mesh.status()
  })

  it('serves on after a mesh that throws in every way', async () => {
    const broken = new FakeMesh()
    broken.status = () => {
      throw new Error('at once')
    }
    broken.models = () => Promise.reject(new Error('later'))
    broken.peers = () => Promise.resolve([{ size: 1n } as never])
    await home.serve(broken)
    const mesh = await connectControl({ path: home.path, token: home.token })
    for (const call of [() => mesh.status(), () => mesh.models(), () => mesh.peers()]) {
      await assert.rejects(call, { name: 'MeshError' })
    }
    assert.equal((await mesh.doctor()).length, 1)
  })
})

function promiseOf(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
