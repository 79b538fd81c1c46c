import assert from 'node:assert/strict'
import { homeFolder } from '../../src/client.ts'
import { clockTime, readDuration } from '../../cli/human.ts'
import { serviceVerb } from '../../cli/verbs/service.ts'
import { NodeUnreachableError } from '../../src/errors.ts'
import { interruption } from '../../cli/interruption.ts'
import { Output } from '../../cli/output.ts'
import { PassThrough } from 'node:stream'
import { commandLine } from './command-line.ts'
import { ACCOUNT, FakeRunner } from './service/fake-runner.ts'
import { DESKTOP, LAPTOP, SmallFake, meshStatus, peer } from './small-fake.ts'

const HOUR = 3_600_000

describe('mesh pause', () => {
  let mesh: SmallFake

  beforeEach(() => {
    mesh = new SmallFake()
    mesh.rows = [{ peer: DESKTOP, here: false, model: 'qwen', eligible: true, expectedMs: 5, reason: 'there' }]
  })

  it('pauses until it is resumed, or for a time', async () => {
    assert.deepEqual(await commandLine(['pause'], { mesh }), {
      code: 0,
      stdout: 'laptop is paused. To end that: mesh resume\n',
      stderr: ''
    })
    const { stdout } = await commandLine(['pause', '--for', '2h'], { mesh })
    assert.match(stdout, /^laptop is paused until .*\d\d:\d\d\. To end that: mesh resume\n$/)
    await commandLine(['pause', '--now'], { mesh })
    assert.deepEqual(
      mesh.pauses.map(({ forMs, finishMs }) => [forMs, finishMs]),
      [
        [undefined, undefined],
        [2 * HOUR, undefined],
        [undefined, 0]
      ]
    )
  })

  it('says what still runs for others, and where nobody else can answer', async () => {
    mesh.pause_ = { resumesInMs: null, running: 2, finishMs: 60_000 }
    mesh.rows = [{ peer: LAPTOP, here: true, model: null, eligible: false, expectedMs: null, reason: 'paused' }]
    const { stdout, stderr } = await commandLine(['pause'], { mesh })
    assert.match(stdout, /\n2 answers for other devices may take 60 s more\.\n$/)
    assert.equal(stderr, 'None of your other devices can answer now; mesh ask --peer here is still answered here.\n')
  })

  it('is data with --json', async () => {
    const { stdout } = await commandLine(['pause', '--for', '90m', '--json'], { mesh })
    assert.deepEqual(JSON.parse(stdout), { answering: 'paused', resumesInMs: 1.5 * HOUR, running: 0, finishMs: 60_000 })
  })

  it('refuses a time that is none, and names times that are', async () => {
    for (const time of ['soon', '0h', '5', '2h!']) {
      const { code, stderr } = await commandLine(['pause', '--for', time], { mesh })
      assert.equal(code, 2)
      assert.equal(stderr, `--for is a time such as 2h, 90m or 1h30m, not “${time}”.\n`)
    }
    assert.deepEqual(mesh.pauses, [])
  })

  it('is ended by mesh resume, which says what answers now', async () => {
    mesh.status_ = meshStatus({ answering: 'paused' })
    mesh.resume = () => {
      mesh.status_ = meshStatus()
      return Promise.resolve()
    }
    assert.match((await commandLine(['resume'], { mesh })).stdout, /^laptop answers again: built-in helper/)
    assert.match((await commandLine(['resume'], { mesh })).stdout, /^laptop was not paused\. It answers with: built-in/)
  })

  it('is seen in status and in the list of devices', async () => {
    mesh.status_ = meshStatus({
      answering: 'paused',
      peers: [peer({ answering: 'paused', model: null, resumesInMs: HOUR })]
    })
    assert.match(
      (await commandLine(['status'], { mesh })).stdout,
      /^answers +nothing, paused \(mesh resume ends that\)$/m
    )
    assert.match((await commandLine(['peers'], { mesh })).stdout, /connected, paused until .*\d\d:\d\d/)
  })
})

