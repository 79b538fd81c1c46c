import { UsageError } from './exit-codes.ts'
import type { AbortOptions } from '../src/interface.ts'
import type { Input } from './verb.ts'

/** As much as one frame on the wire takes; any context is shorter. */
const MAX_INPUT_BYTES = 1024 * 1024
/** Whoever started us with a pipe that stays silent is told that we wait for it. */
const PATIENCE_MS = 3000
/**
 * A socket is how Node programs start a child, and mostly nothing comes through it; who has something to say has said
 * it by now, since starting up took longer.
 */
const SOCKET_WAIT_MS = 50

export interface InputOptions extends AbortOptions {
  /** Nothing else was given, so there is only this. */
  needed: boolean
  onWait: () => void
}

/** What was piped in, without the last newline; empty where nothing is. @throws {UsageError} beyond 1 MiB */
export async function readInput({ stream, kind }: Input, { needed, onWait, signal }: InputOptions): Promise<string> {
  if (kind === 'terminal' || (kind === 'silent' && !needed && !(await readableSoon(stream)))) {
    return ''
  }
  const timer = setTimeout(onWait, PATIENCE_MS)
  const stop = (): void => {
    stream.destroy()
  }
  signal?.addEventListener('abort', stop)
  try {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      clearTimeout(timer)
      const piece = Buffer.from(chunk)
      size += piece.length
      if (size > MAX_INPUT_BYTES) {
        throw new UsageError('Standard input is longer than 1 MiB, more than a question may be; send a part of it.')
      }
      chunks.push(piece)
    }
    return Buffer.concat(chunks)
      .toString('utf8')
      .replace(/\r?\n$/, '')
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

function readableSoon(stream: NodeJS.ReadableStream): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (something: boolean): void => {
      clearTimeout(timer)
      stream.removeListener('readable', onReadable)
      stream.removeListener('end', onEnd)
      stream.removeListener('error', onEnd)
      resolve(something)
    }
    const onReadable = (): void => {
      end(true)
    }
    const onEnd = (): void => {
      end(false)
    }
    const timer = setTimeout(onEnd, SOCKET_WAIT_MS)
    stream.on('readable', onReadable)
    stream.on('end', onEnd)
    stream.on('error', onEnd)
  })
}
