/** Ctrl-C, SIGTERM or a closed terminal: the first asks the verb to end well, the second ends the process at once. */
export interface Interruption {
  readonly signal: AbortSignal
  /** As if Ctrl-C had been pressed: for a prompt, which receives the key instead of the signal. */
  interrupt: () => void
}

export function interruption(endNow: () => void): Interruption {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    interrupt: () => {
      if (controller.signal.aborted) {
        endNow()
      } else {
        controller.abort()
      }
    }
  }
}
