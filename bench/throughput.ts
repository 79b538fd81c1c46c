import { QUESTION, through, withBed, type AskIt, type Bed } from './asks.ts'
import { interleaved, paired, type Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { processorMs } from './machine.ts'
import { median, medianInterval, ratios } from './statistics.ts'
import { verdict, type Row } from './table.ts'

const AT_ONCE = 32
/** So many in turn by each of them, so that the beginning and the end of a round weigh little. */
const EACH = 4
/** A device takes 600 asks a minute of one other: with the ones to warm up, four rounds are below. */
const ROUNDS = 4
const BEDS = 5
/** The goals of bench/README.md. */
const KEPT = 0.98

export const THROUGHPUT = `throughput kept at ${AT_ONCE} concurrent asks`
export const PROCESSOR = 'processor time per token'

interface Round {
  tokensPerSecond: number
  /** Milliseconds of processor time a token: of this process, of the answering node, of the engine's child. */
  asking: number
  node: number
  engine: number
}

/** As many questions at once, in turn to the engine in this process and to a mesh that another process answers. */
export async function throughput({ times, tell }: Effort): Promise<Row[]> {
  const direct: Round[] = []
  const mesh: Round[] = []
  for (let bed = 0; bed < times(BEDS); bed++) {
    const results = await withBed(measured)
    direct.push(...results.direct)
    mesh.push(...results.mesh)
  }
  const rates = { direct: direct.map(rate), mesh: mesh.map(rate) }
  tell(`direct ${middle(rates.direct, '')} tokens/s, mesh ${middle(rates.mesh, '')} tokens/s`)
  const kept = ratios(paired(direct, mesh, rate))
  const { low, high } = medianInterval(kept)
  const noisy = high - low > 1 - KEPT ? '; wider than the margin, so see processor time' : ''
  const percent = middle(
    kept.map((ratio) => ratio * 100),
    ' %'
  )
  return [
    {
      what: THROUGHPUT,
      goal: `≥ ${KEPT * 100} %`,
      measured: `${percent} of ${figure(median(rates.direct))} tokens/s (${kept.length} pairs${noisy})`,
      verdict: verdict(median(kept) >= KEPT)
    },
    {
      what: PROCESSOR,
      goal: '–',
      measured: `directly: ${processorTimes(direct, ['asking', 'engine'])}; by the mesh: ${processorTimes(mesh, ['asking', 'node', 'engine'])}`,
      verdict: 'no goal'
    }
  ]
}

async function measured({ answerer, answererId, mesh, direct }: Bed): Promise<Record<'direct' | 'mesh', Round[]>> {
  const [, child = 0] = answerer.processes()
  const ways = (each: number) => ({
    direct: () => round(direct.ask, null, direct.pid, each),
    mesh: () => round(through(mesh, answererId), answerer.pid, child, each)
  })
  await interleaved(1, ways(1))
  return interleaved(ROUNDS, ways(EACH))
}

function rate({ tokensPerSecond }: Round): number {
  return tokensPerSecond
}

const PARTS = { asking: 'the asking process', node: 'the answering node', engine: 'its engine child' } as const

function processorTimes(rounds: readonly Round[], parts: readonly (keyof typeof PARTS)[]): string {
  return parts
    .map(
      (part) =>
        `${PARTS[part]} ${middle(
          rounds.map((one) => one[part]),
          ' ms'
        )}`
    )
    .join(', ')
}

/** Each of `AT_ONCE` readers asks `each` times, one after the other. */
async function round(ask: AskIt, node: number | null, engine: number, each: number): Promise<Round> {
  const before = spent(node, engine)
  const startedAt = performance.now()
  let tokens = 0
  const reader = async (): Promise<void> => {
    for (let turn = 0; turn < each; turn++) {
      const answer = await ask(QUESTION)
      tokens += answer.tokens
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, reader))
  const seconds = (performance.now() - startedAt) / 1000
  const after = spent(node, engine)
  const perToken = (part: keyof typeof PARTS): number => (after[part] - before[part]) / tokens
  const [asking, answering, generating] = [perToken('asking'), perToken('node'), perToken('engine')]
  return { tokensPerSecond: tokens / seconds, asking, node: answering, engine: generating }
}

function spent(node: number | null, engine: number): Record<keyof typeof PARTS, number> {
  const { user, system } = process.cpuUsage()
  return {
    asking: (user + system) / 1000,
    node: node === null ? 0 : (processorMs(node) ?? NaN),
    engine: processorMs(engine) ?? NaN
  }
}
