/**
 * Who is next: one piece of work at a time for a model, first come first served. This is the seam for batching: a
 * scheduler that runs several requests in one step replaces this file and keeps its interface.
 */
export interface RequestQueue {
  /**
   * Runs `work` when its turn comes. `place` hears how many are before it, at once and at every change until it starts.
   * An abort before its turn takes it out; afterwards it is the work's to honour.
   */
  run<T>(work: () => Promise<T>, options: { signal: AbortSignal; place: (before: number) => void }): Promise<T>
}

interface Waiter {
  start: () => void
  place: (before: number) => void
}

export function requestQueue(): RequestQueue {
  const waiters: Waiter[] = []
  let busy = false

  const tellPlaces = (): void => {
    waiters.forEach(({ place }, index) => {
      place(index + 1)
    })
  }
  const next = (): void => {
    const waiter = waiters.shift()
    busy = waiter !== undefined
    waiter?.start()
    tellPlaces()
  }

  return {
    async run(work, { signal, place }) {
      signal.throwIfAborted()
      if (busy) {
        await new Promise<void>((resolve, reject) => {
          const waiter = { start: resolve, place }
          signal.addEventListener(
            'abort',
            () => {
              const index = waiters.indexOf(waiter)
              if (index === -1) return
              waiters.splice(index, 1)
              tellPlaces()
              reject(signal.reason as Error)
            },
            { once: true }
          )
          waiters.push(waiter)
          place(waiters.length)
        })
      }
      busy = true
      try {
        place(0)
        return await work()
      } finally {
        next()
      }
    }
  }
}
