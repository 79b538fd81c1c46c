import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'

/** What another process of a test does when it is asked to; arguments and answers are JSON. */
export type Orders = Record<string, (argument: never) => Promise<unknown>>

interface Order {
  id: number
  name: string
  argument: unknown
}

interface Answer {
  id: number
  value?: unknown
  error?: string
}

/** Does what the parent process asks for over its IPC channel, until that closes. */
export function obey(orders: Orders): void {
  process.on('message', ({ id, name, argument }: Order) => {
    const order = orders[name] as (argument: unknown) => Promise<unknown>
    order(argument).then(
      (value) => process.send?.({ id, value } satisfies Answer),
      (error: unknown) => process.send?.({ id, error: String((error as Error).stack) } satisfies Answer)
    )
  })
  process.once('disconnect', () => process.exit())
}

/** The parent's side. `child` was started with an IPC channel. */
export class Remote<O extends Orders> {
  readonly #child: ChildProcess
  #last = 0

  constructor(child: ChildProcess) {
    this.#child = child
    child.setMaxListeners(0)
  }

  /** @throws what went wrong there, or that the process has ended */
  async ask<N extends keyof O & string>(
    name: N,
    ...[argument]: Parameters<O[N]>[0] extends undefined ? [] : Parameters<O[N]>
  ): Promise<Awaited<ReturnType<O[N]>>> {
    const id = ++this.#last
    this.#child.send({ id, name, argument } satisfies Order)
    const ended = new AbortController()
    const end = (): void => {
      ended.abort(new Error(`the process ended before it had done “${name}”`))
    }
    this.#child.once('exit', end)
    try {
      for (;;) {
        const [answer] = (await once(this.#child, 'message', { signal: ended.signal })) as [Answer]
        if (answer.id !== id) continue
        if (answer.error !== undefined) throw new Error(answer.error)
        return answer.value as Awaited<ReturnType<O[N]>>
      }
    } finally {
      this.#child.off('exit', end)
    }
  }
}
