import assert from 'node:assert/strict'
import type { AskEvent } from '../../src/interface.ts'
import { Devices } from './devices.ts'
import { underLoad } from './goals.ts'
import type { Device } from './device.ts'

/** A minute is what a person leaves a laptop closed for at least; ten seconds are beyond every limit too. */
const SLEEP_MS = process.env.MESH_SOAK === undefined ? 10_000 : 60_000
/** The heartbeats tell of silence after 5 s, and a tick later it is acted upon. */
const SILENT_MS = 6000
/** As placement promises. */
const BACK_MS = 3000
const OPTIONS = { model: 'plain', maxTokens: 150 } as const

describe('a device that sleeps in the middle of an answer', function () {
  this.timeout(120_000 + SLEEP_MS)
  let devices: Devices

  beforeEach(async () => {
    devices = await Devices.create()
  })

  afterEach(async () => {
    await devices.remove()
  })

  it('is replaced, not chosen meanwhile, back within 3 s of waking, and runs nothing twice', async () => {
    const flags = ['--max-rate', '30']
    const sleeper = await devices.start({ name: 'sleeper', models: ['plain'], flags: ['--max-rate', '60'] })
    const other = await devices.start({ name: 'other', models: ['plain'], flags })
    const asking = await devices.start({ name: 'asking', flags: ['--answer', 'no'] })
    await Promise.all([asking.sees('sleeper'), asking.sees('other')])
    const mesh = await asking.attach()
    const whole = await textOf(mesh.ask('bb', { ...OPTIONS, peer: 'other' }))

    let asleepAt = 0
    const interrupted = await textOf(mesh.ask('bb', OPTIONS), (pieces, { peer }) => {
      if (pieces !== 20) return
      assert.equal(peer, 'sleeper')
      asleepAt = performance.now()
      sleeper.suspend()
    })
    assert.equal(interrupted.text, whole.text)
    assert.equal(interrupted.peer, 'other')
    assert.equal(interrupted.failovers, 1)
    assert.ok(interrupted.gapMs <= underLoad(SILENT_MS), `the gap was ${interrupted.gapMs} ms`)

    while (performance.now() - asleepAt < SLEEP_MS) {
      const meanwhile = await textOf(mesh.ask('bb', OPTIONS))
      assert.equal(meanwhile.peer, 'other')
      assert.equal(meanwhile.failovers, 0)
    }
    const wokenAt = performance.now()
    sleeper.wake()
    // First it still tells of the answer that it was at; it has to learn that nobody wants it any more.
    const back = await asking.until(
      'an idle sleeper',
      (line) =>
        line.at > wokenAt &&
        'peer' in line &&
        line.peer.name === 'sleeper' &&
        line.peer.state === 'connected' &&
        line.peer.queue === 0
    )
    assert.ok(back.at - wokenAt <= underLoad(BACK_MS), `it took ${back.at - wokenAt} ms`)
    const rows = await mesh.why('bb', OPTIONS)
    assert.equal(rows[0]?.peer.name, 'sleeper', JSON.stringify(rows))
    await idle(sleeper)
    const [slept, carried] = [await answered(sleeper), await answered(other)]
    const { asks } = await mesh.status()
    assert.equal(slept, 0)
    assert.equal(carried, asks.asked)
    await mesh.stop()
  })
})

interface Answer {
  text: string
  /** Who was answering at the end. */
  peer: string
  failovers: number
  /** The longest time between two texts. */
  gapMs: number
}

async function textOf(
  events: AsyncIterable<AskEvent>,
  onPiece: (pieces: number, answer: Answer) => void = () => undefined
): Promise<Answer> {
  const answer: Answer = { text: '', peer: '', failovers: 0, gapMs: 0 }
  let [pieces, lastAt] = [0, Infinity]
  for await (const event of events) {
    if (event.type === 'accepted') answer.peer = event.peer.name
    if (event.type === 'done') answer.failovers = event.failovers
    if (event.type !== 'text') continue
    answer.text += event.text
    answer.gapMs = Math.max(answer.gapMs, performance.now() - lastAt)
    lastAt = performance.now()
    onPiece(++pieces, answer)
  }
  return answer
}

function answered(device: Device): Promise<number> {
  return device.with(async (mesh) => (await mesh.status()).asks.answered)
}

/** Until no ask runs there; one that never ends is the test's timeout. */
function idle(device: Device): Promise<void> {
  return device.with(async (mesh) => {
    while ((await mesh.status()).asks.running > 0);
  })
}
