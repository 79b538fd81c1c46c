import { join } from 'node:path'
import {
  commandLine,
  must,
  type Account,
  type Installed,
  type Runner,
  type ServiceManager,
  type ServicePlan,
  type ServiceState
} from './manager.ts'
import { logFile } from './log-file.ts'
import { xml } from './xml.ts'

/** A node waits a minute for answers that run, and then says that it stops. */
const STOP_SECONDS = 75
/** launchd's own default, and its shortest. */
const AGAIN_AFTER_SECONDS = 10

/** The agent of launchd.plist(5). The node writes and rotates its log itself. */
export function launchAgent(plan: ServicePlan): string {
  const args = [...commandLine(plan), '--log-file', logFile(plan.home)]
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Made by mesh service install; mesh service uninstall removes it. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(plan.name)}</string>
  <key>ProgramArguments</key>
  <array>
${args.map((arg) => `    <string>${xml(arg)}</string>`).join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>${AGAIN_AFTER_SECONDS}</integer>
  <key>ExitTimeOut</key>
  <integer>${STOP_SECONDS}</integer>
  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
`
}

/** An agent of the user, which macOS starts at login. */
export class Launchd implements ServiceManager {
  readonly #runner: Runner
  readonly #account: Account

  constructor(runner: Runner, account: Account) {
    this.#runner = runner
    this.#account = account
  }

  async install(plan: ServicePlan): Promise<Installed> {
    const did: string[] = []
    const path = this.#path(plan)
    const agent = launchAgent(plan)
    const before = this.#runner.read(path)
    const state = await this.state(plan)
    if (agent !== before) {
      this.#runner.write(path, agent)
      did.push(`Wrote ${path}.`)
    }
    if (agent !== before || !state.running) {
      // One that is loaded keeps what it was loaded with.
      await this.#runner.run('launchctl', ['bootout', this.#target(plan)])
      await must(this.#runner, 'launchctl', ['enable', this.#target(plan)])
      await must(this.#runner, 'launchctl', ['bootstrap', this.#domain(), path])
      did.push('Enabled and started it: it starts when you log in.')
    }
    return { did, advice: [] }
  }

  async uninstall(plan: ServicePlan): Promise<string[]> {
    const path = this.#path(plan)
    if (this.#runner.read(path) === null) {
      return []
    }
    await this.#runner.run('launchctl', ['bootout', this.#target(plan)])
    this.#runner.remove(path)
    return ['Stopped it.', `Removed ${path}.`]
  }

  async state(plan: ServicePlan): Promise<ServiceState> {
    const path = this.#path(plan)
    const installed = this.#runner.read(path) !== null
    const { code, stdout } = await this.#runner.run('launchctl', ['print', this.#target(plan)])
    const value = (key: string): string | undefined => new RegExp(`^\\s*${key} = (.+)$`, 'm').exec(stdout)?.[1]
    const running = code === 0 && value('state') === 'running'
    const pid = value('pid')
    const exit = value('last exit code')
    return {
      installed,
      starts: installed && code === 0 ? 'at login' : 'never',
      running,
      since: running && pid !== undefined ? await this.#startOf(pid) : null,
      lastExit: exit === undefined || exit.startsWith('(never') ? null : `exit code ${exit}`,
      definition: path
    }
  }

  logs(plan: ServicePlan, options: { lines: number; follow: boolean; signal: AbortSignal }): Promise<void> {
    return this.#runner.tail(logFile(plan.home), options)
  }

  async #startOf(pid: string): Promise<string | null> {
    const { code, stdout } = await this.#runner.run('ps', ['-o', 'lstart=', '-p', pid])
    return code === 0 ? stdout.trim() : null
  }

  #domain(): string {
    return `gui/${this.#account.uid}`
  }

  #target({ name }: ServicePlan): string {
    return `${this.#domain()}/${name}`
  }

  #path({ name }: ServicePlan): string {
    return join(this.#account.userHome, 'Library', 'LaunchAgents', `${name}.plist`)
  }
}
