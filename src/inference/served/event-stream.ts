/** Server-sent events, bounded: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import { ServedEngineError } from '../../errors.ts'

export interface EventStreamLimits {
  /** For messages. */
  name: string
  /** Bytes of one line. An event is a few words of an answer with their figures. @default 262144 */
  lineBytes?: number
  /**
   * From a line's first byte to its end: a server writes a line at once, so that one which drips is broken.
   * @default 10000
   */
  lineMs?: number
  /** How long nothing at all may come; asked before each read. */
  silenceMs: () => number
}

const LINE_BYTES = 256 * 1024
const LINE_MS = 10_000
/** Events of this API are one line each. */
const MOST_LINES = 16

/**
 * The data of each event. Comments are signs of life and nothing else; lines end with LF or CR LF, as all servers write. Leaving the loop cancels the body, and so does
 * an error.
 *
 * @throws {ServedEngineError} when a line is too long, drips, or nothing comes
 * @throws what reading the body throws
 */
export async function* eventStream(
  body: ReadableStream<Uint8Array>,
  { name, lineBytes = LINE_BYTES, lineMs = LINE_MS, silenceMs }: EventStreamLimits
): AsyncGenerator<string, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let restSince = 0
  let data: string[] = []
  try {
    for (;;) {
      const patience = rest === '' ? silenceMs() : restSince + lineMs - performance.now()
      const read = await within(reader.read(), patience)
      if (read === undefined) {
        throw new ServedEngineError(
          rest === '' ? `${name} has said nothing for too long.` : `${name} sends its answer byte by byte.`
        )
      }
      if (read.done) return
      const lines = decoder.decode(read.value, { stream: true }).split('\n')
      if (rest === '' || lines.length > 1) restSince = performance.now()
      lines[0] = rest + (lines[0] ?? '')
      rest = lines.pop() ?? ''
      if ([rest, ...lines].some(({ length }) => length > lineBytes)) {
        throw new ServedEngineError(`${name} sends a line without end.`)
      }
      for (const ended of lines) {
        const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended
        if (line === '') {
          if (data.length > 0) yield data.join('\n')
          data = []
        } else if (line.startsWith('data:')) {
          data.push(line.slice(line.startsWith('data: ') ? 6 : 5))
          if (data.length > MOST_LINES) throw new ServedEngineError(`${name} sends an event without end.`)
        }
      }
    }
  } finally {
    // Not waited for: a server that is stuck must not keep us.
    reader.cancel().catch(() => undefined)
  }
}

/** The value, or undefined when it takes longer. */
async function within<T>(value: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(
      () => {
        resolve(undefined)
      },
      Math.max(0, ms)
    )
  })
  try {
    return await Promise.race([value, over])
  } finally {
    clearTimeout(timer)
    value.catch(() => undefined)
  }
}
