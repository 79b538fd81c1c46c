import assert from 'node:assert/strict'
import { Launchd } from '../../../cli/service/launchd.ts'
import type { ServicePlan } from '../../../cli/service/manager.ts'
import { Systemd } from '../../../cli/service/systemd.ts'
import { TaskScheduler } from '../../../cli/service/task-scheduler.ts'
import { ACCOUNT, FakeRunner } from './fake-runner.ts'

const PLAN: ServicePlan = { name: 'ownmesh', node: '/usr/bin/node', script: '/opt/mesh.js', home: '/home/ada/mesh' }
const UNIT = '/home/ada/.config/systemd/user/ownmesh.service'
const AGENT = '/home/ada/Library/LaunchAgents/ownmesh.plist'
const { signal } = new AbortController()

describe('a service of systemd', () => {
  const show = 'systemctl --user show ownmesh.service'

  function begin({ linger = 'no', refuses = false, enabled = false, active = false } = {}) {
    const runner = new FakeRunner()
    runner.says.set('loginctl show-user', { stdout: `Linger=${linger}\n` })
    if (refuses) runner.says.set('loginctl enable-linger', { code: 1, stderr: 'Access denied' })
    runner.says.set(show, {
      stdout: `ActiveState=${active ? 'active' : 'inactive'}\nUnitFileState=${enabled ? 'enabled' : ''}\nActiveEnterTimestamp=Mon\nExecMainCode=2\nExecMainStatus=9\nNRestarts=3\n`
    })
    return { runner, service: new Systemd(runner, ACCOUNT) }
  }

  it('is written, enabled, started, and started with the machine', async () => {
    const { runner, service } = begin()
    const { did, advice } = await service.install(PLAN)
    assert.deepEqual(
      runner.commands.filter((line) => !line.includes(' show')),
      [
        'loginctl enable-linger ada',
        `write ${UNIT}`,
        'systemctl --user daemon-reload',
        'systemctl --user enable ownmesh.service',
        'systemctl --user restart ownmesh.service'
      ]
    )
    assert.deepEqual(did, [
      'Let your services start with the machine (loginctl enable-linger ada).',
      `Wrote ${UNIT}.`,
      'Enabled it: it starts with the machine.',
      'Started it.'
    ])
    assert.deepEqual(advice, [])
  })

  it('names the command for lingering where that is refused', async () => {
    const { service } = begin({ refuses: true })
    const { did, advice } = await service.install(PLAN)
    assert.ok(did.includes('Enabled it: it starts when you log in.'))
    assert.match(advice.join(), /sudo loginctl enable-linger ada/)
  })

  it('is left as it is where nothing has changed, and started again where the unit has', async () => {
    const { runner, service } = begin({ linger: 'yes', enabled: true, active: true })
    assert.equal((await service.install(PLAN)).did.length, 2)
    assert.deepEqual((await service.install(PLAN)).did, [])
    const { did } = await service.install({ ...PLAN, node: '/opt/node' })
    assert.deepEqual(did, [`Wrote ${UNIT}.`, 'Started it again with what is new.'])
    assert.equal(runner.commands.filter((line) => line.includes(' restart ')).length, 2)
  })

  it('undoes everything, lingering only where it was its own doing', async () => {
    for (const linger of ['yes', 'no']) {
      const { runner, service } = begin({ linger })
      await service.install(PLAN)
      // From now on it is as `install` left it.
      runner.says.set('loginctl show-user', { stdout: 'Linger=yes\n' })
      await service.install(PLAN)
      runner.commands.length = 0
      await service.uninstall(PLAN)
      assert.deepEqual(
        runner.commands.filter((line) => !line.includes(' show')),
        [
          'systemctl --user disable --now ownmesh.service',
          `remove ${UNIT}`,
          'systemctl --user daemon-reload',
          'systemctl --user reset-failed ownmesh.service',
          ...(linger === 'no' ? ['loginctl disable-linger ada'] : [])
        ]
      )
      assert.deepEqual(await service.uninstall(PLAN), [])
    }
  })

  it('tells its state', async () => {
    const { service } = begin({ linger: 'yes', enabled: true, active: true })
    assert.equal((await service.state(PLAN)).installed, false)
    await service.install(PLAN)
    assert.deepEqual(await service.state(PLAN), {
      installed: true,
      starts: 'at boot',
      running: true,
      since: 'Mon',
      lastExit: 'signal 9, started again 3 times',
      definition: UNIT
    })
  })

  it('says what to do where there is no systemd, or none for this user', async () => {
    for (const [said, reason] of [
      [{ code: null }, /systemd is not on this machine.*In a container.*join --headless/],
      [{ code: 1, stderr: 'Failed to connect to bus: No medium found\n' }, /No medium found\. .*machinectl shell ada@/]
    ] as const) {
      const { runner, service } = begin()
      runner.says.set('systemctl --user show-environment', said)
      await assert.rejects(service.install(PLAN), { name: 'ServiceError', message: reason })
      assert.equal(runner.files.size, 0)
    }
  })

  it('passes on why a command failed', async () => {
    const { runner, service } = begin()
    runner.says.set('systemctl --user restart', { code: 1, stderr: 'Job failed.\nmore' })
    await assert.rejects(service.install(PLAN), {
      name: 'ServiceError',
      message: 'systemctl --user restart ownmesh.service failed: Job failed.'
    })
  })

  it('has its log in the journal', async () => {
    const { runner, service } = begin()
    await service.logs(PLAN, { lines: 7, follow: true, signal })
    assert.deepEqual(runner.commands, [
      'journalctl --user-unit=ownmesh.service --no-pager --output=short-iso --lines=7 --follow'
    ])
  })
})

