import { join } from 'node:path'
import { DecoderSession } from './decoder-session.ts'
import { PREFILL_CHUNK } from './batch-plan.ts'
import type { BenchCommand, BenchStep } from './messages.ts'
import { perSecond } from './measure.ts'
import { softwareOf } from './providers.ts'
import type { Runtime } from './runtime.ts'
import { argmax } from './sampling.ts'

/** No new run begins after this: a large model on a slow device gets one run, a small one all of them. */
const BUDGET_MS = 30_000

/**
 * Loads a model with one provider and answers the same made-up prompt some times, as a lone request would be answered.
 * @throws the provider's own error, and the signal's reason at the latest after one run of the graph
 */
export async function benchProvider(
  runtime: Runtime,
  { model, provider, promptTokens, answerTokens, runs }: BenchCommand,
  { tell, signal }: { tell: (step: BenchStep) => void; signal: AbortSignal }
): Promise<void> {
  const before = process.memoryUsage.rss()
  const started = performance.now()
  const session = await DecoderSession.create(runtime, join(model.path, model.graph), { ...model, provider })
  try {
    session.free((await session.forward(session.empty(), [0])).cache)
    tell({
      type: 'loaded',
      loadMs: performance.now() - started,
      memoryBytes: Math.max(0, process.memoryUsage.rss() - before),
      software: softwareOf(provider)
    })
    const prompt = Array.from(
      { length: promptTokens },
      (_, index) => index % Math.min(session.vocabulary, promptTokens)
    )
    const begun = performance.now()
    for (let run = 0; run < runs && (run === 0 || performance.now() - begun < BUDGET_MS); run++) {
      tell(await oneRun(session, prompt, answerTokens, signal))
    }
  } finally {
    await session.release()
  }
}

async function oneRun(
  session: DecoderSession,
  prompt: readonly number[],
  answerTokens: number,
  signal: AbortSignal
): Promise<BenchStep> {
  let cache = session.empty()
  let logits: Float32Array = new Float32Array(0)
  const tokens: number[] = []
  try {
    const begun = performance.now()
    for (let from = 0; from < prompt.length; from += PREFILL_CHUNK) {
      signal.throwIfAborted()
      ;({ cache, logits } = await session.forward(cache, prompt.slice(from, from + PREFILL_CHUNK)))
    }
    const read = performance.now()
    for (let token = 0; token < answerTokens; token++) {
      signal.throwIfAborted()
      const next = argmax(logits)
      tokens.push(next)
      ;({ cache, logits } = await session.forward(cache, [next]))
    }
    return {
      type: 'run',
      prefillRate: perSecond(prompt.length, read - begun),
      decodeRate: perSecond(answerTokens, performance.now() - read),
      tokens
    }
  } finally {
    session.free(cache)
  }
}
