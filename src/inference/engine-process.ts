import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { EngineFailedError } from '../errors.ts'
import type { EngineLog } from './index.ts'
import type { Command, Reply } from './messages.ts'

export interface EngineProcessInit {
  /** The package that holds onnxruntime. */
  runtime: string
  /** See `EngineInit`. */
  gatherMs: number
  /** Bytes for all models together. */
  memoryBudget: number
  keepAliveMs: number
  log: EngineLog
  onReply: (reply: Reply) => void
  /** The child is gone without having been told to go. A new one starts with the next command. */
  onDeath: (death: Death) => void
}

export interface Death {
  err: EngineFailedError
  /** True when it fell by itself, false when somebody killed it. */
  crashed: boolean
}

/** Signals by which a process is ended from outside (the kernel's when memory runs out is SIGKILL). */
const KILLED: readonly (string | null)[] = ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** How long a child may take to leave by itself before it is killed: one run of a graph at most. */
const LEAVE_MS = 2000

/**
 * For glibc: what is at least so large lies apart and goes back to the system as soon as it is free. By itself it moves
 * that limit up to 32 MB, and then keeps what an answer had between things that stay, for no other process to use.
 * Nothing was slower for it.
 */
const GIVING_BACK = { MALLOC_MMAP_THRESHOLD_: String(2 ** 20), MALLOC_TRIM_THRESHOLD_: String(8 * 2 ** 20) }

/**
 * Node's objects are few here and its buffers many: by itself it looks for garbage after each 12 MB of these, eight times a
 * second where eight ask, and has half a processor for it each time. This costs so much memory at most.
 */
const GARBAGE_MB = 64

/** The child process, started by the first command and, after its death, by the next. */
export class EngineProcess {
  readonly #init: EngineProcessInit
  #child: ChildProcess | null = null
  /** Those that were told to go and have not gone yet. */
  readonly #leaving = new Set<Promise<void>>()
  /** The last words on standard error: a native crash explains itself there or nowhere. */
  #lastWords = ''

  constructor(init: EngineProcessInit) {
    this.#init = init
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  send(command: Command): void {
    // A command that cannot be delivered is one whose child died: 'exit' tells all who wait.
    this.#started().send(command, () => undefined)
  }

  /** Ends a child that hangs; it counts as having died. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** Ends the child; the next command starts another. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child !== null) {
      const leaving = this.#leave(child).finally(() => this.#leaving.delete(leaving))
      this.#leaving.add(leaving)
    }
    await Promise.all(this.#leaving)
  }

  async #leave(child: ChildProcess): Promise<void> {
    const gone = new Promise<void>((resolve) => child.once('exit', resolve))
    if (child.exitCode !== null || child.signalCode !== null) return
    if (child.connected) child.disconnect()
    const impatience = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS)
    await gone
    clearTimeout(impatience)
  }

  #started(): ChildProcess {
    if (this.#child !== null) return this.#child
    const { runtime, gatherMs, memoryBudget, keepAliveMs, log, onReply } = this.#init
    const words = [runtime, ...[gatherMs, memoryBudget, keepAliveMs].map(String)]
    const child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), words, {
      serialization: 'advanced',
      // Flags of this process, such as --inspect, are not the child's; its own lets it free tensors when it is done.
      execArgv: ['--expose-gc', `--initial-old-space-size=${GARBAGE_MB}`],
      env: { ...GIVING_BACK, ...process.env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    this.#child = child
    this.#lastWords = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-500)
      log.debug(`engine: ${text.trimEnd()}`)
    })
    child.on('message', (replies) => {
      // Each may be what lets it go.
      for (const reply of replies as Reply[]) if (child === this.#child) onReply(reply)
    })
    child.on('error', (err) => {
      this.#died(child, err.message, false)
    })
    child.on('exit', (code, signal) => {
      this.#died(child, signal ?? `exit code ${code ?? 0}`, !KILLED.includes(signal))
    })
    return child
  }

  #died(child: ChildProcess, how: string, crashed: boolean): void {
    if (child !== this.#child) return
    this.#child = null
    const said = this.#lastWords.trim().split('\n').at(-1) ?? ''
    this.#init.log.warn(`the engine's process died (${how})${said === '' ? '' : `: ${said}`}`)
    const err = new EngineFailedError(`The engine's process died (${how}); the next question starts it again.`)
    this.#init.onDeath({ err, crashed })
  }
}
