import { setTimeout as delay } from 'node:timers/promises'
import { Devices } from '../test/integration/devices.ts'
import type { Effort } from './effort.ts'
import { interleaved } from './effort.ts'
import { figure, middle } from './figures.ts'
import { residentMb } from './machine.ts'
import { median } from './statistics.ts'
import { verdict, type Row } from './table.ts'

const STARTS = 15
/** The goals of bench/README.md. */
const READY_MS = 1500
const IDLE_MB = 120
/** By then the model is measured, and what the start left over is collected. */
const IDLE_AFTER_MS = 60_000

export const READY = 'start to ready, without the model'
export const FIRST_READY = 'the same, in a new home'
export const IDLE = 'idle memory of the node'

/** From the spawn of `mesh join --json` to its ready line, which does not wait for the model. */
export async function starting(effort: Effort): Promise<Row[]> {
  const devices = await Devices.create()
  try {
    await devices.start({ name: 'known' }).then((device) => device.kill())
    const start = async (name: string): Promise<number> => {
      const device = devices.device({ name, mesh: name === 'known' ? 'own' : null })
      const startedAt = performance.now()
      const { at } = await device.start()
      await device.kill()
      return at - startedAt
    }
    const took = await interleaved(effort.times(STARTS), {
      known: () => start('known'),
      first: (round) => start(`new${round}`)
    })
    return [ready(READY, took.known), ready(FIRST_READY, took.first), await idle(devices, effort)]
  } finally {
    await devices.remove()
  }
}

function ready(what: string, took: readonly number[]): Row {
  return {
    what,
    goal: `≤ ${READY_MS / 1000} s`,
    measured: `median ${middle(took, ' ms')} (${took.length} starts)`,
    verdict: verdict(median(took) <= READY_MS)
  }
}

async function idle(devices: Devices, { times, tell }: Effort): Promise<Row> {
  const device = await devices.start({ name: 'idle' })
  const atReady = residentMb(device.pid)
  const waitMs = times(IDLE_AFTER_MS)
  await delay(waitMs)
  const [node = 0, child = 0] = device.processes()
  const [after, engine] = [residentMb(node), residentMb(child)]
  tell(`node: ${figure(atReady ?? NaN)} MB when ready, ${figure(after ?? NaN)} MB after ${waitMs / 1000} s`)
  const what = IDLE
  const goal = `≤ ${IDLE_MB} MB`
  if (after === null || engine === null) return { what, goal, measured: 'needs /proc', verdict: 'left out' }
  return {
    what,
    goal,
    measured: `${figure(after)} MB resident after ${waitMs / 1000} s; its engine's child ${figure(engine)} MB`,
    verdict: verdict(after <= IDLE_MB)
  }
}
