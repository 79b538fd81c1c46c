import { setTimeout as delay } from 'node:timers/promises'
import type { Mesh } from '../src/index.ts'
import { Devices } from '../test/integration/devices.ts'
import { createNetwork, whyNoNamespaces, type Host } from '../test/integration/namespaces.ts'
import { answers, meshAmong } from './asks.ts'
import type { Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { verdict, type Row } from './table.ts'

/** The goals of bench/README.md. */
const KILLED_MS = 3000
const CUT_MS = 6000
const KILLS = 20
const CUTS = 10
/** Finer than what is asked for by far, coarse enough to leave the processor to those who are measured. */
const LOOK_EVERY_MS = 10

export const KILLED = 'dead peer no longer chosen nor listed as there, after kill -9'
export const CUT = 'the same, after a silent cut'

/** From the death of a peer until a device that stays neither lists it as connected nor would choose it. */
export async function death(effort: Effort): Promise<Row[]> {
  return [await killed(effort), await cut(effort)]
}

async function killed({ times, tell }: Effort): Promise<Row> {
  const devices = await Devices.create()
  const mortal = devices.device({ name: 'mortal' })
  const took: number[] = []
  let mesh: Mesh | undefined
  try {
    mesh = await meshAmong(devices)
    for (let run = 0; run < times(KILLS); run++) {
      const { peerId } = await mortal.start()
      await answers(mesh, mortal.name)
      const killedAt = performance.now()
      process.kill(mortal.pid, 'SIGKILL')
      took.push((await whenGone(mesh, peerId)) - killedAt)
      await mortal.kill()
    }
  } finally {
    await mesh?.stop()
    await devices.remove()
  }
  tell(`kill -9: ${took.map(figure).join(' ')} ms`)
  return row(KILLED, KILLED_MS, took)
}

async function cut({ times, tell }: Effort): Promise<Row> {
  const reason = whyNoNamespaces()
  if (reason !== null) return { what: CUT, goal: goal(CUT_MS), measured: reason, verdict: 'left out' }
  const network = await createNetwork({ hosts: 2 })
  const devices = await Devices.create()
  const took: number[] = []
  try {
    const [here, there] = network.hosts as [Host, Host]
    const stays = await devices.start({ name: 'stays', host: here })
    const lost = devices.device({ name: 'lost', host: there })
    const { peerId } = await lost.start()
    await stays.sees('lost')
    const mesh = await stays.attach()
    for (let run = 0; run < times(CUTS); run++) {
      await answers(mesh, 'lost')
      // So that the cuts do not all fall on the same moment between two heartbeats.
      await delay((run * 619) % 2000)
      const cutAt = performance.now()
      await there.cut('silent')
      took.push((await whenGone(mesh, peerId)) - cutAt)
      await there.heal()
    }
    await mesh.stop()
  } finally {
    await devices.remove()
    await network.remove()
  }
  tell(`silent cut: ${took.map(figure).join(' ')} ms`)
  return row(CUT, CUT_MS, took)
}

/** When the device was first neither listed as there nor able to be chosen. */
async function whenGone(mesh: Mesh, id: string): Promise<number> {
  while (true) {
    const listed = (await mesh.peers()).some((peer) => peer.id === id && peer.state === 'connected')
    const chosen = (await mesh.why()).some(({ peer, eligible }) => peer.id === id && eligible)
    if (!listed && !chosen) return performance.now()
    await delay(LOOK_EVERY_MS)
  }
}

function goal(ms: number): string {
  return `≤ ${ms / 1000} s`
}

function row(what: string, goalMs: number, took: readonly number[]): Row {
  const worst = Math.max(...took)
  return {
    what,
    goal: goal(goalMs),
    measured: `median ${middle(took, ' ms')}, longest ${figure(worst)} ms (${took.length} times)`,
    verdict: verdict(worst <= goalMs)
  }
}
