import type { Rates } from '../interface.ts'
import type { DecoderSession } from './decoder-session.ts'
import { PREFILL_CHUNK } from './batch-plan.ts'

/** Single runs spread by 30 to 140 % on a loaded machine; the best of some short ones is the machine's own speed. */
const RUNS = 4
/** Tokens of one decode run. */
const DECODE_TOKENS = 8
/** What a measurement puts into the cache. */
export const MEASURED_TOKENS = PREFILL_CHUNK + DECODE_TOKENS
/** What it leaves behind, in tokens: beside its cache a chunk's new keys and values, which a rewired graph gives apart. */
export const LEFT_TOKENS = MEASURED_TOKENS + PREFILL_CHUNK
/** No new run begins after this; a small model takes far less, a large one gets one run of each kind. */
const BUDGET_MS = 1500

/** Lone-request speed of a session: the best of some short runs, after one that warms it up. */
export async function measureRates(session: DecoderSession, signal?: AbortSignal): Promise<Rates> {
  const ids = Array.from({ length: PREFILL_CHUNK }, (_, index) => index % session.vocabulary)
  const started = performance.now()
  session.free((await session.forward(session.empty(), [0])).cache)
  let prefillRate = 0
  let decodeRate = 0
  for (let run = 0; run < RUNS; run++) {
    if (run > 0 && performance.now() - started > BUDGET_MS) break
    signal?.throwIfAborted()
    const begun = performance.now()
    let { cache } = await session.forward(session.empty(), ids)
    const read = performance.now()
    for (let token = 0; token < DECODE_TOKENS; token++) ({ cache } = await session.forward(cache, [token]))
    session.free(cache)
    prefillRate = Math.max(prefillRate, perSecond(ids.length, read - begun))
    decodeRate = Math.max(decodeRate, perSecond(DECODE_TOKENS, performance.now() - read))
  }
  return { prefillRate, decodeRate }
}

/** Tokens a second. */
export function perSecond(tokens: number, ms: number): number {
  return (tokens * 1000) / Math.max(ms, 0.001)
}
