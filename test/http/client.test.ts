import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { AnswerInterruptedError } from '../../src/errors.ts'
import { connectControl } from '../../src/http/index.ts'
import type { AskEvent } from '../../src/interface.ts'
import { collect, textOf } from '../compliance/mesh.ts'
import { HERE, PI } from '../fixtures/fake-mesh.ts'
import { Home } from './home.ts'

const FOREVER = new Promise(() => undefined)

describe('a mesh over the control socket', () => {
  let home: Home

  beforeEach(async () => {
    home = await Home.create()
  })

  afterEach(async () => {
    await home.close()
  })

  it('is not there when nobody listens', async () => {
    await assert.rejects(home.connect(), { name: 'NodeUnreachableError', message: /mesh join/ })
  })

  it('is not there when a dead node left its socket behind, and the next node takes its place', async function () {
    if (process.platform === 'win32') this.skip()
    await writeFile(home.path, '')
    await assert.rejects(home.connect(), { name: 'NodeUnreachableError' })
    await home.serve()
    assert.equal((await (await home.connect()).status()).name, HERE.name)
  })

  it('can be given up while it is being reached', async () => {
    await home.squat(() => undefined)
    const controller = new AbortController()
    const reaching = connectControl({ path: home.path, token: home.token, signal: controller.signal })
    const reason = new Error('no patience')
    controller.abort(reason)
    await assert.rejects(reaching, (error) => error === reason)
  })

  it('carries every kind of event, and text of every kind, as it was', async () => {
    await home.serve()
    const mesh = await home.connect()
    const moved: AskEvent = { type: 'moved', from: PI, to: HERE, reason: 'it "broke"\n', sameModel: false }
    home.fake.script('all', 'é😀\u2028', moved, '', '{"done":1}\n', 'end')
    const direct = await collect(home.fake.ask('all'))
    assert.deepEqual(await collect(mesh.ask('all')), direct)
  })

  it('hands on what was asked, without the signal', async () => {
    await home.serve()
    const mesh = await home.connect()
    const options = { peer: 'here', maxTokens: 5, stop: ['\n'], seed: 7, prefer: 'speed' as const }
    await collect(mesh.ask('Hello', { ...options, signal: new AbortController().signal }))
    const { signal, ...seen } = home.fake.asks[0]!.options
    assert.deepEqual(seen, options)
    assert.ok(signal instanceof AbortSignal)
  })

  it('throws the error of the node: its class, words and details', async () => {
    await home.serve()
    const mesh = await home.connect()
    home.fake.script(
      'break',
      'half',
      new AnswerInterruptedError('It broke off.', { details: { after: 'half', at: [1] } })
    )
    const events: AskEvent[] = []
    const asking = (async () => {
      for await (const event of mesh.ask('break')) events.push(event)
    })()
    await assert.rejects(asking, (error) => {
      assert.ok(error instanceof AnswerInterruptedError)
      assert.equal(error.message, 'It broke off.')
      assert.deepEqual(error.details, { after: 'half', at: [1] })
      return true
    })
    assert.equal(textOf(events), 'half')
  })

  it('learns nothing of an inner error, which the log of the node has', async () => {
    await home.serve()
    const mesh = await home.connect()
    home.fake.script('bug', new TypeError('/home/me/secret.ts is undefined'))
    await assert.rejects(collect(mesh.ask('bug')), (error: Error) => {
      assert.equal(error.name, 'MeshError')
      assert.doesNotMatch(`${error.message}${error.stack ?? ''}`, /secret/)
      return true
    })
    assert.match(home.logged.join('\n'), /secret\.ts/)
  })

  it('says that the node stopped when it dies in the middle', async () => {
    const control = await home.serve()
    const mesh = await home.connect()
    home.fake.script('long', 'one ', FOREVER)
    const asking = mesh.ask('long')[Symbol.asyncIterator]()
    await asking.next()
    assert.deepEqual(await asking.next(), { done: false, value: { type: 'text', text: 'one ' } })
    const rest = assert.rejects(asking.next(), { name: 'NodeUnreachableError', message: /mesh join/ })
    await control.close({ drain: false })
    await rest
  })

  it('refuses a question that no node would take before it sends it', async () => {
    await home.serve()
    const mesh = await home.connect()
    await assert.rejects(collect(mesh.ask('x'.repeat(2 ** 20))), { name: 'PromptTooLongError' })
    assert.equal(home.fake.asks.length, 0)
    const almost = 'x'.repeat(2 ** 20 - 100)
    assert.equal(textOf(await collect(mesh.ask(almost))), almost)
  })

  it('takes a question back within one piece, whether aborted or left', async () => {
    await home.serve()
    const mesh = await home.connect()
    const endless = Array.from({ length: 20_000 }, (_, index) => `${String(index)} `)
    home.fake.script('endless', ...endless)
    for await (const { type } of mesh.ask('endless')) {
      if (type === 'text') break
    }
    while (home.fake.asks[0]!.state === 'running') await mesh.status()
    assert.equal(home.fake.asks[0]!.state, 'failed')
    assert.ok(home.fake.asks[0]!.options.signal?.aborted)
  })

  it('ends what it asked when it lets go, and leaves the node alone', async () => {
    await home.serve()
    const [mesh, other] = [await home.connect(), await home.connect()]
    home.fake.script('long', FOREVER)
    const asking = mesh.ask('long')[Symbol.asyncIterator]()
    await asking.next()
    const rest = assert.rejects(asking.next(), { name: 'NodeUnreachableError', message: /let go/ })
    await mesh.stop()
    await rest
    assert.equal((await other.status()).state, 'running')
    while ((await other.status()).asks.running > 0);
  })

  it('ends the node, and knows when it has ended', async () => {
    const control = await home.serve()
    let closed = false
    home.fake.onShutdown = async () => {
      await control.close({ drain: true })
      await new Promise((resolve) => setImmediate(resolve))
      closed = true
    }
    const [mesh, other] = [await home.connect(), await home.connect()]
    const following = collect(other.events())
    while ((await other.status()).state !== 'running');
    await mesh.shutdown()
    assert.ok(closed)
    assert.deepEqual((await following).at(-1) ?? { type: 'stopping' }, { type: 'stopping' })
    await assert.rejects(home.connect(), { name: 'NodeUnreachableError' })
  })

  it('takes the end of the process for the end of the node', async () => {
    await home.serve()
    home.fake.onShutdown = () => FOREVER as Promise<void>
    // A node that exits without another word: a relay that hangs up once the head of the reply has passed.
    const relay = createServer((near) => {
      const far = connect(home.path)
      near.on('error', () => undefined).on('data', (chunk) => far.write(chunk))
      near.on('close', () => far.destroy())
      far
        .on('error', () => undefined)
        .on('data', (chunk) => {
          near.write(chunk)
          if (chunk.includes('HTTP/1.1 200')) near.destroySoon()
        })
    }).listen(`${home.path}r`)
    await once(relay, 'listening')
    const mesh = await connectControl({ path: `${home.path}r`, token: home.token })
    await mesh.shutdown()
    relay.close()
  })
})
