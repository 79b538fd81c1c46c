/** Rows of one model in this process, without the child, with what the graph gave for each of their tokens. */
import { join } from 'node:path'
import { BatchSession } from '../../src/inference/batch-session.ts'
import type { BatchedReader } from '../../src/inference/batcher.ts'
import { Batcher } from '../../src/inference/batcher.ts'
import { DecoderSession } from '../../src/inference/decoder-session.ts'
import { generation } from '../../src/inference/generation.ts'
import { traitsOf } from '../../src/inference/graph-fit.ts'
import type { GraphTraits } from '../../src/inference/graph-fit.ts'
import { loadModelText } from '../../src/inference/loaded-model.ts'
import type { ModelText } from '../../src/inference/loaded-model.ts'
import { readModelFolder } from '../../src/inference/model-folder.ts'
import { summarizeOnnx } from '../../src/inference/onnx-file.ts'
import { RUNTIME_PACKAGE, loadRuntime } from '../../src/inference/runtime.ts'
import type { ResolvedSampling } from '../../src/interface.ts'
import { FIXTURES, ROOT } from './fixture.ts'

export const MODELS = ['plain', 'half', 'fused', 'fp16', 'int8', 'q4', 'q4f16', 'beside', 'parts', 'chain', 'mini']

export interface Asked {
  prompt: readonly number[]
  sampling: ResolvedSampling
}

export interface Said {
  tokens: number[]
  /** What each of them was chosen from. */
  logits: Float32Array[]
}

export interface RowsModel {
  text: ModelText
  session: DecoderSession
  traits: GraphTraits
  /** A batch of its own. @param prefillRate tokens a second. @default two pieces of prompts fit between two tokens */
  rows: (prefillRate?: number, provider?: string) => Batcher
  /** Answers in a batch; `watch` sees each token as it comes. */
  say: (reader: BatchedReader, asked: Asked, signal: AbortSignal, watch?: (tokens: number) => void) => Promise<Said>
}

export async function openModel(name: string): Promise<RowsModel> {
  const path = name === 'mini' ? join(ROOT, 'models', 'mini') : join(FIXTURES, 'models', name)
  const graph = join(path, (await readModelFolder(path)).graph)
  const session = await DecoderSession.create(await loadRuntime(RUNTIME_PACKAGE), graph, {
    provider: 'cpu',
    threads: 1,
    // Keys and values are kept here too, as they are of larger models.
    rewiring: { lastRow: true, newRowsFrom: 0 }
  })
  const traits = traitsOf(await summarizeOnnx(graph))
  const text = await loadModelText(path)
  return {
    text,
    session,
    traits,
    rows: (prefillRate = 1500, provider = 'cpu') =>
      new Batcher(new BatchSession(session, { ...traits, worth: 200 }), { ...traits, provider, prefillRate }),
    say: async (reader, { prompt, sampling }, signal, watch) => {
      const said: Said = { tokens: [], logits: [] }
      const watched = {
        vocabulary: reader.vocabulary,
        piece: reader.piece,
        get length() {
          return reader.length
        },
        read: async (ids: readonly number[], left: number | null) => {
          const logits = await reader.read(ids, left)
          // Choosing changes them.
          if (left === null || left === 0) said.logits.push(logits.slice())
          return logits
        }
      }
      const limit = Math.min(sampling.maxTokens, text.contextLength - prompt.length)
      const request = { prompt, answered: [], byText: false, sampling, limit, most: prompt.length + limit }
      try {
        for await (const event of generation(text, watched, request, signal)) {
          if (event.type !== 'tokens') continue
          said.tokens.push(...event.tokens)
          watch?.(said.tokens.length)
        }
      } catch (err) {
        if (!signal.aborted) throw err
      }
      return said
    }
  }
}

/** Answers with nobody beside it. */
export async function sayAlone({ rows, say }: RowsModel, asked: Asked): Promise<Said> {
  const { signal } = new AbortController()
  const most = asked.prompt.length + asked.sampling.maxTokens
  const reader = rows().join({ most, signal })
  try {
    return await say(reader, asked, signal)
  } finally {
    reader.leave()
  }
}

/** The largest difference of two rows of logits, as a part of their range. */
export function apartBy(some: Float32Array, others: Float32Array): number {
  let [lowest, highest, difference] = [Infinity, -Infinity, 0]
  others.forEach((score, id) => {
    lowest = Math.min(lowest, score)
    highest = Math.max(highest, score)
    const own = Math.abs((some[id] ?? NaN) - score)
    difference = Number.isNaN(own) ? Infinity : Math.max(difference, own)
  })
  return difference / (highest - lowest)
}
