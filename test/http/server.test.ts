import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { connectControl } from '../../src/http/index.ts'
import type { AskEvent } from '../../src/interface.ts'
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

  it('goes on at the pace of a slow reader', async () => {
    let written = 0
    const piece = 'x'.repeat(2 ** 16)
    const flood = new (class extends FakeMesh {
      override async *ask(): AsyncGenerator<AskEvent> {
        for (; written < 300; written++) {
          await new Promise((resolve) => setImmediate(resolve))
          yield { type: 'text', text: piece }
        }
      }
    })()
    await home.serve(flood)
    const mesh = await home.connect()
    const asking = mesh.ask('flood')[Symbol.asyncIterator]()
    await asking.next()
    // The reader rests; the writer comes to a stand once every buffer on the way is full.
    let before = -1
    while (before !== written) {
      before = written
      for (let asked = 0; asked < 3; asked++) await mesh.status()
    }
    assert.ok(written < 100, `${String(written)} of 300 pieces were written for a reader that took one`)
    let read = 1
    for (let next = await asking.next(); next.done !== true; next = await asking.next()) read++
    assert.equal(read, 300)
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
