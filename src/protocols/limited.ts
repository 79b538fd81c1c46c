import type { AbortOptions } from '../interface.ts'

/**
 * Work with a signal that ends after `ms`, or with the one that is given. Unlike `AbortSignal.timeout` and `any`, of which
 * each ask would need several, it leaves no timer behind that rings when all is long over.
 */
export async function limited<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  { signal }: AbortOptions = {}
): Promise<T> {
  const controller = new AbortController()
  const onAbort = () => {
    controller.abort(signal?.reason)
  }
  const timer = setTimeout(() => {
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
  }, ms).unref()
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted === true) onAbort()
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
