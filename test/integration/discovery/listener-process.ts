import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ChildProcess } from 'node:child_process'
import type { Voice } from '../../../src/protocols/discovery/index.ts'
import type { Host } from '../namespaces.ts'
import type { ListenerEvent, ListenerInit } from './listener.ts'

const PROGRAM = fileURLToPath(new URL('./listener.js', import.meta.url))

/** `listener.ts` as a process on a host, and what it said so far. */
export class ListenerProcess {
  readonly events: ListenerEvent[] = []
  readonly #child: ChildProcess
  readonly #news = new EventTarget()

  constructor(host: Host, init: ListenerInit) {
    this.#child = host.spawn(process.execPath, [PROGRAM, JSON.stringify(init)], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    if (this.#child.stdout === null) throw new Error('spawned without a standard output')
    createInterface(this.#child.stdout).on('line', (line) => {
      this.events.push(JSON.parse(line) as ListenerEvent)
      this.#news.dispatchEvent(new Event('news'))
    })
  }

  /** The first event of that kind, past ones included, that fits. @throws when it does not come in time */
  async until<Kind extends ListenerEvent['event']>(
    kind: Kind,
    fits: (event: Extract<ListenerEvent, { event: Kind }>) => boolean = () => true,
    timeoutMs = 15_000
  ): Promise<Extract<ListenerEvent, { event: Kind }>> {
    type Wanted = Extract<ListenerEvent, { event: Kind }>
    const signal = AbortSignal.timeout(timeoutMs)
    while (true) {
      const found = this.events.find((event): event is Wanted => event.event === kind && fits(event as Wanted))
      if (found !== undefined) return found
      await once(this.#news, 'news', { signal })
    }
  }

  speak(voice: Voice): void {
    this.#child.stdin?.write(`${JSON.stringify(voice)}\n`)
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
