import { attachMesh } from '../src/index.ts'
import { QUESTION, through, withBed, type Asked } from './asks.ts'
import { interleaved, paired, type Effort } from './effort.ts'
import { figure, middle, middleAndTail } from './figures.ts'
import { differences, median, percentile } from './statistics.ts'
import { verdict, type Row } from './table.ts'

const ROUNDS = 400
const WARM_UP = 10
/** The goals of bench/README.md. */
const P50_MS = 5
const P99_MS = 30

export const FIRST_TOKEN = 'time to first text added by the mesh, warm'
export const SOCKET = 'time added by the control socket'

/**
 * The same short question by three ways in turn: the engine in this process, a mesh in this process that another process
 * answers over loopback, and the control socket of a third process that the same one answers.
 */
export function firstToken({ times, tell }: Effort): Promise<Row[]> {
  return withBed(async ({ answererId, mesh, asker, direct }) => {
    const attached = await attachMesh({ home: asker.home })
    const ways = { direct: direct.ask, mesh: through(mesh, answererId), socket: through(attached, answererId) }
    const once = (ask: (question: string) => Promise<Asked>) => () => ask(QUESTION)
    const all = { direct: once(ways.direct), mesh: once(ways.mesh), socket: once(ways.socket) }
    await interleaved(WARM_UP, all)
    const results = await interleaved(times(ROUNDS), all)
    await attached.stop()
    assertSame([...results.direct, ...results.mesh, ...results.socket])
    const firstMs = ({ firstMs }: Asked): number => firstMs
    const perToken = ({ firstMs, totalMs, tokens }: Asked): number => (totalMs - firstMs) / (tokens - 1)
    const added = differences(paired(results.direct, results.mesh, firstMs))
    const bySocket = differences(paired(results.mesh, results.socket, firstMs))
    const tokenBySocket = differences(paired(results.mesh, results.socket, perToken))
    tell(`direct: ${middleAndTail(results.direct.map(firstMs), ' ms', 99)} to the first text`)
    tell(
      `direct: ${middle(results.direct.map(perToken), ' ms')} per token, mesh: ${middle(results.mesh.map(perToken), ' ms')}`
    )
    return [
      {
        what: FIRST_TOKEN,
        goal: `p50 ≤ ${P50_MS} ms, p99 ≤ ${P99_MS} ms`,
        measured:
          `${middleAndTail(added, ' ms', 99)} (${added.length} pairs; the engine alone takes ` +
          `${figure(median(results.direct.map(firstMs)))} ms)`,
        verdict: verdict(median(added) <= P50_MS && percentile(added, 99) <= P99_MS)
      },
      {
        what: SOCKET,
        goal: '–',
        measured: `first text ${middleAndTail(bySocket, ' ms', 99)}; per token ${middle(tokenBySocket, ' ms')} (${bySocket.length} pairs)`,
        verdict: 'no goal'
      }
    ]
  })
}

/** Times compare only where the same was done. */
function assertSame(answers: readonly Asked[]): void {
  const texts = new Set(answers.map(({ text }) => text))
  if (texts.size !== 1) throw new Error(`the answers differ: ${[...texts].join(' / ')}`)
}
