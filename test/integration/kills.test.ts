import assert from 'node:assert/strict'
import type { AskEvent, Mesh } from '../../src/index.ts'
import { Devices } from './devices.ts'
import { percentile } from '../../bench/statistics.ts'
import { figures, underLoad } from './goals.ts'
import { createAsker, maybeAsked } from './in-process.ts'
import type { Device } from './device.ts'

const KILLS = process.env.MESH_SOAK === undefined ? 50 : 200
/** The goal of bench/README.md: gap in an answer whose peer is killed, at the 95th percentile. */
const GAP_MS = 3000
/** The next number of tokens comes from the one before, so that a failure can be had again. */
const SEED = 20_261
/** A model of random weights says 200 tokens of anything to this, with characters of several tokens among them. */
const QUESTION = 'bb'
const OPTIONS = { model: 'plain', maxTokens: 120 } as const
/** Enough to be in the middle for most of a second, little enough for many kills. */
const RATE = '150'

/** Lehmer's generator (Park and Miller 1988): whole numbers from 1 to 2³¹ − 2. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647)
}

interface Interrupted {
  text: string
  failovers: number
  gapMs: number
  killed: Device
}

describe('an answer whose device is killed', function () {
  this.timeout(KILLS * 10_000)
  let devices: Devices
  let answering: Device[]
  let asker: Mesh

  before(async () => {
    devices = await Devices.create()
    answering = ['one', 'two'].map((name) => devices.device({ name, models: ['plain'], flags: ['--max-rate', RATE] }))
    asker = await createAsker(devices, 'asker')
    await Promise.all(answering.map((device) => device.start()))
    await Promise.all(answering.map(({ name }) => maybeAsked(asker, name, 'plain')))
  })

  after(async () => {
    await asker.stop()
    await devices.remove()
  })

  async function uninterrupted(): Promise<string> {
    let text = ''
    for await (const event of asker.ask(QUESTION, OPTIONS)) if (event.type === 'text') text += event.text
    return text
  }

  async function killedAfter(pieces: number): Promise<Interrupted> {
    let [text, seen, failovers, gapMs, lastAt] = ['', 0, 0, NaN, 0]
    let device: Device | undefined
    let killing: Promise<void> | undefined
    let moved = false
    const onEvent = (event: AskEvent): void => {
      if (event.type === 'accepted') device ??= answering.find(({ name }) => name === event.peer.name)
      else if (event.type === 'moved') moved = true
      else if (event.type === 'done') failovers = event.failovers
      else if (event.type === 'text') {
        text += event.text
        if (moved && Number.isNaN(gapMs)) gapMs = performance.now() - lastAt
        lastAt = performance.now()
        if (++seen === pieces) killing = device?.kill()
      }
    }
    for await (const event of asker.ask(QUESTION, OPTIONS)) onEvent(event)
    await killing
    assert.ok(device !== undefined)
    return { text, failovers, gapMs, killed: device }
  }

  it(`is carried on without a character lost or doubled, ${KILLS} times`, async function () {
    const whole = await uninterrupted()
    assert.ok(whole.length > 100, whole)
    const random = randomNumbers(SEED)
    const gaps: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      // The last pieces come in one go with the end, which nobody can prevent any more.
      const pieces = 1 + (random() % 80)
      const { text, failovers, gapMs, killed } = await killedAfter(pieces)
      assert.equal(text, whole, `kill ${kill}, after ${pieces} pieces`)
      assert.ok(failovers >= 1, `kill ${kill}, after ${pieces} pieces: no failover`)
      gaps.push(gapMs)
      await killed.start()
      await maybeAsked(asker, killed.name, 'plain')
    }
    this.test!.title += ` (gap ${figures(gaps)})`
    assert.ok(percentile(gaps, 95) <= underLoad(GAP_MS), gaps.map(Math.round).join(', '))
  })
})
