import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChildProcess } from 'node:child_process'
import { attachMesh } from '../../src/client.ts'
import type { Mesh } from '../../src/interface.ts'
import { execStart, systemdUnit } from '../../cli/service/systemd.ts'
import { ROOT } from '../repository/root.ts'
import { Devices } from './devices.ts'
import { gone, type Line } from './device.ts'

const COMMAND = fileURLToPath(new URL('../../cli/mesh.js', import.meta.url))
const SCRIPT = join(ROOT, 'test/integration/service.sh')

describe('a device that loses its power', function () {
  this.timeout(90_000)
  let devices: Devices
  let box: ChildProcess | undefined

  beforeEach(async () => {
    devices = await Devices.create()
  })

  afterEach(async () => {
    if (box !== undefined) await kill(box)
    await devices.remove()
  })

  /** As the system does it at boot: the service's own command line, and nothing else. */
  function boot(home: string): ChildProcess {
    const [node = '', ...args] = execStart(
      systemdUnit({ name: 'ownmesh', node: process.execPath, script: COMMAND, home })
    )
    const { MESH_DISCOVERY, MESH_BEACON_PORT } = devices.apart
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, MESH_DISCOVERY, MESH_BEACON_PORT }
    box = spawn(node, args, { env, stdio: 'ignore' })
    return box
  }

  it('answers the others again when its service starts, without a hand, and is still paused if it was', async () => {
    const asking = await devices.start({ name: 'asking', flags: ['--answer', 'no'] })
    const home = await devices.memberHome('box')
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'config.json'), JSON.stringify({ name: 'box', listen: ['127.0.0.1'], port: 0 }))
    const ask = () => asking.mesh('ask', '--quiet', 'What is 7 times 8?')

    boot(home)
    await asking.sees('box')
    assert.equal((await ask()).stdout, '56\n')

    for (const round of [1, 2]) {
      const lostAt = performance.now()
      await kill(box!)
      boot(home)
      await asking.sees('box', { after: lostAt })
      assert.equal((await ask()).stdout, '56\n', `round ${round}`)
    }

    await withMesh(home, (mesh) => mesh.pause({ forMs: 3_600_000 }))
    const isPaused = (line: Line): boolean =>
      (line.event === 'peer-connected' || line.event === 'peer-changed') &&
      line.peer.name === 'box' &&
      line.peer.answering === 'paused'
    await asking.until('the news that box is paused', isPaused)
    const paused = await ask()
    assert.equal(paused.code, 3)
    assert.match(paused.stderr, /box: paused until /)
    const lostAt = performance.now()
    await kill(box!)
    boot(home)
    await asking.sees('box', { after: lostAt, model: false })
    const { answering, resumesInMs } = await withMesh(home, (mesh) => mesh.status())
    assert.equal(answering, 'paused')
    assert.ok(resumesInMs !== null && resumesInMs > 3_500_000 && resumesInMs <= 3_600_000, String(resumesInMs))
    const resumedAt = performance.now()
    await withMesh(home, (mesh) => mesh.resume())
    await asking.sees('box', { after: resumedAt })
    assert.equal((await ask()).stdout, '56\n')
  })
})

describe('the service of systemd', function () {
  this.timeout(180_000)

  it('is installed, survives a crash and a reboot, stays stopped when told so, and is removed', async function () {
    const reason = whyNot()
    if (reason !== null) {
      this.test!.title += ` (${reason})`
      this.skip()
    }
    const child = spawn(
      'unshare',
      ['--mount', '--pid', '--fork', '--cgroup', '--kill-child', 'bash', SCRIPT, ROOT, process.execPath],
      { stdio: ['ignore', 'pipe', 'pipe'] }
    )
    let text = ''
    child.stdout.on('data', (chunk) => (text += String(chunk)))
    child.stderr.on('data', (chunk) => (text += String(chunk)))
    await once(child, 'close')
    const [, skipped] = /^skip: (.*)$/m.exec(text) ?? []
    if (skipped !== undefined) {
      this.test!.title += ` (${skipped})`
      this.skip()
    }
    const state = (when: string) => {
      const [, json] = new RegExp(`^${when}: (\\{.*)$`, 'm').exec(text) ?? []
      assert.ok(json !== undefined, `${when}:\n${text}`)
      const { installed, starts, running, lastExit } = JSON.parse(json) as Record<string, unknown>
      return { installed, starts, running, lastExit }
    }
    const none = { installed: false, starts: 'never', running: false, lastExit: null }
    assert.deepEqual(state('no service'), none)
    for (const when of ['after install', 'after a crash', 'after a reboot'])
      assert.ok(text.includes(`${when}: 56`), text)
    assert.match(text, /is installed and runs already; nothing was changed/)
    const starts = state('status').starts
    assert.ok(starts === 'at login' || starts === 'at boot')
    assert.deepEqual(state('status'), { installed: true, starts, running: true, lastExit: null })
    // A verb that looked while no node ran may have held the home for a moment: then it took a second try.
    assert.match(String(state('crashed').lastExit), /^started again \d+ times?$/)
    assert.deepEqual(state('stopped'), { installed: true, starts, running: false, lastExit: 'exit code 0' })
    assert.deepEqual(state('uninstalled'), none)
    assert.match(text, /There was no service ownmesh-[0-9a-f]{8}; nothing was changed\.\s*$/)
  })
})

/** Why systemd cannot be had here, or null. */
function whyNot(): string | null {
  if (process.platform !== 'linux') return 'systemd is Linux’s'
  if (process.getuid?.() !== 0) return 'namespaces of its own need root'
  for (const command of ['unshare', 'systemd', 'systemctl']) {
    if (spawnSync(command, ['--version']).error !== undefined) return `the command ${command} is missing`
  }
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', '--cgroup', 'true'])
  return status === 0 ? null : 'no namespaces can be made here'
}

async function withMesh<T>(home: string, use: (mesh: Mesh) => Promise<T>): Promise<T> {
  const mesh = await attachMesh({ home })
  try {
    return await use(mesh)
  } finally {
    await mesh.stop()
  }
}

/** The node and its engine, as when the power goes. */
async function kill(child: ChildProcess): Promise<void> {
  const pids = [child.pid!, ...childrenOf(child.pid!)]
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It is gone already.
    }
  }
  await gone(pids)
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    )
  } catch {
    return []
  }
}