describe('times', () => {
  it('are read as people write them', () => {
    for (const [text, ms] of [
      ['2h', 2 * HOUR],
      ['90m', 1.5 * HOUR],
      ['90 min', 1.5 * HOUR],
      ['1h30m', 1.5 * HOUR],
      ['1.5 h', 1.5 * HOUR],
      ['1d 2h', 26 * HOUR],
      ['45s', 45_000]
    ] as const) {
      assert.equal(readDuration(text), ms, text)
    }
    for (const text of ['', 'h', '2', '-2h', '2 hours', '2h and']) assert.equal(readDuration(text), undefined, text)
  })

  it('are shown as on a wall, with the day where it is another', () => {
    const now = new Date(2026, 9, 9, 16, 30)
    assert.equal(clockTime(new Date(2026, 9, 9, 18, 5), now), '18:05')
    assert.equal(clockTime(new Date(2026, 9, 10, 8, 5), now), 'Sat, Oct 10 08:05')
  })
})

describe('mesh service', () => {
  const home = '/home/ada/mesh'

  async function service(words: string[], init: { runs?: boolean; script?: string; json?: boolean } = {}) {
    const runner = new FakeRunner()
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const output = new Output({ stdout, stderr, color: false })
    output.json = init.json === true
    const mesh = new SmallFake()
    const open = (): Promise<SmallFake> =>
      init.runs === true ? Promise.resolve(mesh) : Promise.reject(new NodeUnreachableError('No node runs.'))
    const verb = serviceVerb(() => ({
      platform: 'linux',
      runner,
      account: ACCOUNT,
      temporary: ['/tmp'],
      node: '/usr/bin/node',
      script: init.script ?? '/opt/mesh.js'
    }))
    const code = await verb.run({
      words,
      values: {},
      home: { home },
      doors: { createMesh: open, attachMesh: open, visitMesh: open },
      input: { stream: new PassThrough(), kind: 'silent' },
      output,
      interruption: interruption(() => undefined),
      hint: (line) => `mesh ${line}`,
      hub: {},
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined }
    })
    return { code, stdout: String(stdout.read() ?? ''), runner }
  }

  it('tells what it did, and how to undo it', async () => {
    const { code, stdout, runner } = await service(['install'])
    assert.equal(code, 0)
    assert.match(stdout, /^Let your services start.*\nWrote \/home\/ada\/.*\nEnabled it: .*\nStarted it\.\n/)
    assert.match(stdout, /To undo all of this: mesh service uninstall\n$/)
    assert.equal(homeFolder(home), home)
    const [unit] = runner.files.values()
    assert.match(String(unit), /"--home" "\/home\/ada\/mesh"/)
  })

  it('is not installed beside a node in a terminal, nor from a place that vanishes', async () => {
    await assert.rejects(service(['install'], { runs: true }), { name: 'ServiceError', message: /mesh stop/ })
    await assert.rejects(service(['install'], { script: '/tmp/mesh.js' }), { name: 'ServiceError', message: /\/tmp/ })
  })

  it('tells its state, and whether a node runs otherwise', async () => {
    const { stdout } = await service([], { runs: true })
    assert.match(stdout, /^installed +no \(mesh service install does it\)$/m)
    assert.match(stdout, /^running +no, but a node runs in a terminal$/m)
    const data = JSON.parse((await service(['status'], { json: true })).stdout) as Record<string, unknown>
    assert.deepEqual([data.installed, data.running, data.starts, data.runsOtherwise], [false, false, 'never', false])
  })

  it('undoes nothing where there is nothing, and knows no other action', async () => {
    assert.match((await service(['uninstall'])).stdout, /nothing was changed/)
    await assert.rejects(service(['remove']), { name: 'UsageError' })
  })
})
