import { join } from 'node:path'
import { count } from '../human.ts'
import {
  ServiceError,
  commandLine,
  must,
  type Account,
  type Installed,
  type Runner,
  type ServiceManager,
  type ServicePlan,
  type ServiceState
} from './manager.ts'

/** A node waits a minute for answers that run, and then says that it stops. */
const STOP_SECONDS = 75
/** Stands in the unit where `install` let the user's services start without a login, so that `uninstall` undoes it. */
const LINGER_MARK = '# Lingering was switched on for this service.'

/**
 * The unit. It says nothing that keeps the GPU from the engine (no PrivateDevices, no DevicePolicy) or the compiler of
 * JavaScript from its memory (no MemoryDenyWriteExecute), and needs no user namespaces, which some systems forbid.
 */
export function systemdUnit(plan: ServicePlan, { lingers = false }: { lingers?: boolean } = {}): string {
  const [node = '', ...args] = commandLine(plan)
  return `# Made by mesh service install; mesh service uninstall removes it.
${lingers ? `${LINGER_MARK}\n` : ''}[Unit]
Description=ownmesh: your own devices, one private AI
# However often it fails, it is tried again.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${[word(node, { first: true }), ...args.map((arg) => word(arg))].join(' ')}
Restart=on-failure
# From 2 s to a minute; releases before 254 stay at 2 s.
RestartSec=2
RestartSteps=6
RestartMaxDelaySec=60
# A command line that cannot be understood does not get better.
RestartPreventExitStatus=2
# The node ends its engine itself.
KillMode=mixed
TimeoutStopSec=${STOP_SECONDS}
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=default.target
`
}

/** The words of an ExecStart= line, for whoever starts what it says without systemd. */
export function execStart(unit: string): string[] {
  const [, line = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? []
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = ''], index) => {
    const plain = text.replace(/\\(.)/g, '$1').replaceAll('%%', '%')
    return index === 0 ? plain : plain.replaceAll('$$', '$')
  })
}

/** A word as systemd.service(5) and systemd.syntax(7) read it. In the path of the command no variable is looked for. */
function word(text: string, { first = false } = {}): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')
  return `"${first ? escaped : escaped.replaceAll('$', '$$$$')}"`
}

/** A service of the user's own systemd. */
export class Systemd implements ServiceManager {
  readonly #runner: Runner
  readonly #account: Account

  constructor(runner: Runner, account: Account) {
    this.#runner = runner
    this.#account = account
  }

  async install(plan: ServicePlan): Promise<Installed> {
    await this.#present()
    const did: string[] = []
    const path = this.#path(plan)
    const before = this.#runner.read(path)
    const lingered = await this.#lingers()
    let byUs = before?.includes(LINGER_MARK) === true
    let boot = lingered
    if (!lingered) {
      const { code } = await this.#runner.run('loginctl', ['enable-linger', this.#account.user])
      boot = code === 0
      byUs ||= boot
      if (boot) did.push(`Let your services start with the machine (loginctl enable-linger ${this.#account.user}).`)
    }
    const unit = systemdUnit(plan, { lingers: byUs })
    if (unit !== before) {
      this.#runner.write(path, unit)
      did.push(`Wrote ${path}.`)
      await this.#systemctl('daemon-reload')
    }
    const { enabled, running } = await this.#look(plan)
    if (!enabled) {
      await this.#systemctl('enable', this.#unit(plan))
      did.push(`Enabled it: it starts ${boot ? 'with the machine' : 'when you log in'}.`)
    }
    if (!running || unit !== before) {
      await this.#systemctl('restart', this.#unit(plan))
      did.push(running ? 'Started it again with what is new.' : 'Started it.')
    }
    const advice = boot
      ? []
      : [`To start it with the machine, also when nobody logs in: sudo loginctl enable-linger ${this.#account.user}`]
    return { did, advice }
  }

