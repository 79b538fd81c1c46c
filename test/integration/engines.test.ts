import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AskEvent, EngineInfo, ModelInfo } from '../../src/interface.ts'
import { askData, failure } from './ask-data.ts'
import { Devices } from './devices.ts'
import type { Device } from './device.ts'
import { COUNTED, SERVED_MODEL } from './counter.ts'
import { underLoad } from './goals.ts'
import { createNetwork, whyNoNamespaces } from './namespaces.ts'
import type { Host, Network } from './namespaces.ts'

const ENGINE = fileURLToPath(new URL('engine-process.js', import.meta.url))
/** vLLM's own port, where the node looks for it. */
const PORT = 8000
/** "Within seconds": connecting finds out every two. */
const GONE_MS = 4_000
const BACK_MS = 6_000

describe('another engine on a device', function () {
  this.timeout(90_000)
  let devices: Devices
  let network: Network
  let desktop: Device
  let laptop: Device

  before(function () {
    const reason = whyNoNamespaces()
    if (reason === null) return
    this.test!.title += ` (left out: ${reason})`
    this.skip()
  })

  beforeEach(async () => {
    devices = await Devices.create()
    network = await createNetwork({ hosts: 3 })
  })

  afterEach(async () => {
    await devices.remove()
    await network.remove()
  })

  async function startEngine(host: Host): Promise<{ process: ChildProcess; closed: Promise<unknown> }> {
    const child = host.spawn(process.execPath, [ENGINE, String(PORT)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface(child.stdout!)
    await once(lines, 'line')
    return { process: child, closed: once(lines, 'line') }
  }

  async function stopEngine({ process: child }: { process: ChildProcess }): Promise<void> {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  /** A device with an engine that is added, and one that asks. */
  async function two(): Promise<Awaited<ReturnType<typeof startEngine>>> {
    const engine = await startEngine(network.hosts[0]!)
    const all = await Promise.all(
      ['desktop', 'laptop'].map((name, index) => devices.start({ host: network.hosts[index]!, name }))
    )
    desktop = all[0]!
    laptop = all[1]!
    await laptop.sees('desktop')
    return engine
  }

  async function add(device: Device): Promise<EngineInfo> {
    const { code, stdout, stderr } = await device.mesh('engine', 'add', '--json', 'box', `http://127.0.0.1:${PORT}`)
    assert.deepEqual([code, stderr], [0, ''])
    return JSON.parse(stdout) as EngineInfo
  }

  it('answers an ask from another with no further set-up than engine add, and is told to stop when nobody reads', async () => {
    const engine = await two()
    // It was seen at the start, and asked nothing until it was added.
    const found = await desktop.until('the engine nearby', ({ event }) => event === 'engine-found')
    assert.ok(found.event === 'engine-found')
    assert.deepEqual(found.engine, { kind: 'vllm', name: 'vllm', url: `http://127.0.0.1:${PORT}`, models: 1 })
    assert.equal(
      failure(await laptop.mesh('ask', '--json', '--model', SERVED_MODEL, 'Count')).name,
      'UnknownModelError'
    )
    const added = await add(desktop)
    assert.deepEqual([added.kind, added.models[0]?.parameters], ['vllm', 8e9])
    await laptop.sees('desktop', { answersWith: SERVED_MODEL })
    const answer = askData(await laptop.mesh('ask', '--json', 'Count'))
    assert.equal(answer.answer, COUNTED)
    assert.deepEqual([answer.peer.name, answer.model, answer.failovers], ['desktop', SERVED_MODEL, 0])
    assert.deepEqual([answer.promptTokens, answer.answerTokens], [9, 151])
    const models = JSON.parse((await desktop.mesh('model', 'ls', '--json')).stdout) as ModelInfo[]
    assert.equal(models.find(({ name }) => name === SERVED_MODEL)?.engine, 'box')
    // The first answer has shown its speed: 50 numbers a second.
    const [listed] = JSON.parse((await desktop.mesh('engine', '--json')).stdout) as EngineInfo[]
    const { measured, decodeRate } = listed!.models[0]!
    assert.ok(measured && decodeRate > 10 && decodeRate < 60, String(decodeRate))

    const asking = laptop.spawn(['ask', 'Count'])
    await once(asking.stdout!, 'data')
    asking.kill('SIGINT')
    await engine.closed
  })

  it('that dies in mid-answer is carried on elsewhere from where it stood, without a character lost or doubled', async () => {
    const engine = await two()
    const other = await startEngine(network.hosts[2]!)
    const third = await devices.start({ host: network.hosts[2]!, name: 'third' })
    await add(desktop)
    await laptop.sees('desktop', { answersWith: SERVED_MODEL })
    const mesh = await laptop.attach()
    const { text, moved } = await read(mesh.ask('Count'), async (pieces) => {
      if (pieces === 20) await add(third)
      if (pieces === 60) await stopEngine(engine)
    })
    assert.equal(text, COUNTED)
    assert.equal(moved.length, 1)
    assert.deepEqual([moved[0]!.from.name, moved[0]!.to.name, moved[0]!.sameModel], ['desktop', 'third', true])
    assert.match(moved[0]!.reason, /box broke off in the middle of its answer/)
    await mesh.stop()
    await stopEngine(other)
  })

  it('that dies is no longer offered within seconds, leaves the answer interrupted, and is back within seconds', async () => {
    const engine = await two()
    await add(desktop)
    await laptop.sees('desktop', { answersWith: SERVED_MODEL })
    const mesh = await laptop.attach()
    let diedAt = 0
    let text = ''
    const asking = async (): Promise<void> => {
      for await (const event of mesh.ask('Count')) {
        if (event.type !== 'text') continue
        text += event.text
        if (text.endsWith('40') && diedAt === 0) {
          diedAt = performance.now()
          await stopEngine(engine)
        }
      }
    }
    await assert.rejects(asking(), (error: Error) => {
      assert.equal(error.name, 'AnswerInterruptedError')
      assert.match(error.message, /desktop: .*box/)
      return true
    })
    // What had come is a beginning of the answer, and the built-in model said nothing to it.
    assert.ok(text.length > 0 && COUNTED.startsWith(text), text)
    const gone = await laptop.sees('desktop', { after: diedAt, answersWith: 'mini' })
    assert.ok(gone.at - diedAt <= underLoad(GONE_MS), `it took ${gone.at - diedAt} ms`)
    const reason = async (): Promise<string> => {
      const [down] = JSON.parse((await desktop.mesh('engine', 'ls', '--json')).stdout) as EngineInfo[]
      assert.equal(down!.state, 'down')
      return down!.reason ?? ''
    }
    // The last look may have met its end; the next one finds nobody.
    let said: string
    do said = await reason()
    while (said.includes('it hung up'))
    assert.match(said, /nothing listens there/)
    const { stdout } = await desktop.mesh('doctor', '--json')
    assert.match(stdout, /box does not answer/)

    const again = await startEngine(network.hosts[0]!)
    const backAt = performance.now()
    const back = await laptop.sees('desktop', { after: backAt, answersWith: SERVED_MODEL })
    assert.ok(back.at - backAt <= underLoad(BACK_MS), `it took ${back.at - backAt} ms`)
    assert.equal(askData(await laptop.mesh('ask', '--json', 'Count')).answer, COUNTED)

    // What was added outlives the node; what was removed is gone at once.
    await desktop.kill()
    await desktop.start()
    await laptop.sees('desktop', { after: backAt, answersWith: SERVED_MODEL })
    const removedAt = performance.now()
    assert.equal((await desktop.mesh('engine', 'rm', 'box')).code, 0)
    await laptop.sees('desktop', { after: removedAt, answersWith: 'mini' })
    await mesh.stop()
    await stopEngine(again)
  })
})

async function read(
  events: AsyncIterable<AskEvent>,
  onPiece: (pieces: number) => Promise<void>
): Promise<{ text: string; moved: Extract<AskEvent, { type: 'moved' }>[] }> {
  let text = ''
  let pieces = 0
  const moved: Extract<AskEvent, { type: 'moved' }>[] = []
  for await (const event of events) {
    if (event.type === 'moved') moved.push(event)
    if (event.type !== 'text') continue
    text += event.text
    await onPiece(++pieces)
  }
  return { text, moved }
}
