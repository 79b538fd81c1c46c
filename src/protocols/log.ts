/** Where a service tells what happened; `node` decides what becomes of it. */
export interface Log {
  debug: (message: string) => void
  warn: (message: string) => void
}

export const silentLog: Log = {
  debug: () => undefined,
  warn: () => undefined
}
