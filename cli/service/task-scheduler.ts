import { win32 } from 'node:path'
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

/** `Get-ScheduledTask` gives the state as a number where it is made JSON: 4 runs, 1 is disabled. */
const RUNNING = 4
const DISABLED = 1
/** SCHED_S_TASK_HAS_NOT_RUN and SCHED_S_TASK_RUNNING: no exit of anything. */
const NO_EXITS: readonly number[] = [0x41303, 0x41301]

/** The task, for version 1.2 of the Task Scheduler's schema. conhost keeps a window from opening. */
export function taskXml(plan: ServicePlan, user: string): string {
  const [node = '', ...args] = commandLine(plan)
  const all = ['--headless', node, ...args, '--log-file', logFile(plan.home, win32)].map(argument).join(' ')
  return `<?xml version="1.0" encoding="UTF-16"?>
<!-- Made by mesh service install; mesh service uninstall removes it. -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>ownmesh: your own devices, one private AI</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>${xml(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${xml(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>conhost.exe</Command>
      <Arguments>${xml(all)}</Arguments>
    </Exec>
  </Actions>
</Task>
`
}

/** A word as CommandLineToArgvW splits it: backslashes count only before a quotation mark. */
function argument(text: string): string {
  return /[\s"]/.test(text) || text === '' ? `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"` : text
}

/** A task of the user, which Windows starts at logon. */
export class TaskScheduler implements ServiceManager {
  readonly #runner: Runner
  readonly #account: Account
  /** Lets the node end by itself: Windows knows no signal that asks for it. */
  readonly #end: () => Promise<void>

  constructor(runner: Runner, account: Account, end: () => Promise<void>) {
    this.#runner = runner
    this.#account = account
    this.#end = end
  }

  async install(plan: ServicePlan): Promise<Installed> {
    const did: string[] = []
    const path = this.#path(plan)
    const task = taskXml(plan, this.#account.user)
    const before = this.#runner.read(path)
    const { running, starts } = await this.state(plan)
    if (task !== before || starts === 'never') {
      if (running) {
        await this.#end()
      }
      // The Task Scheduler reads UTF-16 with its mark.
      this.#runner.write(path, Buffer.from(`\uFEFF${task}`, 'utf16le'))
      await must(this.#runner, 'schtasks', ['/Create', '/TN', plan.name, '/XML', path, '/F'])
      did.push(`Made the task ${plan.name} from ${path}: it starts when you log in.`)
    }
    if (!running || did.length > 0) {
      await must(this.#runner, 'schtasks', ['/Run', '/TN', plan.name])
      did.push('Started it.')
    }
    return { did, advice: [] }
  }

  async uninstall(plan: ServicePlan): Promise<string[]> {
    const { installed, running } = await this.state(plan)
    if (!installed) {
      return []
    }
    if (running) {
      await this.#end()
      await this.#runner.run('schtasks', ['/End', '/TN', plan.name])
    }
    await must(this.#runner, 'schtasks', ['/Delete', '/TN', plan.name, '/F'])
    this.#runner.remove(this.#path(plan))
    return ['Stopped it.', `Removed the task ${plan.name}.`]
  }

  async state(plan: ServicePlan): Promise<ServiceState> {
    // Its own words are in the language of Windows; these are not.
    const script =
      `$t = Get-ScheduledTask -TaskName '${plan.name}' -ErrorAction Stop; $i = $t | Get-ScheduledTaskInfo; ` +
      `@{ state = [int]$t.State; result = $i.LastTaskResult; since = $i.LastRunTime.ToString('o') } | ConvertTo-Json -Compress`
    const { code, stdout } = await this.#runner.run('powershell', ['-NoProfile', '-NonInteractive', '-Command', script])
    if (code !== 0) {
      return { installed: false, starts: 'never', running: false, since: null, lastExit: null, definition: plan.name }
    }
    const { state, result, since } = JSON.parse(stdout) as { state: number; result: number; since: string }
    const running = state === RUNNING
    return {
      installed: true,
      starts: state === DISABLED ? 'never' : 'at login',
      running,
      since: running ? since : null,
      lastExit: NO_EXITS.includes(result) ? null : `exit code ${result}`,
      definition: plan.name
    }
  }

  logs(plan: ServicePlan, options: { lines: number; follow: boolean; signal: AbortSignal }): Promise<void> {
    return this.#runner.tail(logFile(plan.home, win32), options)
  }

  #path({ home }: ServicePlan): string {
    return win32.join(home, 'service.xml')
  }
}
