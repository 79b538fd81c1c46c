import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, win32 } from 'node:path'
import fc from 'fast-check'
import { launchAgent } from '../../../cli/service/launchd.ts'
import { logFile, olderLogFile, rotatingLog } from '../../../cli/service/log-file.ts'
import { commandLine, type ServicePlan } from '../../../cli/service/manager.ts'
import { checkItStays, planOf } from '../../../cli/service/plan.ts'
import { execStart, systemdUnit } from '../../../cli/service/systemd.ts'
import { taskXml } from '../../../cli/service/task-scheduler.ts'
import { parseXml } from './parse-xml.ts'

const PLAN: ServicePlan = { name: 'ownmesh', node: '/usr/bin/node', script: '/opt/mesh.js', home: '/home/ada/mesh' }
const SEED = 20_267
/** Any path but those with line breaks, which are refused. */
const path = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .map((text) => `/${text.replace(/[\r\n\0]/g, '')}`)
const plans = fc.record({ name: fc.constant('ownmesh'), node: path, script: path, home: path })

describe('the unit of systemd', () => {
  it('is this, word for word', () => {
    const unit = systemdUnit(PLAN)
    assert.ok(
      unit.includes('\nExecStart="/usr/bin/node" "/opt/mesh.js" "join" "--headless" "--home" "/home/ada/mesh"\n')
    )
    for (const line of ['Restart=on-failure', 'NoNewPrivileges=yes', 'KillMode=mixed', 'WantedBy=default.target']) {
      assert.ok(unit.split('\n').includes(line), line)
    }
    // These would take the GPU from the engine, or the memory from the compiler of JavaScript.
    assert.doesNotMatch(unit, /PrivateDevices|DevicePolicy|MemoryDenyWriteExecute|ProtectKernelTunables/)
  })

  it('starts what it is told to, whatever the paths are called', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        assert.deepEqual(execStart(systemdUnit(plan)), commandLine(plan))
      }),
      { seed: SEED }
    )
  })

  it('is without fault for systemd itself', function () {
    const folder = mkdtempSync(join(tmpdir(), 'ownmesh-'))
    try {
      const file = join(folder, 'ownmesh.service')
      const plan = { ...PLAN, node: process.execPath, home: '/home/a "d" $HOME %h\\a/mesh' }
      writeFileSync(file, systemdUnit(plan))
      const { error, status, stderr } = spawnSync('systemd-analyze', ['verify', '--user', '--man=no', file], {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: folder }
      })
      if (error !== undefined) {
        this.test!.title += ' (systemd-analyze is missing)'
        this.skip()
      }
      // Older releases know fewer keys, and say so.
      const faults = stderr
        .split('\n')
        .filter((line) => line.includes(file) && !/Restart(Steps|MaxDelaySec)/.test(line))
      assert.deepEqual([status, faults], [0, []], stderr)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('the agent of launchd', () => {
  it('is well-formed, and says what to start, whatever the paths are called', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { name, children } = parseXml(launchAgent(plan))
        assert.equal(name, 'plist')
        const dict = children[0]?.children ?? []
        const valueOf = (key: string) => dict[dict.findIndex(({ name, text }) => name === 'key' && text === key) + 1]
        assert.deepEqual(
          valueOf('ProgramArguments')?.children.map(({ text }) => text),
          [...commandLine(plan), '--log-file', logFile(plan.home)]
        )
        assert.equal(valueOf('Label')?.text, 'ownmesh')
        assert.equal(valueOf('RunAtLoad')?.name, 'true')
        assert.deepEqual(
          valueOf('KeepAlive')?.children.map(({ name }) => name),
          ['key', 'false']
        )
      }),
      { seed: SEED }
    )
  })
})

describe('the task of Windows', () => {
  it('is well-formed, with its elements in the order of the schema', () => {
    const root = parseXml(taskXml({ ...PLAN, home: 'C:\\Ada & Co\\mesh' }, 'PC\\ada'))
    assert.equal(root.name, 'Task')
    assert.deepEqual(
      root.children.map(({ name }) => name),
      ['RegistrationInfo', 'Triggers', 'Principals', 'Settings', 'Actions']
    )
    const exec = root.children.at(-1)?.children[0]
    assert.deepEqual(
      exec?.children.map(({ text }) => text),
      [
        'conhost.exe',
        `--headless /usr/bin/node /opt/mesh.js join --headless --home "C:\\Ada & Co\\mesh" --log-file "${logFile('C:\\Ada & Co\\mesh', win32)}"`
      ]
    )
  })

  it('quotes as Windows reads it', () => {
    const argumentsOf = (home: string) =>
      parseXml(taskXml({ ...PLAN, home }, 'ada')).children.at(-1)?.children[0]?.children[1]?.text ?? ''
    assert.ok(argumentsOf('C:\\a b\\').includes('--home "C:\\a b\\\\" --log-file'))
    assert.ok(argumentsOf('C:\\a"b').includes('--home "C:\\a\\"b" --log-file'))
  })
})

describe('what a service runs', () => {
  const init = { ...PLAN, usualHome: PLAN.home, temporary: ['/tmp'] }

  it('goes by the plain name for the usual home alone', () => {
    assert.equal(planOf(init).name, 'ownmesh')
    assert.match(planOf({ ...init, home: '/home/ada/other' }).name, /^ownmesh-[0-9a-f]{8}$/)
  })

  it('must be there tomorrow', () => {
    checkItStays(init)
    checkItStays({ ...init, script: '/tmpfoo/mesh.js' })
    for (const change of [
      { script: '/tmp/clone/dist/cli/mesh.js' },
      { script: '/home/ada/.npm/_npx/1a2b/node_modules/ownmesh/dist/cli/mesh.js' },
      { node: '/run/user/1000/fnm_multishells/1/bin/node' },
      { home: '/tmp/home' }
    ]) {
      assert.throws(
        () => {
          checkItStays({ ...init, ...change })
        },
        { name: 'ServiceError', message: /where it stays/ }
      )
    }
    assert.throws(() => {
      checkItStays({ ...init, home: '/home/a\nb' })
    }, /line break/)
  })
})

describe('a log that is a file', () => {
  let folder: string
  let file: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ownmesh-'))
    file = join(folder, 'home', 'service.log')
  })

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  async function write(lines: string[], mostBytes: number): Promise<void> {
    const log = rotatingLog(file, { mostBytes, now: () => new Date(0) })
    for (const line of lines) await new Promise((resolve) => log.write(`${line}\n`, resolve))
    await new Promise<void>((resolve) => log.end(resolve))
  }

  it('has each line with its time, and goes on after a restart', async () => {
    await write(['one', 'two'], 1000)
    await write(['three'], 1000)
    const stamp = '1970-01-01T00:00:00.000Z'
    assert.equal(readFileSync(file, 'utf8'), `${stamp} one\n${stamp} two\n${stamp} three\n`)
  })

  it('is put aside when it is full, once, so that it never takes more than twice its size', async () => {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`)
    await write(lines, 200)
    const [older, newer] = [readFileSync(olderLogFile(file), 'utf8'), readFileSync(file, 'utf8')]
    assert.ok(older.length <= 200 && newer.length <= 200)
    assert.ok((older + newer).endsWith('line 48\n1970-01-01T00:00:00.000Z line 49\n'))
    assert.equal(existsSync(`${olderLogFile(file)}.1`), false)
  })

  it('that cannot be written disturbs nobody', async () => {
    writeFileSync(join(folder, 'home'), 'a file where the folder should be')
    await write(['lost'], 100)
  })
})