  async uninstall(plan: ServicePlan): Promise<string[]> {
    const path = this.#path(plan)
    const unit = this.#runner.read(path)
    if (unit === null) {
      return []
    }
    const did: string[] = []
    await this.#present()
    await this.#systemctl('disable', '--now', this.#unit(plan))
    did.push('Stopped and disabled it.')
    this.#runner.remove(path)
    did.push(`Removed ${path}.`)
    await this.#systemctl('daemon-reload')
    // Of a unit that had failed something would stay in the list; of any other there is nothing to reset.
    await this.#runner.run('systemctl', ['--user', 'reset-failed', this.#unit(plan)])
    if (unit.includes(LINGER_MARK)) {
      const { code } = await this.#runner.run('loginctl', ['disable-linger', this.#account.user])
      did.push(
        code === 0
          ? `Your services no longer start without you (loginctl disable-linger ${this.#account.user}).`
          : `Your services still start without you; to undo that: sudo loginctl disable-linger ${this.#account.user}`
      )
    }
    return did
  }

  async state(plan: ServicePlan): Promise<ServiceState> {
    const path = this.#path(plan)
    const installed = this.#runner.read(path) !== null
    if (!installed) {
      return { installed, starts: 'never', running: false, since: null, lastExit: null, definition: path }
    }
    await this.#present()
    const { enabled, running, since, lastExit } = await this.#look(plan)
    const starts = !enabled ? 'never' : (await this.#lingers()) ? 'at boot' : 'at login'
    return { installed, starts, running, since, lastExit, definition: path }
  }

  async logs(
    plan: ServicePlan,
    { lines, follow, signal }: { lines: number; follow: boolean; signal: AbortSignal }
  ): Promise<void> {
    const args = [`--user-unit=${this.#unit(plan)}`, '--no-pager', '--output=short-iso', `--lines=${lines}`]
    const { code, stderr } = await this.#runner.show('journalctl', [...args, ...(follow ? ['--follow'] : [])], signal)
    if (code !== 0 && !signal.aborted) {
      throw new ServiceError(
        code === null ? 'There is no journalctl on this machine.' : `journalctl failed: ${stderr.trim()}`
      )
    }
  }

  async #look(plan: ServicePlan) {
    const properties = 'ActiveState,UnitFileState,ActiveEnterTimestamp,ExecMainCode,ExecMainStatus,NRestarts'
    const text = await this.#systemctl('show', this.#unit(plan), `--property=${properties}`)
    const value = new Map(
      text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    )
    const state = value.get('ActiveState') ?? ''
    const running = state === 'active' || state === 'reloading'
    return {
      enabled: value.get('UnitFileState') === 'enabled',
      running,
      since: running ? (value.get('ActiveEnterTimestamp') ?? null) : null,
      lastExit: exitInWords(value.get('ExecMainCode'), value.get('ExecMainStatus'), value.get('NRestarts'))
    }
  }

  /** @throws {ServiceError} where this user has no systemd */
  async #present(): Promise<void> {
    const { code, stderr } = await this.#runner.run('systemctl', ['--user', 'show-environment'])
    if (code === 0) {
      return
    }
    const reason = code === null ? 'systemd is not on this machine' : (stderr.trim().split('\n')[0] ?? '')
    throw new ServiceError(
      `There is no systemd for ${this.#account.user} here: ${reason}. ` +
        'In a container, let what starts the container run: mesh join --headless. ' +
        `After su or sudo, log in as ${this.#account.user} itself (ssh, or machinectl shell ${this.#account.user}@), and try again.`
    )
  }

  async #lingers(): Promise<boolean> {
    const { stdout } = await this.#runner.run('loginctl', ['show-user', this.#account.user, '--property=Linger'])
    return stdout.trim() === 'Linger=yes'
  }

  #systemctl(...args: string[]): Promise<string> {
    return must(this.#runner, 'systemctl', ['--user', ...args])
  }

  #unit({ name }: ServicePlan): string {
    return `${name}.service`
  }

  #path(plan: ServicePlan): string {
    return join(this.#account.configHome, 'systemd', 'user', this.#unit(plan))
  }
}

/** ExecMainCode is a CLD_ code of waitid(2): 1 exited, 2 killed, 3 dumped core. */
function exitInWords(code = '0', status = '0', restarts = '0'): string | null {
  const again = restarts === '0' || restarts === '' ? '' : `, started again ${count(Number(restarts), 'time')}`
  if (code === '1') {
    return `exit code ${status}${again}`
  }
  return code === '2' || code === '3' ? `signal ${status}${again}` : again === '' ? null : again.slice(2)
}
