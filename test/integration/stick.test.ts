import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ModelCopyDone, ModelInfo } from '../../src/interface.ts'
import { FIXTURES } from '../inference/fixture.ts'
import { bytesOf } from '../packages/files.ts'
import type { Device, Outcome } from './device.ts'
import { Devices } from './devices.ts'

/** Large enough that a copy can be interrupted. */
const EXTRA_BYTES = 40 * 2 ** 20
const KILLS = process.env.MESH_SOAK === undefined ? 1 : 30

describe('a model on a stick', function () {
  this.timeout(120_000)
  let devices: Devices
  let stick: string

  before(() => {
    stick = mkdtempSync(join(tmpdir(), 'ownmesh-stick-'))
  })
  after(() => {
    rmSync(stick, { recursive: true })
  })
  beforeEach(async () => {
    devices = await Devices.create()
  })
  afterEach(async () => {
    await devices.remove()
  })

  const models = async (device: Device): Promise<ModelInfo[]> =>
    JSON.parse((await device.mesh('model', 'ls', '--json')).stdout) as ModelInfo[]
  const done = ({ stdout }: Outcome): ModelCopyDone =>
    JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ModelCopyDone

  function give(device: Device, name: string): string {
    const path = join(device.home, 'models', name)
    mkdirSync(join(device.home, 'models'), { recursive: true })
    cpSync(join(FIXTURES, 'models', 'plain'), path, { recursive: true })
    writeFileSync(join(path, 'extra.bin'), bytesOf('extra', EXTRA_BYTES))
    return path
  }

  it('goes from a device without a node to one that runs, which lists, offers and answers with it at once', async () => {
    const from = devices.device({ name: 'from' })
    give(from, 'qwen')
    const exported = done(await from.mesh('model', 'export', 'qwen', stick, '--json'))
    assert.equal(exported.path, join(stick, 'qwen.meshmodel'))

    const to = await devices.start({ name: 'to' })
    const other = await devices.start({ name: 'other' })
    await other.sees('to')
    assert.equal((await models(to)).length, 1)
    const imported = done(await to.mesh('model', 'import', stick, '--json'))
    assert.deepEqual([imported.outcome, imported.hash], ['imported', exported.hash])
    const qwen = (await models(to)).find(({ name }) => name === 'qwen')
    assert.deepEqual([qwen?.broken, qwen?.hash], [null, exported.hash])
    const answer = await to.mesh('ask', '--json', '--model', 'qwen', '--max-tokens', '2', 'x')
    assert.equal(answer.code, 0, answer.stderr)
    await other.until('the offer', (line) => line.event === 'peer-changed' && line.peer.name === 'to')
    assert.equal((await other.mesh('ask', '--model', 'qwen', '--max-tokens', '2', 'x')).code, 0)

    const removed = await to.mesh('model', 'rm', 'qwen', '--yes')
    assert.equal(removed.stdout, 'Erased qwen.\n')
    assert.deepEqual(
      (await models(to)).map(({ name }) => name),
      ['mini']
    )
    const gone = await to.mesh('ask', '--model', 'qwen', 'x')
    assert.equal(gone.code, 1, gone.stderr)
    assert.deepEqual(readdirSync(join(to.home, 'models')), [])
  })

  it('is imported at last, however often whoever imports it is killed or interrupted', async () => {
    const from = devices.device({ name: 'from' })
    const source = give(from, 'twice')
    assert.equal((await from.mesh('model', 'export', 'twice', stick, '--quiet')).code, 0)
    const path = join(stick, 'twice.meshmodel')
    const to = devices.device({ name: 'to' })
    for (let kill = 0; kill <= KILLS; kill++) {
      const signal = kill === 0 ? 'SIGINT' : 'SIGKILL'
      const child = to.spawn(['model', 'import', path, '--json'])
      await once(child.stdout!, 'data')
      await delay(Math.random() * 60)
      child.kill(signal)
      const [code] = (await once(child, 'close')) as [number | null]
      const listed = (await models(to)).filter(({ name }) => name !== 'mini')
      assert.ok(listed.length === 0 || listed[0]?.broken === null)
      if (listed.length === 0) continue
      assert.ok(code === null || code === 0 || code === 130)
      assert.equal((await to.mesh('model', 'rm', 'twice', '--yes')).code, 0)
    }
    const { outcome } = done(await to.mesh('model', 'import', path, '--json'))
    assert.equal(outcome, 'imported')
    assert.deepEqual(readdirSync(join(to.home, 'models')), ['twice'])
    const came = join(to.home, 'models', 'twice', 'extra.bin')
    assert.ok(readFileSync(came).equals(readFileSync(join(source, 'extra.bin'))))
  })

  it('keeps what a running node had copied when Ctrl-C ends the command, and goes on', async () => {
    const device = await devices.start({ name: 'device' })
    give(device, 'qwen')
    const target = join(stick, 'interrupted.tar')
    const child = device.spawn(['model', 'export', 'qwen', target, '--json'])
    await once(child.stdout!, 'data')
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number | null]
    assert.ok(code === 130 || code === 0)
    assert.ok(device.isRunning && existsSync(target))
    const again = await device.mesh('model', 'export', 'qwen', target, '--json')
    assert.equal(again.code, 0, again.stderr)
    assert.ok(done(again).kept > 0)
  })
})
