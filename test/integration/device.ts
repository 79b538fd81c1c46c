import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { attachMesh } from '../../src/client.ts'
import type { Mesh, MeshEvent } from '../../src/interface.ts'
import type { Host } from './namespaces.ts'

const COMMAND = fileURLToPath(new URL('../../cli/mesh.js', import.meta.url))
/** Continuous integration shares its cores; a start that takes this long is an error anywhere. */
const PATIENCE_MS = 30_000
/** Enough of a process's last words to understand them. */
const LAST_WORDS = 2000

type Ready = { event: 'ready'; name: string; peerId: string; addresses: string[]; mesh: string | null; model: string }
/** As it is printed: the type is called `event`. */
type Printed<E> = E extends { type: infer T } ? { event: T } & Omit<E, 'type'> : never
/** A line of `mesh join --json`, and when it came, in milliseconds of this process's monotonic clock. */
export type Line = { at: number } & (Ready | Printed<MeshEvent>)

export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

export interface DeviceProcessInit {
  host: Host | undefined
  name: string
  home: string
  flags: readonly string[]
  env: Record<string, string>
  /** What has to be there before the process is. */
  beforeStart?: () => Promise<void>
}

/** One device: its home, and the process that serves it now. */
export class Device {
  readonly name: string
  readonly home: string
  /** Of the present process, oldest first. */
  lines: Line[] = []
  readonly #init: DeviceProcessInit
  readonly #news = new EventTarget()
  readonly #verbs = new Set<ChildProcess>()
  #child: ChildProcess | undefined
  #ended: Promise<number | null> = Promise.resolve(null)
  #words = ''

  constructor(init: DeviceProcessInit) {
    this.#init = init
    this.name = init.name
    this.home = init.home
  }

  /** Of the process that serves the home. */
  get pid(): number {
    const { pid } = this.#child ?? {}
    if (pid === undefined) throw new Error(`${this.name} does not run`)
    return pid
  }

  /** The last words of the present process. */
  get words(): string {
    return this.#words
  }

  /** The exit code of the present process, once it has ended; null where a signal ended it. */
  get ended(): Promise<number | null> {
    return this.#ended
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Serves the home; a second time as the same device. Resolves to the ready line. */
  async start(...moreFlags: string[]): Promise<Line & Ready> {
    await this.#init.beforeStart?.()
    const flags = [...this.#init.flags, ...moreFlags]
    const child = this.spawn(['join', '--json', '--name', this.name, '--port', '0', ...flags])
    this.#child = child
    this.lines = []
    this.#words = ''
    const say = (chunk: unknown): void => {
      this.#words = (this.#words + String(chunk)).slice(-LAST_WORDS)
    }
    child.stdout?.on('data', say)
    child.stderr?.on('data', say)
    this.#ended = once(child, 'close').then(([code]) => {
      this.#news.dispatchEvent(new Event('news'))
      return code as number | null
    })
    createInterface(child.stdout!).on('line', (line) => {
      this.lines.push({ at: performance.now(), ...(JSON.parse(line) as object) } as Line)
      this.#news.dispatchEvent(new Event('news'))
    })
    return this.ready()
  }

  /** The first line of the present process. */
  async ready(): Promise<Line & Ready> {
    return (await this.until('its ready line', ({ event }) => event === 'ready')) as Line & Ready
  }

