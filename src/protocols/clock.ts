/** Time as a service sees it, so that a test can be the one who lets it pass. */
export interface Clock {
  /** Milliseconds that only ever grow. */
  monotonic: () => number
  /** Milliseconds since 1970. */
  wall: () => number
  /** Calls `run` every `ms` until the returned function is called. Keeps no process alive. */
  every: (ms: number, run: () => void) => () => void
  /** Calls `run` once, after `ms`. */
  after: (ms: number, run: () => void) => () => void
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  every: (ms, run) => {
    const timer = setInterval(run, ms).unref()
    return () => {
      clearInterval(timer)
    }
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref()
    return () => {
      clearTimeout(timer)
    }
  }
}
