import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Finding, ModelInfo } from '../../src/interface.ts'
import { failure } from './ask-data.ts'
import { gather, gone } from './device.ts'
import { Devices } from './devices.ts'

const LONG_HOME = 150
/** So slow that an answer is still under way whenever it is looked at. */
const SLOW = ['--max-rate', '5']

describe('a device that cannot do what is asked', function () {
  this.timeout(90_000)
  let devices: Devices

  beforeEach(async () => {
    devices = await Devices.create()
  })

  afterEach(async () => {
    await devices.remove()
  })

  it('says which port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      const outcome = await devices.device({ name: 'late' }).mesh('join', '--json', '--port', String(port))
      const { code, name, message } = failure(outcome)
      assert.deepEqual([code, name], [1, 'ListenError'])
      assert.equal(
        message,
        `Port ${port} is in use by another program. Choose another with --port, or leave --port out.`
      )
    } finally {
      server.close()
    }
  })

  it('says which process serves the home', async () => {
    const first = await devices.start({ name: 'first' })
    const { code, name, message } = failure(await first.mesh('join', '--json'))
    assert.deepEqual([code, name], [1, 'HomeInUseError'])
    assert.ok(message.includes(`Process ${first.pid} (mesh join)`), message)
  })

  it(`serves a home whose path has ${LONG_HOME} characters`, async () => {
    const runtime = devices.home('runtime')
    const home = `${devices.home('long')}/${'a'.repeat(LONG_HOME)}`.slice(0, LONG_HOME)
    const device = await devices.start({ name: 'deep', home, env: { XDG_RUNTIME_DIR: runtime } })
    const { code, stdout } = await device.mesh('status', '--json')
    assert.equal(code, 0)
    const status = JSON.parse(stdout) as { home: string; state: string }
    assert.deepEqual([status.home, status.state], [home, 'running'])
    assert.equal((await device.mesh('stop')).code, 0)
    assert.equal(await device.ended, 0)
  })

  it('says that its identity is damaged, and touches nothing', async () => {
    const device = devices.device({ name: 'damaged', mesh: null })
    await mkdir(join(device.home, 'identity'), { recursive: true, mode: 0o700 })
    const file = join(device.home, 'identity', 'private-key')
    await writeFile(file, 'not a key', { mode: 0o600 })
    const { code, name, message } = failure(await device.mesh('join', '--json'))
    assert.deepEqual([code, name], [1, 'IdentityError'])
    assert.ok(message.includes(join(device.home, 'identity')), message)
    assert.equal(await readFile(file, 'utf8'), 'not a key')
    await chmod(file, 0o644)
    assert.equal(failure(await device.mesh('join', '--json')).name, 'IdentityError')
  })

  it('refuses what cannot be answered, in a sentence that says what could be', async () => {
    const device = await devices.start({ name: 'alone' })
    const peer = failure(await device.mesh('ask', '--json', '--peer', 'nobody', 'Hello'))
    assert.deepEqual([peer.code, peer.name], [1, 'UnknownPeerError'])
    assert.match(peer.message, /\balone\b/)
    const model = failure(await device.mesh('ask', '--json', '--model', 'gpt-9', 'Hello'))
    assert.deepEqual([model.code, model.name], [1, 'UnknownModelError'])
    assert.match(model.message, /\bmini\b/)
    const empty = failure(await device.mesh('ask', '--json', ' '))
    assert.equal(empty.code, 2)
    assert.match(empty.message, /^Ask something: /)
    // For a context of 2048 tokens, by whatever a token is, it is too long.
    const long = failure(await device.mesh('ask', '--json', 'What is 7 times 8? '.repeat(1500)))
    assert.deepEqual([long.code, long.name], [1, 'PromptTooLongError'])
    assert.match(long.message, /2048/)
  })

  it('names the file that a model lacks', async () => {
    const device = devices.device({ name: 'keeper', models: ['plain'] })
    await rm(join(device.home, 'models', 'plain', 'tokenizer.json'))
    const models = JSON.parse((await device.mesh('model', 'ls', '--json')).stdout) as ModelInfo[]
    assert.match(models.find(({ name }) => name === 'plain')?.broken ?? '', /tokenizer\.json/)
    assert.equal(models.find(({ name }) => name === 'mini')?.broken, null)
    const { code, stdout } = await device.mesh('doctor', '--json')
    const findings = (JSON.parse(stdout) as Finding[]).filter(({ message }) => message.includes('tokenizer.json'))
    assert.equal(findings.length, 1)
    assert.equal(code, findings[0]?.state === 'problem' ? 1 : 0)
  })

  it('gives each device’s reason when nobody answers', async () => {
    const flags = ['--answer', 'no']
    const [one] = await Promise.all(['one', 'two'].map((name) => devices.start({ name, flags })))
    await one!.sees('two', { model: false })
    const { code, name, message } = failure(await one!.mesh('ask', '--json', 'Hello'))
    assert.deepEqual([code, name], [3, 'NobodyCanAnswerError'])
    assert.match(message, /one: .*not to answer.*; two: .*not to answer|two: .*not to answer.*; one: .*not to answer/)
  })

  it('leaves nothing behind when Ctrl-C ends an answer without a node', async () => {
    const device = devices.device({ name: 'visitor', models: ['plain'], env: { MESH_MAX_RATE: '5' }, mesh: null })
    const asking = device.spawn(['ask', '--model', 'plain', '--max-tokens', '100', 'bb'])
    await once(asking.stdout!, 'data')
    const pids = device.processes(asking)
    assert.ok(pids.length >= 2, 'it has an engine')
    asking.kill('SIGINT')
    assert.equal((await gather(asking)).code, 130)
    await gone(pids)
  })

  it('is free again when Ctrl-C ends an answer, or its reader has enough', async () => {
    const device = await devices.start({ name: 'busy', models: ['plain'], flags: SLOW })
    const mesh = await device.attach()
    for (const end of ['SIGINT', 'closed'] as const) {
      const asking = device.spawn(['ask', '--model', 'plain', '--max-tokens', '100', 'bb'])
      await once(asking.stdout!, 'data')
      assert.equal((await mesh.status()).asks.running, 1)
      if (end === 'closed') asking.stdout!.destroy()
      else asking.kill(end)
      const { code, stderr } = await gather(asking)
      assert.deepEqual([code, stderr], [end === 'closed' ? 0 : 130, ''])
      // One that never ends is the test's timeout.
      while ((await mesh.status()).asks.running > 0);
    }
    await mesh.stop()
  })

  it('ends with code 0 at mesh stop, and leaves no process and no socket', async () => {
    const device = await devices.start({ name: 'ending' })
    await devices.start({ name: 'other' }).then((other) => other.sees('ending'))
    assert.equal((await device.mesh('ask', '--peer', 'here', 'What is 7 times 8?')).code, 0)
    const pids = device.processes()
    assert.equal(pids.length, 2)
    assert.ok(existsSync(join(device.home, 'control.sock')))
    const { code, stdout } = await device.mesh('stop', '--json')
    assert.equal(code, 0)
    assert.equal((JSON.parse(stdout) as { stopped: { name: string } }).stopped.name, 'ending')
    assert.equal(await device.ended, 0)
    assert.equal(device.lines.at(-1)?.event, 'stopping')
    await gone(pids)
    assert.deepEqual(
      readdirSync(device.home).filter((file) => /sock|holder/.test(file)),
      []
    )
    assert.equal(failure(await device.mesh('stop', '--json')).name, 'NodeUnreachableError')
  })
})