  /** The first line of the present process that fits, past ones included. @throws when none comes, with its last words */
  async until(what: string, fits: (line: Line) => boolean, timeoutMs = PATIENCE_MS): Promise<Line> {
    const signal = AbortSignal.timeout(timeoutMs)
    const child = this.#child
    while (true) {
      const found = this.lines.find(fits)
      if (found !== undefined) return found
      if (child?.exitCode !== null || child.signalCode !== null) throw this.#failure(`ended before ${what}`)
      try {
        await once(this.#news, 'news', { signal })
      } catch {
        throw this.#failure(`did not give ${what} within ${timeoutMs} ms`)
      }
    }
  }

  /** The line by which it has the other device connected, with a model (of that name) to answer, or without. */
  async sees(
    name: string,
    { after = -Infinity, model = true, answersWith }: { after?: number; model?: boolean; answersWith?: string } = {}
  ): Promise<Line> {
    return this.until(
      `a connection to ${name}`,
      (line) =>
        line.at > after &&
        (line.event === 'peer-connected' || line.event === 'peer-changed') &&
        line.peer.name === name &&
        line.peer.state === 'connected' &&
        (!model || line.peer.model !== null) &&
        (answersWith === undefined || line.peer.model === answersWith)
    )
  }

  /** Runs a verb on this home to its end, as a process. */
  async mesh(...args: string[]): Promise<Outcome> {
    const child = this.spawn(args)
    return gather(child)
  }

  /** A verb on this home as a process, for those who want to hold it. */
  spawn([verb = '', ...args]: string[], options: SpawnOptions = {}): ChildProcess {
    const { host, home, env } = this.#init
    const words = [COMMAND, verb, '--home', home, ...args]
    const all: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'], env: { ...withoutMesh(), ...env }, ...options }
    const child = host === undefined ? spawn(process.execPath, words, all) : host.spawn(process.execPath, words, all)
    this.#verbs.add(child)
    child.once('exit', () => this.#verbs.delete(child))
    return child
  }

  /** A `Mesh` over its control socket. */
  attach(): Promise<Mesh> {
    return attachMesh({ home: this.home })
  }

  /** As `attach`, for as long as something is done with it. */
  async with<T>(use: (mesh: Mesh) => Promise<T>): Promise<T> {
    const mesh = await this.attach()
    try {
      return await use(mesh)
    } finally {
      await mesh.stop()
    }
  }

  /** The node's process and its engine's; or a verb's, and what it started. */
  processes(of?: ChildProcess): number[] {
    const pid = of?.pid ?? this.pid
    return [pid, ...childrenOf(pid)]
  }

  /** As when a laptop is closed. */
  suspend(): void {
    for (const pid of this.processes()) process.kill(pid, 'SIGSTOP')
  }

  wake(): void {
    for (const pid of this.processes()) process.kill(pid, 'SIGCONT')
  }

  /** As when the power goes: the node, its engine and every verb on this home, until they are gone. */
  async kill(): Promise<void> {
    const pids = this.#child?.pid === undefined ? [] : childrenOf(this.#child.pid)
    const children = [...this.#verbs]
    for (const child of children) child.kill('SIGKILL')
    for (const pid of pids) killQuietly(pid)
    await Promise.all(children.map((child) => ended(child)))
    await this.#ended
  }

  #failure(what: string): Error {
    return new Error(`${this.name} ${what}; its last words:\n${this.#words}`)
  }
}

/** A process's outcome; its words are in the error where it does not come to an end. */
export async function gather(child: ChildProcess, timeoutMs = PATIENCE_MS): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => (texts.stdout += String(chunk)))
  child.stderr?.on('data', (chunk) => (texts.stderr += String(chunk)))
  try {
    const [code] = (await once(child, 'close', { signal: AbortSignal.timeout(timeoutMs) })) as [number | null]
    return { code, ...texts }
  } catch (cause) {
    child.kill('SIGKILL')
    throw new Error(`a command did not end within ${timeoutMs} ms: ${JSON.stringify(texts)}`, { cause })
  }
}

/** Waits until every process is gone. @throws when one stays */
export async function gone(pids: readonly number[], timeoutMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (let alive = pids.filter(isAlive); alive.length > 0; alive = alive.filter(isAlive)) {
    if (performance.now() > deadline) throw new Error(`still there after ${timeoutMs} ms: ${alive.join(', ')}`)
    // The kernel tells nobody but the parent of the end of a process.
    await delay(20)
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter((word) => word !== '')
        .map(Number)
    )
  } catch {
    // It is gone, or this is not Linux.
    return []
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It went by itself.
  }
}

function ended(child: ChildProcess): Promise<unknown> {
  return child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit')
}

/** The variables of the person who runs the tests are not the devices'. */
function withoutMesh(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MESH_')))
}
