/** Events from a source that pushes, for one reader that pulls. Unread events wait; their number is the source's matter. */
export interface EventQueue<T> {
  push(event: T): void
  /** The reader gets what was pushed before, then this error. */
  fail(reason: unknown): void
  /** The next event. @throws what `fail` was given */
  next(): Promise<T>
}

export function eventQueue<T>(): EventQueue<T> {
  const events: T[] = []
  let failure: { reason: unknown } | undefined
  let wake: (() => void) | undefined
  const stir = (): void => {
    wake?.()
    wake = undefined
  }
  return {
    push(event) {
      events.push(event)
      stir()
    },
    fail(reason) {
      failure ??= { reason }
      stir()
    },
    async next() {
      for (;;) {
        const event = events.shift()
        if (event !== undefined) return event
        if (failure !== undefined) throw failure.reason
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  }
}
