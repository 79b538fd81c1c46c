import assert from 'node:assert/strict'
import { MeshError } from '../../src/errors.ts'
import type { Mesh, MeshStatus } from '../../src/interface.ts'
import { pick, randomFrom } from '../crdt/random.ts'
import type { Device } from './device.ts'
import { Devices } from './devices.ts'
import { createAsker, maybeAsked } from './in-process.ts'

const SOAK = process.env.MESH_SOAK !== undefined
const ASKERS = SOAK ? 10 : 4
const ASKS = SOAK ? 1000 : 40
/** Something happens to a device after every so many asks. */
const CALM = SOAK ? 20 : 8
const SEED = Number(process.env.MESH_SEED ?? 1)
const MODEL = 'plain'
/** Each is another part of the same greedy answer. */
const LENGTHS = [5, 20, 60, 100]
/** What caches and pools take once, in megabytes: beyond it, and a tenth of what was there, memory grows. */
const SLACK_MB = 40

type End =
  { how: 'answered'; by: string; failovers: number } | { how: 'cancelled'; by: string } | { how: string; by: string }

describe(`${ASKS} asks of ${ASKERS} devices at once, with cancels, kills and pauses`, function () {
  this.timeout(SOAK ? 0 : 180_000)
  let devices: Devices
  let steady: Device
  let shaky: Device
  let moody: Device
  const askers: Mesh[] = []

  before(async () => {
    devices = await Devices.create()
    const answering = (name: string, rate: string): Device =>
      devices.device({ name, models: [MODEL], flags: ['--max-rate', rate] })
    steady = answering('steady', '100')
    shaky = answering('shaky', '200')
    moody = answering('moody', '200')
    for (let index = 0; index < ASKERS; index++) askers.push(await createAsker(devices, `asker-${index}`))
    const all = [steady, shaky, moody]
    await Promise.all(all.map((device) => device.start()))
    await Promise.all(askers.flatMap((asker) => all.map(({ name }) => maybeAsked(asker, name, MODEL))))
  })

  after(async () => {
    await Promise.all(askers.map((asker) => asker.stop()))
    await devices.remove()
  })

  async function ask(asker: Mesh, maxTokens: number, cancelAfter: number, whole: string): Promise<End> {
    const { signal, abort } = cancelling()
    let [text, pieces, by] = ['', 0, '']
    try {
      for await (const event of asker.ask('bb', { model: MODEL, maxTokens, signal })) {
        if (event.type === 'accepted') by = event.peer.name
        else if (event.type === 'moved') by = event.to.name
        else if (event.type === 'text') {
          text += event.text
          if (++pieces === cancelAfter) abort()
        } else if (event.type === 'done') {
          assert.equal(text, whole)
          return { how: 'answered', by, failovers: event.failovers }
        }
      }
      throw new Error('it ended without an end')
    } catch (error) {
      assert.ok(whole.startsWith(text), text)
      if (signal.aborted) return { how: 'cancelled', by }
      if (!(error instanceof MeshError)) throw error
      return { how: error.name, by }
    }
  }

  /** What stands against a device now; each is undone by the next one. */
  const trouble = {
    async kill(): Promise<void> {
      await shaky.kill()
      await shaky.start()
    },
    async pause(): Promise<void> {
      await moody.with((mesh) => mesh.pause({ finishMs: 200 }))
    },
    async resume(): Promise<void> {
      await moody.with((mesh) => mesh.resume())
    }
  }

  it('end in an answer or an error with a name, run once each, and leave nothing behind', async function () {
    const random = randomFrom(SEED)
    const [first] = askers
    const whole = new Map<number, string>()
    for (const maxTokens of LENGTHS) {
      let text = ''
      for await (const event of first!.ask('bb', { model: MODEL, maxTokens }))
        if (event.type === 'text') text += event.text
      whole.set(maxTokens, text)
    }
    const before = await statusOf(steady)
    const ends: End[] = []
    let warm: MeshStatus | undefined
    let troubles: Promise<void> = Promise.resolve()
    const happen = (): void => {
      const [name, deed] = pick(random, Object.entries(trouble))!
      troubles = troubles.then(deed).catch((cause: unknown) => {
        throw new Error(`${name} failed (MESH_SEED=${SEED} replays it)`, { cause })
      })
    }
    const asksOf = async (asker: Mesh): Promise<void> => {
      for (let left = ASKS / ASKERS; left > 0; left--) {
        const maxTokens = pick(random, LENGTHS)!
        const cancelAfter = random() < 0.2 ? 1 + Math.floor(random() * 20) : Infinity
        ends.push(await ask(asker, maxTokens, cancelAfter, whole.get(maxTokens)!))
        if (ends.length % CALM === 0) happen()
        if (ends.length === ASKS / 5) warm = await statusOf(steady)
      }
    }
    await Promise.all(askers.map(asksOf))
    await troubles
    const after = await statusOf(steady)

    assert.equal(ends.length, ASKS)
    const sums: Record<string, number> = {}
    for (const { how } of ends) sums[how] = (sums[how] ?? 0) + 1
    this.test!.title += ` (${Object.entries(sums)
      .map(([how, count]) => `${count} ${how}`)
      .join(', ')})`
    // One device stands firm all the time, so that nobody needs to go without.
    assert.equal((sums.answered ?? 0) + (sums.cancelled ?? 0), ASKS, JSON.stringify(sums))
    const bySteady = (how: string): number => ends.filter((end) => end.how === how && end.by === steady.name).length
    const answered = after.counters.answered - before.counters.answered
    // A cancel may come when the last piece is under way.
    assert.ok(
      answered >= bySteady('answered') && answered <= bySteady('answered') + bySteady('cancelled'),
      `${answered}`
    )
    assert.equal(after.asks.running, 0)
    for (const asker of askers) assert.equal((await asker.status()).asks.running, 0)
    this.test!.title += ` (node ${warm!.memory.node} to ${after.memory.node} MB, engine ${warm!.memory.engine} to ${after.memory.engine} MB)`
    if (!SOAK) return
    for (const part of ['node', 'engine'] as const) {
      const [then, now] = [warm?.memory[part] ?? 0, after.memory[part] ?? 0]
      assert.ok(now <= then * 1.1 + SLACK_MB, `${part}: ${then} MB, then ${now} MB`)
    }
  })
})

function cancelling(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    abort: () => {
      controller.abort()
    }
  }
}

async function statusOf(device: Device): Promise<MeshStatus> {
  return device.with((mesh) => mesh.status())
}
