import { availableParallelism, loadavg } from 'node:os'
import { EngineFailedError } from '../errors.ts'
import type { AbortOptions, BenchEvent, BenchProvider, ModelInfo } from '../interface.ts'
import { figureOf, judgeBench } from './bench-judgement.ts'
import { EngineProcess } from './engine-process.ts'
import { eventQueue } from './event-queue.ts'
import { processorInWords } from './hardware.ts'
import type { EngineLog } from './index.ts'
import type { BenchStep, Measured, ModelSource, Reply } from './messages.ts'
import { failureOf } from './providers.ts'

/** Long enough that reading it shows, and half of what the smallest contexts hold. */
const PROMPT_TOKENS = 256
const ANSWER_TOKENS = 32
const RUNS = 5
/** A large model on a slow disk takes minutes to load, a run of the graph never. */
const SILENCE_MS = 10 * 60_000

export interface BenchInit {
  source: ModelSource
  info: Omit<ModelInfo, 'loaded'>
  /** All that this platform knows, also those that failed before: a driver may have come since. */
  providers: readonly string[]
  runtime: string
  runtimeFolder: string
  log: EngineLog
  /** The fastest, to be used from now on. */
  keep: (measured: Measured) => void
}

/** Measures one provider after another, each in a process of its own: a crash ends one of them, and memory is told apart. */
export async function* bench(init: BenchInit, { signal }: AbortOptions = {}): AsyncGenerator<BenchEvent, void> {
  const { info, providers, keep } = init
  const promptTokens = Math.min(PROMPT_TOKENS, Math.max(1, info.contextLength >> 1))
  const answerTokens = Math.min(ANSWER_TOKENS, Math.max(1, info.contextLength - promptTokens))
  const [load = 0] = loadavg()
  yield {
    ...{ type: 'started', model: info.name, hash: info.hash, bytes: info.bytes, parameters: info.parameters },
    ...{ quantization: info.quantization, hardware: processorInWords(), providers: [...providers] },
    ...{ promptTokens, answerTokens }
  }
  const results: BenchProvider[] = []
  const answers = new Map<string, number[]>()
  // The processor first, so that the others can be compared with its answer.
  for (const provider of [...providers].reverse()) {
    signal?.throwIfAborted()
    const result = yield* benchOne(provider, init, { promptTokens, answerTokens, answers }, signal)
    results.push(result)
    yield result
  }
  // Rounding may turn a later token; a first one that is another comes of another computation.
  const expected = answers.get('cpu')?.[0]
  const wrong = new Set(
    [...answers.keys()].filter((provider) => expected !== undefined && answers.get(provider)?.[0] !== expected)
  )
  const judgement = judgeBench(results, { load, cores: availableParallelism(), wrong })
  if (judgement === null) {
    const reasons = results.map(({ provider, reason }) => `${provider}: ${reason ?? ''}`).join('; ')
    throw new EngineFailedError(`${info.name} runs with no provider of this device (${reasons}). Try: mesh doctor`)
  }
  const { done, rates, reports } = judgement
  keep({ provider: done.used, rates, reports })
  yield done
}

interface Work {
  promptTokens: number
  answerTokens: number
  /** The greedy answer of each provider so far. */
  answers: Map<string, number[]>
}

async function* benchOne(
  provider: string,
  { source, runtime, runtimeFolder, log }: BenchInit,
  { promptTokens, answerTokens, answers }: Work,
  signal: AbortSignal | undefined
): AsyncGenerator<BenchEvent, BenchProvider> {
  const replies = eventQueue<Reply>()
  const child = new EngineProcess({
    // It holds one model, which was found to fit, until it ends.
    ...{ runtime, gatherMs: 0, memoryBudget: Infinity, keepAliveMs: Infinity, log },
    onReply: (reply) => {
      replies.push(reply)
    },
    onDeath: ({ err }) => {
      replies.fail(err)
    }
  })
  const onAbort = (): void => {
    replies.fail(signal?.reason)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  let silence: NodeJS.Timeout | undefined
  const heard = (): void => {
    clearTimeout(silence)
    silence = setTimeout(() => {
      replies.fail(new EngineFailedError(`it said nothing for ${SILENCE_MS / 60_000} minutes`))
    }, SILENCE_MS)
  }
  let loaded: Extract<BenchStep, { type: 'loaded' }> | undefined
  const runs: Extract<BenchStep, { type: 'run' }>[] = []
  const failed = { loadMs: null, memoryBytes: null, prefill: null, decode: null, sameAnswer: null, software: null }
  try {
    heard()
    yield { type: 'progress', provider, step: 'loading', run: 0, runs: RUNS }
    const command = { type: 'bench', id: provider, model: source, provider, promptTokens, answerTokens } as const
    child.send({ ...command, runs: RUNS })
    for (;;) {
      const reply = await replies.next()
      heard()
      if (reply.type === 'failed') throw new EngineFailedError(reply.message)
      if (reply.type === 'result') break
      if (reply.type !== 'bench') continue
      if (reply.step.type === 'loaded') loaded = reply.step
      else runs.push(reply.step)
      yield { type: 'progress', provider, step: 'measuring', run: runs.length, runs: RUNS }
    }
    const [first] = runs
    if (first === undefined || loaded === undefined) throw new EngineFailedError('it measured nothing')
    answers.set(provider, first.tokens)
    const expected = answers.get('cpu')
    return {
      ...{ type: 'provider', provider, state: 'measured', reason: null, software: loaded.software },
      ...{ loadMs: loaded.loadMs, memoryBytes: loaded.memoryBytes },
      prefill: figureOf(runs.map(({ prefillRate }) => prefillRate)),
      decode: figureOf(runs.map(({ decodeRate }) => decodeRate)),
      sameAnswer: expected === undefined ? null : expected.join() === first.tokens.join()
    }
  } catch (err) {
    signal?.throwIfAborted()
    return { ...failed, type: 'provider', ...failureOf(provider, err, runtimeFolder) }
  } finally {
    clearTimeout(silence)
    signal?.removeEventListener('abort', onAbort)
    // It may be in the middle of a run, and nothing of it is wanted any more.
    child.kill()
    await child.stop()
  }
}
