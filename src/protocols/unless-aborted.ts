import { asError } from './stream.ts'

/** What the promise brings, unless the signal comes first; then its reason is thrown. The work itself goes on. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(asError(signal.reason))
    }
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    const release = () => {
      signal.removeEventListener('abort', onAbort)
    }
    promise.then(
      (value) => {
        release()
        resolve(value)
      },
      (error: unknown) => {
        release()
        // The work's own, as it is.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(error)
      }
    )
  })
}
