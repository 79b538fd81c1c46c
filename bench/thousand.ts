import { setFlagsFromString } from 'node:v8'
import { LINK_ALL_UP_TO } from '../src/node/mesh-size.ts'
import { RINGS } from '../src/node/rings.ts'
import { repeatMs } from '../src/protocols/notices/index.ts'
import { costs, isKnown, isNobodysCandidate, timeUntil, type Costs } from '../test/simulation/figures.ts'
import { SimulatedMesh, type SimulatedDevice } from '../test/simulation/mesh.ts'
import type { Effort } from './effort.ts'
import { figure } from './figures.ts'
import { verdict, type Row } from './table.ts'

const SIZES = [10, 100, 1000]
/** A quick run shows that it works; a thousand devices take minutes. */
const QUICK_MOST = 100
/** Before the neighbours were bounded; a thousand times a thousand connections do not fit into one process. */
const ALL_LINKED = [10, 100]
const SEED = 20261121
const SETTLE_MS = 60_000
const MEASURE_MS = 30_000
const MOST_MEASURED_MS = 100_000
const LONGEST_MS = 60_000
/** A million notices are two gigabytes. */
const HEAP_MB = 8192
/** A neighbour notices as in a home; its word takes up to a second to begin, and a few steps. */
const KILLED_MS = 4000
const CUT_MS = 8000
/** What each has to hold connections to, of `docs/decisions/0009-neighbours.md`: all others, or two in each of six rings. */
const mostConnections = (devices: number) => (devices > LINK_ALL_UP_TO ? 2 * RINGS : devices - 1)
const goal = (devices: number) =>
  `≤ ${mostConnections(devices)} connections; out of placement ≤ ${KILLED_MS / 1000} s after kill -9, ≤ ${CUT_MS / 1000} s after a cut`

const THOUSAND = SIZES.map((size) => `a mesh of ${size} devices, simulated`)
const ALL = ALL_LINKED.map((size) => `the same, ${size} devices, everybody connected with everybody`)
export const THOUSAND_NAMES = [...THOUSAND, ...ALL]

interface Figures extends Costs {
  knownMs: number
  killedMs: number
  cutMs: number
}

/** See `test/simulation/mesh.ts` for what is real in it, and bench/README.md for what is counted. */
export async function thousand({ times, tell }: Effort): Promise<Row[]> {
  setFlagsFromString(`--max-old-space-size=${HEAP_MB}`)
  const isQuick = times(SIZES.length * QUICK_MOST) < SIZES.length * QUICK_MOST
  const rows: Row[] = []
  const sizes = SIZES.filter((size) => !isQuick || size <= QUICK_MOST)
  // The largest last: it takes longest.
  for (const [index, size] of ALL_LINKED.entries()) {
    const measured = inWords(await simulate(size, Infinity, tell))
    tell(measured)
    rows.push({ what: ALL[index] ?? '', goal: '–', measured, verdict: 'no goal' })
  }
  for (const [index, size] of sizes.entries()) {
    const figures = await simulate(size, undefined, tell)
    const { connections, killedMs, cutMs } = figures
    const isMet = connections.max <= mostConnections(size) && killedMs <= KILLED_MS && cutMs <= CUT_MS
    const measured = inWords(figures)
    tell(measured)
    rows.push({ what: THOUSAND[index] ?? '', goal: goal(size), measured, verdict: verdict(isMet) })
  }
  return rows
}

async function simulate(devices: number, linkAllUpTo: number | undefined, tell: Effort['tell']): Promise<Figures> {
  const mesh = new SimulatedMesh({ devices, seed: SEED, ...(linkAllUpTo !== undefined && { linkAllUpTo }) })
  await mesh.start()
  tell(`${devices} devices have started`)
  await mesh.world.pass(SETTLE_MS)
  tell(`they have settled`)
  // As long as it takes until each has said once more what it runs, or a part of that.
  const whole = repeatMs(devices)
  if (whole > MOST_MEASURED_MS) mesh.spreadRepetitions(MEASURE_MS)
  const steady = await costs(mesh, whole > MOST_MEASURED_MS ? MEASURE_MS : whole)
  const newcomer = await mesh.newcomer()
  const knownMs = await timeUntil(mesh, LONGEST_MS, () => isKnown(mesh, newcomer))
  const [, first, second] = mesh.devices as [SimulatedDevice, SimulatedDevice, SimulatedDevice]
  mesh.end(first, 'killed')
  const killedMs = await timeUntil(mesh, LONGEST_MS, () => isNobodysCandidate(mesh, first))
  mesh.end(second, 'cut')
  const cutMs = await timeUntil(mesh, LONGEST_MS, () => isNobodysCandidate(mesh, second))
  return { ...steady, knownMs, killedMs, cutMs }
}

function inWords({ connections, bytes, cpuMs, verified, knownMs, killedMs, cutMs }: Figures): string {
  const seconds = (ms: number) => (ms < Infinity ? `${figure(ms / 1000)} s` : `not within ${LONGEST_MS / 1000} s`)
  return (
    `connections mean ${figure(connections.mean)}, most ${connections.max}; per device and minute ` +
    `${figure(bytes.mean / 1000)} kB (most ${figure(bytes.max / 1000)}), ${figure(cpuMs)} ms of processor time and ` +
    `${figure(verified)} signatures to check; a newcomer known to all, and all to it, after ${seconds(knownMs)}; ` +
    `nobody’s candidate any more ${seconds(killedMs)} after kill -9, ${seconds(cutMs)} after a silent cut`
  )
}
