/** The built-in model as it is committed, in this process and without the child, so that hundreds of questions take seconds. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BatchSession } from '../../src/inference/batch-session.ts'
import { Batcher } from '../../src/inference/batcher.ts'
import { DecoderSession } from '../../src/inference/decoder-session.ts'
import { generation, prepare } from '../../src/inference/generation.ts'
import { loadModelText } from '../../src/inference/loaded-model.ts'
import { resolveSampling } from '../../src/inference/resolve-sampling.ts'
import { RUNTIME_PACKAGE, loadRuntime } from '../../src/inference/runtime.ts'
import type { Message } from '../../src/interface.ts'
import { ROOT } from './fixture.ts'

const FOLDER = join(ROOT, 'models', 'mini')
/** Its longest answer, with room to spare. */
const LONGEST_ANSWER = 64

export interface MiniModel {
  /** Its greedy answer. */
  say: (messages: Message[]) => Promise<string>
  release: () => Promise<void>
}

export async function loadMini(): Promise<MiniModel> {
  const runtime = await loadRuntime(RUNTIME_PACKAGE)
  const graph = join(FOLDER, 'onnx', 'model.onnx')
  const session = await DecoderSession.create(runtime, graph, { provider: 'cpu', threads: 1 })
  const model = await loadModelText(FOLDER)
  const rows = new Batcher(new BatchSession(session, { padding: 'right', worth: Infinity }), {
    reuse: 'pieces',
    provider: 'cpu',
    prefillRate: 0
  })
  const sampling = resolveSampling({ temperature: 0, maxTokens: LONGEST_ANSWER, seed: 0 }, {}, LONGEST_ANSWER)
  const { signal } = new AbortController()
  return {
    async say(messages) {
      let text = ''
      const request = { messages, sampling, continuation: { tokens: [], text: '' } }
      const prepared = prepare(model, request)
      const reader = rows.join({ most: prepared.most, signal })
      for await (const event of generation(model, reader, prepared, signal))
        if (event.type === 'tokens') text += event.text
      reader.leave()
      return text.trim()
    },
    release: () => session.release()
  }
}

/** A JSON file of the model's folder. */
export function readMini(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(FOLDER, ...path), 'utf8'))
}

/** `null` for a right answer, else what was asked and answered. */
export function judged(question: string, given: string, right: boolean): string | null {
  return right ? null : `${question} → ${given}`
}

/**
 * Asks everything of one set.
 * @param goal share that must be right; what went wrong is in the message
 */
export async function mostAreRight<T>(
  cases: readonly T[],
  goal: number,
  ask: (one: T) => Promise<string | null>
): Promise<void> {
  assert.ok(cases.length > 0)
  const wrong: string[] = []
  for (const one of cases) {
    const mistake = await ask(one)
    if (mistake !== null) wrong.push(mistake)
  }
  const right = cases.length - wrong.length
  assert.ok(
    right >= goal * cases.length,
    `${String(right)} of ${String(cases.length)} right, wanted ${String(goal * 100)} %:\n` +
      wrong.slice(0, 20).join('\n')
  )
}
