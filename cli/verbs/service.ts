import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { homeFolder, usualHomeFolder } from '../../src/client.ts'
import { NodeUnreachableError } from '../../src/errors.ts'
import { readEnvironment } from '../environment.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { Launchd } from '../service/launchd.ts'
import { ServiceError, type Runner, type ServiceManager, type ServicePlan } from '../service/manager.ts'
import { checkItStays, planOf, type PlanInit } from '../service/plan.ts'
import { machine } from '../service/runner.ts'
import { Systemd } from '../service/systemd.ts'
import { TaskScheduler } from '../service/task-scheduler.ts'
import { defineVerb, withMesh, type Invocation, type Values, type Verb } from '../verb.ts'

const FLAGS = {
  lines: { type: 'number', value: 'N', summary: 'of logs: how many (default 50)', min: 1, max: 100_000, whole: true },
  follow: { type: 'switch', summary: 'of logs: go on with what comes, until Ctrl-C' }
} as const

const ACTIONS = ['install', 'uninstall', 'status', 'logs']
const LINES = 50

type ServiceInvocation = Invocation<Values<typeof FLAGS>>

/** Where services are made: this machine, or a test's. */
export interface ServicePlace {
  platform: NodeJS.Platform
  runner: Runner
  account: { user: string; uid: number; userHome: string; configHome: string }
  temporary: readonly string[]
  node: string
  script: string
}

export function serviceVerb(placeOf: () => ServicePlace): Verb {
  return defineVerb({
    name: 'service',
    summary: 'start the node with this machine and keep it running',
    group: 'Everyday',
    usage: '[ACTION]',
    words: { min: 0, max: 1 },
    flags: FLAGS,
    notes: (hint) => [
      `The forms: ${hint('service install')}, ${hint('service status')}, ${hint('service logs --follow')}, ${hint('service uninstall')}.`,
      'It is a service of your own user (systemd on Linux, a launchd agent on macOS, a task on Windows), and never root’s. It is started again when it fails.',
      `Settings of the node go into config.json in its home (name, port, listen, answer, maxRate, …); flags of an earlier ${hint('join')} are not taken over.`
    ],
    async run(invocation) {
      const { words, values, hint } = invocation
      const [action = 'status'] = words
      if (!ACTIONS.includes(action)) {
        throw new UsageError(`${hint('service')} knows install, uninstall, status and logs, not “${action}”.`)
      }
      if (action !== 'logs' && (values.lines !== undefined || values.follow === true)) {
        throw new UsageError(`--lines and --follow belong to ${hint('service logs')}.`)
      }
      const place = placeOf()
      const init = planInit(invocation, place)
      const manager = managerOf(invocation, place)
      const plan = planOf(init)
      switch (action) {
        case 'install':
          checkItStays(init)
          return await install(manager, plan, invocation)
        case 'uninstall':
          return await uninstall(manager, plan, invocation)
        case 'logs':
          await manager.logs(plan, {
            lines: values.lines ?? LINES,
            follow: values.follow === true,
            signal: invocation.interruption.signal
          })
          return EXIT.done
        default:
          return await status(manager, plan, invocation)
      }
    }
  })
}

export const service = serviceVerb(() => {
  const { username, uid, homedir: userHome } = userInfo()
  return {
    platform: process.platform,
    runner: machine,
    account: {
      user: username,
      uid,
      userHome,
      configHome: readEnvironment(process.env).configHome ?? join(homedir(), '.config')
    },
    temporary: process.platform === 'win32' ? [tmpdir()] : [tmpdir(), '/tmp', '/var/tmp', '/dev/shm', '/private/tmp'],
    node: process.execPath,
    script: fileURLToPath(new URL('../mesh.js', import.meta.url))
  }
})

function planInit({ home }: ServiceInvocation, { node, script, temporary }: ServicePlace): PlanInit {
  return { node, script, temporary, home: homeFolder(home.home), usualHome: usualHomeFolder() }
}

function managerOf(invocation: ServiceInvocation, { platform, runner, account }: ServicePlace): ServiceManager {
  switch (platform) {
    case 'darwin':
      return new Launchd(runner, account)
    case 'win32':
      return new TaskScheduler(runner, account, () => endNode(invocation))
    case 'linux':
      return new Systemd(runner, account)
    default:
      throw new ServiceError(
        `There is no service for ${platform} yet; let its own init system run: mesh join --headless.`
      )
  }
}

async function install(manager: ServiceManager, plan: ServicePlan, invocation: ServiceInvocation): Promise<number> {
  const { output, hint } = invocation
  const { running } = await manager.state(plan)
  if (!running && (await nodeRuns(invocation))) {
    throw new ServiceError(
      `A node already runs for ${plan.home}, and not as the service. End it (${hint('stop')}, or Ctrl-C in its terminal), and repeat this.`
    )
  }
  const { did, advice } = await manager.install(plan)
  const { starts } = await manager.state(plan)
  if (output.json) {
    output.data({ service: plan.name, did, advice, starts, home: plan.home })
    return EXIT.done
  }
  if (did.length === 0) {
    output.progress(`The service ${plan.name} is installed and runs already; nothing was changed.`)
  }
  for (const line of did) {
    output.progress(line)
  }
  for (const line of advice) {
    output.note(line)
  }
  output.progress(`What it does: ${hint('service logs')}. To undo all of this: ${hint('service uninstall')}`)
  return EXIT.done
}

async function uninstall(manager: ServiceManager, plan: ServicePlan, { output }: ServiceInvocation): Promise<number> {
  const did = await manager.uninstall(plan)
  if (output.json) {
    output.data({ service: plan.name, did })
    return EXIT.done
  }
  for (const line of did) {
    output.progress(line)
  }
  output.progress(
    did.length === 0
      ? `There was no service ${plan.name}; nothing was changed.`
      : `What the node holds stays in ${plan.home}.`
  )
  return EXIT.done
}

async function status(manager: ServiceManager, plan: ServicePlan, invocation: ServiceInvocation): Promise<number> {
  const { output, hint } = invocation
  const state = await manager.state(plan)
  const elsewhere = !state.running && (await nodeRuns(invocation))
  if (output.json) {
    output.data({ service: plan.name, ...state, home: plan.home, runsOtherwise: elsewhere })
    return EXIT.done
  }
  output.heading(plan.name)
  output.pairs([
    ['installed', state.installed ? state.definition : `no (${hint('service install')} does it)`],
    ['starts', state.starts],
    [
      'running',
      state.running ? `since ${state.since ?? 'a while'}` : elsewhere ? 'no, but a node runs in a terminal' : 'no'
    ],
    ['last exit', state.lastExit ?? 'none'],
    ['home', plan.home]
  ])
  return EXIT.done
}

async function nodeRuns({ doors, home, interruption: { signal } }: ServiceInvocation): Promise<boolean> {
  try {
    return await withMesh(doors.attachMesh({ ...home, signal }), () => Promise.resolve(true))
  } catch (error) {
    if (error instanceof NodeUnreachableError) {
      return false
    }
    throw error
  }
}

async function endNode({ doors, home, interruption: { signal } }: ServiceInvocation): Promise<void> {
  try {
    await withMesh(doors.attachMesh({ ...home, signal }), (mesh) => mesh.shutdown())
  } catch (error) {
    if (!(error instanceof NodeUnreachableError)) {
      throw error
    }
  }
}
