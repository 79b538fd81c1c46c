import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DecoderSession } from '../src/inference/decoder-session.ts'
import type { KvCache } from '../src/inference/decoder-session.ts'
import { PREFILL_CHUNK } from '../src/inference/batch-plan.ts'
import { loadRuntime, RUNTIME_PACKAGE } from '../src/inference/runtime.ts'
import { argmax } from '../src/inference/sampling.ts'
import { CONTEXT_PARAMETERS, CONTEXT_VOCABULARY, makeContextModel, type Stored } from './context-model.ts'
import { interleaved, paired, type Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { median, ratios } from './statistics.ts'
import type { Row } from './table.ts'

const LENGTHS = [100, 900, 1800] as const
/** In a row, so that each way pays for its own garbage; and how often in turn, by which the context grows too. */
const TOKENS = 10
const ROUNDS = 12
const PROMPT = 600
const PROMPTS = 10

const SIZE = `${Math.round(CONTEXT_PARAMETERS / 1e6)} M parameters`
const STORED: readonly Stored[] = ['fp32', '4 bit']

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is wired otherwise. */
const WAYS = {
  original: { lastRow: false, newRowsFrom: Infinity },
  lastRow: { lastRow: true, newRowsFrom: Infinity },
  both: { lastRow: true, newRowsFrom: 0 }
}
type Way = keyof typeof WAYS

function tokenRow(stored: Stored): string {
  return `a token at ${LENGTHS.join(', ')} tokens of context, processor time with the graph rewired against as it is (${SIZE}, ${stored})`
}
function promptRow(stored: Stored): string {
  return `the same, a prompt of ${PROMPT} tokens (${stored})`
}

export const CONTEXTS = STORED.flatMap((stored) => [tokenRow(stored), promptRow(stored)])

/** One conversation with one wiring of the graph. */
interface Talk {
  session: DecoderSession
  cache: KvCache
  logits: Float32Array
  said: number[]
}

/**
 * The same graph in three wirings in this process, token by token in turn. Processor time is taken: with one thread that
 * never waits it is the clock's on a machine with nothing else to do.
 */
export async function contexts({ times, tell }: Effort): Promise<Row[]> {
  const runtime = await loadRuntime(RUNTIME_PACKAGE)
  const rows: Row[] = []
  for (const stored of STORED) {
    const folder = mkdtempSync(join(tmpdir(), 'mesh-bench-'))
    const talks = new Map<Way, Talk>()
    try {
      const path = join(folder, 'model.onnx')
      await makeContextModel(path, stored)
      for (const [way, rewiring] of Object.entries(WAYS) as [Way, (typeof WAYS)[Way]][]) {
        const remark = (text: string): never => {
          throw new Error(text)
        }
        const session = await DecoderSession.create(runtime, path, { provider: 'cpu', threads: 1, rewiring, remark })
        talks.set(way, { session, cache: session.empty(), logits: new Float32Array(0), said: [] })
      }
      rows.push(await tokens(stored, talks, times(ROUNDS)), await prompts(stored, talks, times(PROMPTS)))
      tell(
        rows
          .slice(-2)
          .map(({ what, measured }) => `${what}: ${measured}`)
          .join('\n')
      )
    } finally {
      for (const { session } of talks.values()) await session.release()
      rmSync(folder, { recursive: true })
    }
  }
  return rows
}

async function tokens(stored: Stored, talks: ReadonlyMap<Way, Talk>, count: number): Promise<Row> {
  const parts: string[] = []
  for (const length of LENGTHS) {
    for (const talk of talks.values()) await read(talk, length)
    const ms = await interleaved(
      count,
      each(talks, TOKENS, async (talk) => {
        for (let token = 0; token < TOKENS; token++) await say(talk)
      })
    )
    parts.push(`at ${length} ${compared(ms, ' a token')}`)
  }
  const [first, ...others] = [...talks.values()].map(({ said }) => said.join())
  if (others.some((said) => said !== first)) throw new Error('the wirings of one graph say different things')
  return { what: tokenRow(stored), goal: '–', measured: parts.join('; '), verdict: 'no goal' }
}

async function prompts(stored: Stored, talks: ReadonlyMap<Way, Talk>, count: number): Promise<Row> {
  const ms = await interleaved(
    count,
    each(talks, 1, async (talk) => {
      talk.session.free(talk.cache)
      talk.cache = talk.session.empty()
      await read(talk, PROMPT)
    })
  )
  return { what: promptRow(stored), goal: '–', measured: compared(ms, ''), verdict: 'no goal' }
}

/** Milliseconds of processor time of a deed, by way, for each of its `parts`. */
function each(
  talks: ReadonlyMap<Way, Talk>,
  parts: number,
  deed: (talk: Talk) => Promise<void>
): Record<Way, () => Promise<number>> {
  const timed = [...talks].map(([way, talk]) => [
    way,
    async () => {
      // What the others left is not counted as its own.
      collect()
      const before = process.cpuUsage()
      await deed(talk)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000 / parts
    }
  ])
  return Object.fromEntries(timed) as Record<Way, () => Promise<number>>
}

function compared({ original, lastRow, both }: Record<Way, number[]>, what: string): string {
  const faster = (ms: number[]): string => middle(ratios(paired(ms, original, (each) => each)), ' ×')
  return `${faster(both)} of ${figure(median(original))} ms${what} (by the last row alone ${faster(lastRow)})`
}

async function read(talk: Talk, length: number): Promise<void> {
  while (talk.cache.length < length) {
    const from = talk.cache.length
    const count = Math.min(PREFILL_CHUNK, length - from)
    const ids = Array.from({ length: count }, (_, index) => ((from + index) * 7919) % CONTEXT_VOCABULARY)
    Object.assign(talk, await talk.session.forward(talk.cache, ids))
  }
}

async function say(talk: Talk): Promise<void> {
  const id = argmax(talk.logits)
  talk.said.push(id)
  Object.assign(talk, await talk.session.forward(talk.cache, [id]))
}
