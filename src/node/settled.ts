/** Waits for what is under way, but no longer than `ms`. Throws the signal's reason when it is aborted. */
export async function settled(work: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<void> {
  const enough = new AbortController()
  const patience = wait(ms, signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]))
  try {
    await Promise.race([work, patience])
  } finally {
    enough.abort()
    patience.catch(() => undefined)
  }
}

/** Throws the signal's reason when it is aborted. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}
