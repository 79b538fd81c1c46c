import type { Mesh } from '../src/index.ts'
import { Devices } from '../test/integration/devices.ts'
import type { Device } from '../test/integration/device.ts'
import { answers, meshAmong, QUESTION } from './asks.ts'
import type { Effort } from './effort.ts'
import { middleAndTail } from './figures.ts'
import { percentile } from './statistics.ts'
import { verdict, type Row } from './table.ts'

const KILLS = 40
/** The goal of bench/README.md, at the 95th percentile. The prompt is short: prefill takes a few milliseconds of it. */
const GAP_MS = 3000
/** Slow enough that an answer is still under way when its device is killed. */
const TOKENS_PER_SECOND = 60

export const FAILOVER = 'gap in an answer whose peer is killed'

/** Two devices that answer, in processes of their own; the one that answers is killed in mid-answer and started again. */
export async function failover({ times, tell }: Effort): Promise<Row[]> {
  const devices = await Devices.create()
  let mesh: Mesh | undefined
  try {
    const flags = ['--max-rate', String(TOKENS_PER_SECOND)]
    const answering = ['one', 'two'].map((name) => devices.device({ name, flags }))
    await Promise.all(answering.map((device) => device.start()))
    mesh = await meshAmong(devices)
    for (const { name } of answering) await answers(mesh, name)
    const whole = await undisturbed(mesh)
    const gaps: number[] = []
    let damaged = 0
    for (let kill = 0; kill < times(KILLS); kill++) {
      // Anywhere but at its very end, which has left the device before the kill reaches it.
      const pieces = 1 + ((kill * 7) % (whole.pieces - 4))
      const { text, gapMs, killed } = await killedAfter(mesh, answering, pieces)
      gaps.push(gapMs)
      if (text !== whole.text) damaged++
      await killed.start()
      await answers(mesh, killed.name)
    }
    tell(`gaps: ${gaps.map(Math.round).join(' ')} ms`)
    return [
      {
        what: FAILOVER,
        goal: `p95 ≤ ${GAP_MS / 1000} s plus prefill, 0 answers damaged`,
        measured: `${middleAndTail(gaps, ' ms', 95)}, ${damaged} of ${gaps.length} answers with a character lost or doubled`,
        verdict: verdict(percentile(gaps, 95) <= GAP_MS && damaged === 0)
      }
    ]
  } finally {
    await mesh?.stop()
    await devices.remove()
  }
}

async function undisturbed(mesh: Mesh): Promise<{ text: string; pieces: number }> {
  let [text, pieces] = ['', 0]
  for await (const event of mesh.ask(QUESTION)) {
    if (event.type !== 'text') continue
    text += event.text
    pieces++
  }
  return { text, pieces }
}

interface Interrupted {
  text: string
  /** Between the last text of the device that was killed and the first of the next one. */
  gapMs: number
  killed: Device
}

async function killedAfter(mesh: Mesh, answering: readonly Device[], pieces: number): Promise<Interrupted> {
  let [text, seen, gapMs, lastAt, moved] = ['', 0, NaN, 0, false]
  let killed: Device | undefined
  let killing: Promise<void> | undefined
  for await (const event of mesh.ask(QUESTION)) {
    if (event.type === 'accepted') killed ??= answering.find(({ name }) => name === event.peer.name)
    else if (event.type === 'moved') moved = true
    else if (event.type === 'text') {
      if (moved && Number.isNaN(gapMs)) gapMs = performance.now() - lastAt
      text += event.text
      lastAt = performance.now()
      if (++seen === pieces) killing = killed?.kill()
    }
  }
  await killing
  if (killed === undefined || Number.isNaN(gapMs)) throw new Error(`the answer did not move: ${text}`)
  return { text, gapMs, killed }
}
