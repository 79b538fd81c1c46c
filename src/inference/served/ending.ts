/** A signal of one's own that follows others for a while, and may have a time. */
export interface Ending {
  readonly signal: AbortSignal
  abort(reason: unknown): void
  /** Lets go of the others and of the clock: signals that live long must not gather listeners. */
  release(): void
}

export function ending(
  followed: readonly (AbortSignal | undefined)[],
  time?: { ms: number; reason: () => unknown }
): Ending {
  const controller = new AbortController()
  const signals = followed.filter((signal) => signal !== undefined)
  const follow = (): void => {
    controller.abort(signals.find(({ aborted }) => aborted)?.reason)
  }
  const timer =
    time === undefined
      ? undefined
      : setTimeout(() => {
          controller.abort(time.reason())
        }, time.ms)
  for (const signal of signals) signal.addEventListener('abort', follow, { once: true })
  if (signals.some(({ aborted }) => aborted)) follow()
  return {
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason)
    },
    release: () => {
      clearTimeout(timer)
      for (const signal of signals) signal.removeEventListener('abort', follow)
    }
  }
}
