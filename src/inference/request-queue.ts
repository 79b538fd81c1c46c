/**
 * Who is next at a model: so many pieces of work at a time, first come first served. Work that needs the model for itself
 * begins when all before it is over, and nothing begins beside it.
 */
export interface RequestQueue {
  /**
   * Runs `work` when its turn comes. `place` hears how many are before it, at once and at every change until it starts.
   * An abort before its turn takes it out; afterwards it is the work's to honour.
   */
  run<T>(work: () => Promise<T>, options: QueueOptions): Promise<T>
}

export interface QueueOptions {
  signal: AbortSignal
  place: (before: number) => void
  /** Whether it needs the model for itself. @default false */
  alone?: boolean
}

interface Waiter extends Pick<QueueOptions, 'place'> {
  start: () => void
  alone: boolean
}

/** @param atOnce how many work beside each other, asked each time */
export function requestQueue(atOnce: () => number): RequestQueue {
  const waiters: Waiter[] = []
  let running = 0
  let isAlone = false

  const tellPlaces = (): void => {
    waiters.forEach(({ place }, index) => {
      place(running + index)
    })
  }
  const mayStart = ({ alone }: Pick<Waiter, 'alone'>): boolean =>
    running === 0 || (!isAlone && !alone && running < atOnce())
  const startNext = (): void => {
    for (let [first] = waiters; first !== undefined && mayStart(first); [first] = waiters) {
      waiters.shift()
      begin(first)
      first.start()
    }
    tellPlaces()
  }
  const begin = ({ alone }: Pick<Waiter, 'alone'>): void => {
    running++
    isAlone = alone
  }

  return {
    async run(work, { signal, place, alone = false }) {
      signal.throwIfAborted()
      if (waiters.length === 0 && mayStart({ alone })) begin({ alone })
      else {
        await new Promise<void>((resolve, reject) => {
          const waiter = { start: resolve, place, alone }
          signal.addEventListener(
            'abort',
            () => {
              const index = waiters.indexOf(waiter)
              if (index === -1) return
              waiters.splice(index, 1)
              reject(signal.reason as Error)
              // What waited behind it may be able to begin.
              startNext()
            },
            { once: true }
          )
          waiters.push(waiter)
          place(running + waiters.length - 1)
        })
      }
      try {
        place(0)
        return await work()
      } finally {
        running--
        startNext()
      }
    }
  }
}
