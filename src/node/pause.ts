import type { Clock } from '../protocols/clock.ts'

/** Waits `ms`, or until the signal: then it is over too, and whoever goes on looks at the signal. */
export function pause(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      cancel()
      signal.removeEventListener('abort', over)
      resolve()
    }
    const cancel = clock.after(ms, over)
    signal.addEventListener('abort', over)
    if (signal.aborted) over()
  })
}