describe('an agent of launchd', () => {
  const print = 'launchctl print gui/1000/ownmesh'

  it('is written, enabled and loaded, once', async () => {
    const runner = new FakeRunner()
    runner.says.set(print, { code: 113 })
    const service = new Launchd(runner, ACCOUNT)
    await service.install(PLAN)
    assert.deepEqual(runner.commands, [
      print,
      `write ${AGENT}`,
      'launchctl bootout gui/1000/ownmesh',
      'launchctl enable gui/1000/ownmesh',
      `launchctl bootstrap gui/1000 ${AGENT}`
    ])
    runner.says.set(print, { stdout: '\tstate = running\n\tpid = 42\n\tlast exit code = (never exited)\n' })
    runner.says.set('ps', { stdout: 'Mon Oct  9 18:30:00 2026\n' })
    assert.deepEqual((await service.install(PLAN)).did, [])
    assert.deepEqual(await service.state(PLAN), {
      installed: true,
      starts: 'at login',
      running: true,
      since: 'Mon Oct  9 18:30:00 2026',
      lastExit: null,
      definition: AGENT
    })
  })

  it('is unloaded and removed; its log is its own file', async () => {
    const runner = new FakeRunner()
    const service = new Launchd(runner, ACCOUNT)
    await service.install(PLAN)
    runner.commands.length = 0
    await service.logs(PLAN, { lines: 3, follow: false, signal })
    await service.uninstall(PLAN)
    assert.deepEqual(runner.commands, [
      'tail /home/ada/mesh/service.log 3',
      'launchctl bootout gui/1000/ownmesh',
      `remove ${AGENT}`
    ])
    assert.deepEqual(await service.uninstall(PLAN), [])
  })

  it('tells how it ended', async () => {
    const runner = new FakeRunner()
    runner.says.set(print, { stdout: '\tstate = not running\n\tlast exit code = 1\n' })
    const service = new Launchd(runner, ACCOUNT)
    const { running, since, lastExit } = await service.state(PLAN)
    assert.deepEqual([running, since, lastExit], [false, null, 'exit code 1'])
  })
})

describe('a task of Windows', () => {
  const WINDOWS: ServicePlan = { name: 'ownmesh', node: 'C:\\node.exe', script: 'C:\\mesh.js', home: 'C:\\Ada L\\mesh' }

  function begin(state: object | null) {
    const runner = new FakeRunner()
    runner.says.set('powershell', state === null ? { code: 1 } : { stdout: JSON.stringify(state) })
    const ends: string[] = []
    const service = new TaskScheduler(runner, { ...ACCOUNT, user: 'PC\\ada' }, () => {
      ends.push('end')
      return Promise.resolve()
    })
    const commands = () => runner.commands.filter((line) => !line.startsWith('powershell'))
    return { runner, service, ends, commands }
  }

  it('is made from a file, and started, once', async () => {
    const { runner, service, commands } = begin(null)
    await service.install(WINDOWS)
    assert.deepEqual(commands(), [
      'write C:\\Ada L\\mesh\\service.xml',
      'schtasks /Create /TN ownmesh /XML C:\\Ada L\\mesh\\service.xml /F',
      'schtasks /Run /TN ownmesh'
    ])
    const file = runner.files.get('C:\\Ada L\\mesh\\service.xml')
    assert.ok(file instanceof Uint8Array)
    assert.deepEqual([...file.subarray(0, 4)], [0xff, 0xfe, 0x3c, 0])
    runner.says.set('powershell', { stdout: '{"state":4,"result":267009,"since":"2026-10-09T18:30:00"}' })
    assert.deepEqual((await service.install(WINDOWS)).did, [])
    const { running, starts, since, lastExit } = await service.state(WINDOWS)
    assert.deepEqual([running, starts, since, lastExit], [true, 'at login', '2026-10-09T18:30:00', null])
  })

  it('ends the node well before it goes', async () => {
    const { service, ends, commands } = begin({ state: 4, result: 0, since: '' })
    await service.uninstall(WINDOWS)
    assert.deepEqual(ends, ['end'])
    assert.deepEqual(commands(), [
      'schtasks /End /TN ownmesh',
      'schtasks /Delete /TN ownmesh /F',
      'remove C:\\Ada L\\mesh\\service.xml'
    ])
    assert.deepEqual(await begin(null).service.uninstall(WINDOWS), [])
  })

  it('tells how it ended, and that it was disabled', async () => {
    const { running, starts, since, lastExit } = await begin({ state: 1, result: 5, since: 'x' }).service.state(WINDOWS)
    assert.deepEqual([running, starts, since, lastExit], [false, 'never', null, 'exit code 5'])
  })
})
