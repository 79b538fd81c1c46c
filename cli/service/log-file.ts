import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import path, { dirname, type PlatformPath } from 'node:path'

/** A year of an ordinary node's lines; with the one before it, so much is the most that ever lies there twice. */
const MOST_BYTES = 2 ** 20

/** Where a service that has no journal writes. */
export function logFile(home: string, system: Pick<PlatformPath, 'join'> = path): string {
  return system.join(home, 'service.log')
}

/** The file before the present one. */
export function olderLogFile(file: string): string {
  return `${file}.1`
}

/**
 * Lines, each with its time, into a file that is put aside when it is full; the one before it is then erased. A line is written at once, so
 * that a crash loses none. A disk that is full loses lines, and nothing else.
 */
export function rotatingLog(
  file: string,
  { mostBytes = MOST_BYTES, now = () => new Date() }: { mostBytes?: number; now?: () => Date } = {}
): Writable {
  let open: number | undefined
  let bytes = 0
  const begin = (): number => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const descriptor = openSync(file, 'a', 0o600)
    bytes = fstatSync(descriptor).size
    return descriptor
  }
  const write = (chunk: Buffer): void => {
    open ??= begin()
    if (bytes > 0 && bytes + chunk.length > mostBytes) {
      closeSync(open)
      open = undefined
      rmSync(olderLogFile(file), { force: true })
      renameSync(file, olderLogFile(file))
      open = begin()
    }
    writeSync(open, chunk)
    bytes += chunk.length
  }
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        const stamp = now().toISOString()
        write(Buffer.from(chunk.toString().replace(/^(?=.)/gm, `${stamp} `)))
      } catch {
        // There is nobody else to tell.
      }
      done()
    },
    final(done) {
      if (open !== undefined) closeSync(open)
      done()
    }
  })
}
