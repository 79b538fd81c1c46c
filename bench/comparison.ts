import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { BUILT_IN_MODEL } from '../src/node/paths.ts'
import { DirectEngine, QUESTION, QUESTIONS } from './asks.ts'
import { interleaved, paired, type Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { median, ratios } from './statistics.ts'
import { verdict, type Row } from './table.ts'

/** Beside the sources, for it has packages of its own; this file runs compiled. */
export const COMPARISONS = fileURLToPath(new URL('../../bench/comparisons', import.meta.url))
const ROUNDS = 40
const WARM_UP = 3
const MAX_TOKENS = 48
/** The goals of bench/README.md. */
const ALONE = 1
const AT_ONCE = 2

export const COMPARED_ALONE = 'own engine against transformers.js, same file, alone'
export const COMPARED_AT_ONCE = `the same, ${QUESTIONS.length} at once`

export interface Generated {
  ms: number
  /** What of it the engine's own process counted; absent where that is all, and of several at once. */
  insideMs?: number
  /** Token ids, for each question. */
  tokens: number[][]
}

/** Both answer the same questions with the same graph, in turn, prompt to text; only equal tokens count. */
export async function comparison({ times, tell }: Effort): Promise<Row[]> {
  if (!existsSync(`${COMPARISONS}/node_modules/@huggingface/transformers`)) {
    const measured = 'transformers.js is not installed: npm ci --prefix bench/comparisons'
    return [
      { what: COMPARED_ALONE, goal: `≥ ${ALONE} ×`, measured, verdict: 'left out' },
      { what: COMPARED_AT_ONCE, goal: `≥ ${AT_ONCE} ×`, measured, verdict: 'left out' }
    ]
  }
  const direct = await DirectEngine.start()
  // Its default takes as many threads as there are cores; a model this small is quicker with one.
  const [many, one] = [new Transformers([]), new Transformers(['1'])]
  try {
    const alone = {
      own: () => generate(direct, [QUESTION]),
      many: () => many.generate([QUESTION], false),
      one: () => one.generate([QUESTION], false)
    }
    const atOnce = {
      own: () => generate(direct, QUESTIONS),
      sequential: () => one.generate(QUESTIONS, false),
      batched: () => one.generate(QUESTIONS, true),
      batchedByMany: () => many.generate(QUESTIONS, true)
    }
    await interleaved(WARM_UP, { ...alone, ...atOnce })
    const [lone, eight] = [await interleaved(times(ROUNDS), alone), await interleaved(times(ROUNDS), atOnce)]
    assertSame([...lone.own, ...lone.many, ...lone.one])
    assertSame([...eight.own, ...eight.sequential])
    for (const [where, ways] of Object.entries({ alone: lone, 'at once': eight })) {
      for (const [way, results] of Object.entries(ways)) {
        tell(`${where}, ${way}: ${middle(results.map(perToken), ' ms')} per token`)
      }
    }
    return [
      row(COMPARED_ALONE, ALONE, lone.own, { 'its threads': lone.many, 'one thread': lone.one }),
      row(COMPARED_AT_ONCE, AT_ONCE, eight.own, {
        'one after the other': eight.sequential,
        'one batch': eight.batched,
        'one batch, its threads': eight.batchedByMany
      })
    ]
  } finally {
    await Promise.all([direct.stop(), many.stop(), one.stop()])
  }
}

/** How many times faster than the best way of the other. */
function row(what: string, goal: number, own: readonly Generated[], others: Record<string, readonly Generated[]>): Row {
  const [way, best] = Object.entries(others).reduce((one, other) =>
    median(other[1].map(perToken)) < median(one[1].map(perToken)) ? other : one
  )
  const faster = ratios(paired(own, best, perToken))
  const inside = ratios(paired(own, best, perTokenInside))
  return {
    what,
    goal: `≥ ${goal} ×`,
    measured:
      `${middle(faster, ' ×')}: ${figure(median(own.map(perToken)))} against ${figure(median(best.map(perToken)))} ` +
      `ms per token (its best way: ${way}; ${faster.length} pairs)` +
      (own.some(({ insideMs }) => insideMs === undefined)
        ? ''
        : `; without the way to the engine's child and back ${middle(inside, ' ×')}`),
    verdict: verdict(median(faster) >= goal)
  }
}

export function perToken({ ms, tokens }: Generated): number {
  return ms / tokens.reduce((sum, ids) => sum + ids.length, 0)
}

function perTokenInside({ insideMs, ...rest }: Generated): number {
  return perToken({ ...rest, ms: insideMs ?? rest.ms })
}

export async function generate(
  engine: DirectEngine,
  questions: readonly string[],
  limits?: readonly number[]
): Promise<Generated> {
  const startedAt = performance.now()
  let insideMs = 0
  const tokens = await Promise.all(
    questions.map(async (content, index) => {
      const ids: number[] = []
      for await (const event of engine.generate([{ role: 'user', content }], limits?.[index] ?? MAX_TOKENS)) {
        if (event.type === 'tokens') ids.push(...event.tokens)
        else if (event.type === 'done') insideMs += event.prefillMs + event.decodeMs
      }
      return ids
    })
  )
  // Those of several overlap.
  return { ms: performance.now() - startedAt, ...(questions.length === 1 && { insideMs }), tokens }
}

function assertSame(results: readonly Generated[]): void {
  const answers = new Set(results.map(({ tokens }) => JSON.stringify(tokens)))
  if (answers.size !== 1) throw new Error(`the engines answer differently: ${[...answers].join(' / ')}`)
}

/** transformers.js in a process of its own: questions go in, answers come out, a line each. */
export class Transformers {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  constructor(threads: string[], { path = BUILT_IN_MODEL, maxTokens = MAX_TOKENS } = {}) {
    const words = [`${COMPARISONS}/generate.mjs`, path, String(maxTokens), ...threads]
    this.#child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  async generate(questions: readonly string[], batched: boolean, limits?: readonly number[]): Promise<Generated> {
    this.#child.stdin.write(`${JSON.stringify({ questions, batched, limits })}\n`)
    const line = await this.#lines.next()
    if (line.done === true) throw new Error('transformers.js ended without an answer')
    return JSON.parse(line.value) as Generated
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin.end()
    await ended
  }
}
