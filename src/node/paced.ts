import { setTimeout as delay } from 'node:timers/promises'
import type { Generate, Tokens } from '../interface.ts'

/** A timer that is late is made up for; a device that slept, or whose reader stood still, goes on at its rate. */
const CATCH_UP_MS = 100

/**
 * Holds an engine to `rate` tokens a second (`--max-rate`): each piece waits until its tokens are due. The schedule is
 * kept against the first token, so that waits do not add up to less than the rate.
 */
export function paced(generate: Generate, rate: number, now: () => number = () => performance.now()): Generate {
  return async function* (request, { signal } = {}) {
    let first: number | undefined
    let sent = 0
    for await (const event of generate(request, signal === undefined ? {} : { signal })) {
      if (event.type === 'tokens') {
        first ??= now()
        first += Math.max(0, now() - CATCH_UP_MS - (first + (sent / rate) * 1000))
        const due = first + (sent / rate) * 1000
        sent += tokensIn(event)
        // A timer may fire up to a millisecond early.
        for (let ms = due - now(); ms > 0; ms = due - now()) await wait(Math.ceil(ms), signal)
      }
      yield event
    }
  }
}

/** Without ids a piece of text counts as one. */
function tokensIn({ tokens, text }: Tokens): number {
  return tokens.length > 0 ? tokens.length : Number(text !== '')
}

/** Waits, and throws the signal's own reason when it is cancelled. */
async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  } catch (err) {
    throw signal?.reason ?? err
  }
}
