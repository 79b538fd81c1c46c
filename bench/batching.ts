import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Message } from '../src/interface.ts'
import { DirectEngine } from './asks.ts'
import { COMPARISONS, Transformers, generate, perToken, type Generated } from './comparison.ts'
import { interleaved, paired, type Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { median, ratios } from './statistics.ts'
import { verdict, type Row } from './table.ts'

/** Beside the sources; this file runs compiled. */
const MAKER = fileURLToPath(new URL('../../bench/make-model.py', import.meta.url))
/** Answers differ as people's do: from the shortest to eight times as long. */
const LIMITS = [8, 40, 16, 64, 24, 12, 48, 32] as const
/** All are as long as those are on average, which suits whoever computes a batch to the end of its longest answer. */
const ALIKE = [32] as const
/** Those that are compared take the best way of the other; more at once would take it minutes. */
const CASES = [
  { count: 1, limits: ALIKE, turns: 1, words: '1 at once', compared: true, goal: false },
  { count: 2, limits: LIMITS, turns: 1, words: '2 at once', compared: false, goal: false },
  { count: 4, limits: LIMITS, turns: 1, words: '4 at once', compared: false, goal: false },
  {
    ...{ count: 8, limits: LIMITS, turns: 8, compared: true, goal: true },
    words: '8 at once all the time: 8 who ask again when they are answered, answers of 8 to 64 tokens'
  },
  { count: 8, limits: LIMITS, turns: 1, words: '8 at once, answers of 8 to 64 tokens', compared: true, goal: true },
  { count: 8, limits: ALIKE, turns: 1, words: '8 at once, answers of 32 tokens each', compared: true, goal: true },
  { count: 32, limits: LIMITS, turns: 1, words: '32 at once', compared: false, goal: false }
] as const
const ROUNDS = 6
const HISTORY_TOKENS = 600
const FOLLOW_UPS = 12
/** The goals of bench/README.md. */
const FASTER = 2
const SOONER = 10

/** Models by the width that the maker is told. */
const SMALL = { width: 384, size: '13 M parameters, fp32' } as const
const LARGER = { width: 768, size: '50 M parameters, fp32' } as const
export const BATCHED = CASES.map(({ words }) => `tokens a second, ${words} (${SMALL.size})`)
export const FOLLOWED_UP = [SMALL, LARGER].map(
  ({ size }) =>
    `first token of a follow-up after ${HISTORY_TOKENS} tokens, read from the end of what is known (${size})`
)

/** How much asks gain by being answered together, and by what was read before. */
export async function batching(effort: Effort): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ownmesh-bench-'))
  const pathOf = ({ width }: { width: number }): string => join(folder, String(width))
  try {
    try {
      for (const model of [SMALL, LARGER]) {
        execFileSync('/usr/bin/python3', [MAKER, pathOf(model), String(model.width)], { stdio: 'pipe' })
      }
    } catch {
      const measured = 'the model cannot be made: it needs Python with numpy and onnx (python3-numpy, python3-onnx)'
      return [...BATCHED, ...FOLLOWED_UP].map((what) => ({ what, goal: '–', measured, verdict: 'left out' }))
    }
    const rows = await withEngine(pathOf(SMALL), (direct) => together(direct, pathOf(SMALL), effort))
    for (const [index, model] of [SMALL, LARGER].entries()) {
      rows.push(await withEngine(pathOf(model), (direct) => followUp(direct, effort, FOLLOWED_UP[index] ?? '')))
    }
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function withEngine<T>(path: string, use: (direct: DirectEngine) => Promise<T>): Promise<T> {
  const direct = await DirectEngine.start(path)
  try {
    return await use(direct)
  } finally {
    await direct.stop()
  }
}

async function together(direct: DirectEngine, path: string, { times, tell }: Effort): Promise<Row[]> {
  const others = existsSync(`${COMPARISONS}/node_modules/@huggingface/transformers`)
    ? { 'its threads': [], 'one thread': ['1'] }
    : {}
  const processes = Object.entries(others).map(([name, threads]) => {
    return { name, process: new Transformers(threads, { path }) }
  })
  try {
    const rows: Row[] = []
    for (const [index, { count, turns, words, goal, ...each }] of CASES.entries()) {
      const compared = each.compared ? processes : []
      const asks = (round: number): Asks[] =>
        Array.from({ length: turns }, (_, turn) => ({
          questions: questions(count, (index * 100 + round) * turns + turn),
          limits: Array.from({ length: count }, (_, at) => each.limits[(at + turn) % each.limits.length] ?? 32)
        }))
      const ways: Record<string, (round: number) => Promise<Generated>> = {
        own: (round) => askInTurns(direct, asks(round))
      }
      for (const { name, process } of compared) {
        // It begins with the next questions when all before are answered.
        const way = (batched: boolean) => (round: number) =>
          one(asks(round).map((asked) => () => process.generate(asked.questions, batched, asked.limits)))
        ways[`one after the other, ${name}`] = way(false)
        if (count > 1) ways[`one batch, ${name}`] = way(true)
      }
      const { own = [], ...other } = await interleaved(times(ROUNDS) + 1, ways)
      // The first of each warms it up.
      const rated = own.slice(1)
      for (const [way, results] of Object.entries({ own, ...other })) {
        tell(`${words}, ${way}: ${middle(results.slice(1).map(perToken), ' ms')} per token`)
      }
      const rate = middle(
        rated.map((result) => 1000 / perToken(result)),
        ''
      )
      rows.push({ what: BATCHED[index] ?? '', ...against(goal, rate, rated, other) })
    }
    return rows
  } finally {
    await Promise.all(processes.map(({ process }) => process.stop()))
  }
}

/** What all ask in one turn. */
interface Asks {
  questions: string[]
  limits: number[]
}

/** Each asks its next question when its last one is answered, whatever becomes of the others. */
async function askInTurns(direct: DirectEngine, turns: readonly Asks[]): Promise<Generated> {
  const startedAt = performance.now()
  const askers = turns[0]?.questions.map(async (_, asker) => {
    const answers: number[][] = []
    for (const { questions, limits } of turns) {
      const { tokens } = await generate(direct, questions.slice(asker, asker + 1), limits.slice(asker, asker + 1))
      answers.push(...tokens)
    }
    return answers
  })
  const answers = await Promise.all(askers ?? [])
  return { ms: performance.now() - startedAt, tokens: turns.flatMap((_, turn) => answers.map((of) => of[turn] ?? [])) }
}

/** Some after each other, as one. */
async function one(parts: readonly (() => Promise<Generated>)[]): Promise<Generated> {
  const whole: Generated = { ms: 0, tokens: [] }
  for (const part of parts) {
    const { ms, tokens } = await part()
    whole.ms += ms
    whole.tokens.push(...tokens)
  }
  return whole
}

function against(
  hasGoal: boolean,
  rate: string,
  own: readonly Generated[],
  others: Readonly<Record<string, readonly Generated[]>>
): Omit<Row, 'what'> {
  const goal = hasGoal ? `≥ ${FASTER} × transformers.js` : '–'
  const measured = Object.entries(others).map(([way, results]) => ({ way, results: results.slice(1) }))
  const [best] = measured.sort((a, b) => median(a.results.map(perToken)) - median(b.results.map(perToken)))
  if (best === undefined)
    return { goal, measured: `${rate} (${own.length} rounds)`, verdict: goal === '–' ? 'no goal' : 'left out' }
  const faster = ratios(paired(own, best.results, perToken))
  const same = own.filter(
    ({ tokens }, at) => JSON.stringify(tokens) === JSON.stringify(best.results[at]?.tokens)
  ).length
  return {
    goal,
    measured:
      `${rate}; ${middle(faster, ' ×')} transformers.js (${figure(1000 / median(best.results.map(perToken)))}; its best way: ` +
      `${best.way}; ${faster.length} pairs, the same ids in ${same})`,
    verdict: goal === '–' ? 'no goal' : verdict(median(faster) >= FASTER)
  }
}

/** Never the same twice, so that nothing of them is known from before. A token is a letter. */
function questions(count: number, round: number): string[] {
  return Array.from({ length: count }, (_, index) => letters(40 + ((index * 13) % 50), round * 1000 + index))
}

function letters(count: number, seed: number): string {
  let state = Math.imul(seed + 1, 0x9e3779b1)
  return Array.from({ length: count }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5
    return String.fromCharCode(97 + ((state >>> 8) % 26))
  }).join('')
}

/** The same follow-up in a conversation that was had here, and in one that was not. */
async function followUp(direct: DirectEngine, { times }: Effort, what: string): Promise<Row> {
  const talk = (seed: number): Message[] => [{ role: 'user', content: letters(HISTORY_TOKENS, seed) }]
  const follow = (before: Message[], answer: string): Message[] => [
    ...before,
    { role: 'assistant', content: answer },
    { role: 'user', content: 'and then?' }
  ]
  const results = await interleaved(times(FOLLOW_UPS) + 1, {
    known: async (round) => {
      const { text } = await read(direct, talk(-1 - round), 8)
      return read(direct, follow(talk(-1 - round), text), 1)
    },
    unknown: (round) => read(direct, follow(talk(1_000_000 + round), 'yes'), 1)
  })
  const [known, unknown] = [results.known.slice(1), results.unknown.slice(1)]
  const sooner = ratios(paired(known, unknown, ({ firstMs }) => firstMs))
  return {
    what,
    goal: `≥ ${SOONER} ×`,
    measured:
      `${middle(sooner, ' ×')} sooner: ${figure(median(known.map(({ firstMs }) => firstMs)))} against ` +
      `${figure(median(unknown.map(({ firstMs }) => firstMs)))} ms (${sooner.length} pairs; ` +
      `${median(known.map(({ reused }) => reused))} of ${median(known.map(({ prompt }) => prompt))} tokens were known)`,
    verdict: verdict(median(sooner) >= SOONER)
  }
}

async function read(
  direct: DirectEngine,
  messages: Message[],
  maxTokens: number
): Promise<{ firstMs: number; text: string; reused: number; prompt: number }> {
  const startedAt = performance.now()
  let [firstMs, text, reused, prompt] = [NaN, '', 0, 0]
  for await (const event of direct.generate(messages, maxTokens)) {
    if (event.type === 'tokens') {
      if (Number.isNaN(firstMs)) firstMs = performance.now() - startedAt
      text += event.text
    } else if (event.type === 'done') {
      reused = event.reusedTokens ?? 0
      prompt = event.promptTokens
    }
  }
  return { firstMs, text, reused, prompt }
}
