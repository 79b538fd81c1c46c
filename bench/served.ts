import { attachMesh } from '../src/index.ts'
import { Devices } from '../test/integration/devices.ts'
import { answerWith, ScriptedServer, vllm } from '../test/inference/served/scripted-server.ts'
import { answers, meshAmong, through, type AskIt } from './asks.ts'
import { interleaved, paired, type Effort } from './effort.ts'
import { figure, middleAndTail } from './figures.ts'
import { differences, median } from './statistics.ts'
import type { Row } from './table.ts'

const ROUNDS = 400
const WARM_UP = 10
const MODEL = 'Qwen3-8B'
const PROMPT = 'Why is the sky blue?'

export const SERVED_HERE = 'time to first text added in front of another engine, by the device beside it'
export const SERVED_THERE = 'the same, from another device'

/**
 * A server with the OpenAI API in this process, which answers at once, asked in turn by plain HTTP, by the control socket
 * of the device that it was added to, and through a second device: so that what is added is ours alone.
 */
export async function servedEngine({ times, tell }: Effort): Promise<Row[]> {
  const server = await ScriptedServer.start({
    paths: vllm(MODEL),
    chat: (_call, response) => {
      answerWith(response, 'Air', ' scatters', ' blue.')
    }
  })
  const devices = await Devices.create()
  const ends: (() => Promise<unknown>)[] = [() => devices.remove(), () => server.close()]
  try {
    const beside = devices.device({ name: 'beside' })
    const { peerId } = await beside.start()
    await beside.mesh('engine', 'add', 'box', server.url)
    const attached = await attachMesh({ home: beside.home })
    ends.unshift(() => attached.stop())
    const mesh = await meshAmong(devices)
    ends.unshift(() => mesh.stop())
    await answers(mesh, 'beside')
    const asked = (ask: AskIt) => () => ask(PROMPT)
    const ways = {
      directly: asked(directly(server.url)),
      here: asked(through(attached, 'here', MODEL)),
      there: asked(through(mesh, peerId, MODEL))
    }
    await interleaved(WARM_UP, ways)
    const results = await interleaved(times(ROUNDS), ways)
    const texts = new Set(Object.values(results).flatMap((each) => each.map(({ text }) => text)))
    if (texts.size !== 1) throw new Error(`the answers differ: ${[...texts].join(' / ')}`)
    const alone = median(results.directly.map(({ firstMs }) => firstMs))
    tell(`directly: ${figure(alone)} ms to the first text`)
    return [[SERVED_HERE, results.here] as const, [SERVED_THERE, results.there] as const].map(([what, through]) => {
      const added = differences(paired(results.directly, through, ({ firstMs }) => firstMs))
      return {
        what,
        goal: '–',
        measured: `${middleAndTail(added, ' ms', 99)} (${added.length} pairs; by plain HTTP ${figure(alone)} ms)`,
        verdict: 'no goal'
      }
    })
  } finally {
    for (const end of ends) await end()
  }
}

function directly(url: string): AskIt {
  return async (question) => {
    const startedAt = performance.now()
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, stream: true, messages: [{ role: 'user', content: question }] })
    })
    let [firstMs, text] = [NaN, '']
    if (response.body === null) throw new Error('the server says nothing')
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      for (const [, content = ''] of chunk.matchAll(/"content":"([^"]+)"/g)) {
        if (text === '') firstMs = performance.now() - startedAt
        text += content
      }
    }
    return { firstMs, totalMs: performance.now() - startedAt, tokens: 0, text }
  }
}
