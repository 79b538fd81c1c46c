import { Devices } from '../test/integration/devices.ts'
import { createNetwork, whyNoNamespaces, type Host } from '../test/integration/namespaces.ts'
import type { Effort } from './effort.ts'
import { middleAndTail } from './figures.ts'
import { percentile } from './statistics.ts'
import { verdict, type Row } from './table.ts'

/** The goal of bench/README.md, at the 95th percentile. */
const FOUND_MS = 3000
const RUNS = 20

interface Place {
  what: string
  /** Null on this machine. */
  hosts: { defaultRoute: boolean } | null
  env: Record<string, string>
}

const PLACES: Place[] = [
  { what: 'found and authenticated after start, one machine', hosts: null, env: {} },
  { what: 'the same, two hosts', hosts: { defaultRoute: true }, env: {} },
  {
    what: 'the same, two hosts, beacon alone, no default route',
    hosts: { defaultRoute: false },
    env: { MESH_DISCOVERY: 'beacon' }
  },
  { what: 'the same, two hosts, mDNS alone', hosts: { defaultRoute: true }, env: { MESH_DISCOVERY: 'mdns' } }
]

export const FINDING = PLACES.map(({ what }) => what)

interface Found {
  /** From the ready line of the later device until both have said that the other is connected. */
  afterReadyMs: number
  /** The same from the start of its process. */
  afterSpawnMs: number
}

/** A device that runs, and a second one that is started. */
export async function finding({ times, tell }: Effort): Promise<Row[]> {
  const rows: Row[] = []
  const reason = whyNoNamespaces()
  for (const place of PLACES) {
    const goal = `p95 ≤ ${FOUND_MS / 1000} s`
    if (place.hosts !== null && reason !== null) {
      rows.push({ what: place.what, goal, measured: reason, verdict: 'left out' })
      continue
    }
    const found: Found[] = []
    for (let run = 0; run < times(RUNS); run++) found.push(await findOnce(place))
    const took = found.map(({ afterReadyMs }) => afterReadyMs)
    const afterSpawn = found.map(({ afterSpawnMs }) => afterSpawnMs)
    tell(`${place.what}: ${took.map(Math.round).join(' ')} ms`)
    rows.push({
      what: place.what,
      goal,
      measured: `${middleAndTail(took, ' ms', 95)} after the ready line, ${middleAndTail(afterSpawn, ' ms', 95)} after the start of the process (${took.length} runs)`,
      verdict: verdict(percentile(took, 95) <= FOUND_MS)
    })
  }
  return rows
}

async function findOnce({ hosts, env }: Place): Promise<Found> {
  if (hosts === null) return findEachOther({ env }, { env })
  const network = await createNetwork({ hosts: 2, ...hosts })
  try {
    const [one, other] = network.hosts as [Host, Host]
    return await findEachOther({ host: one, env }, { host: other, env })
  } finally {
    await network.remove()
  }
}

type On = { host?: Host; env: Record<string, string> }

async function findEachOther(one: On, other: On): Promise<Found> {
  const devices = await Devices.create()
  try {
    const earlier = await devices.start({ name: 'earlier', ...one })
    const later = devices.device({ name: 'later', ...other })
    const spawnedAt = performance.now()
    const ready = await later.start()
    const seen = await Promise.all([later.sees('earlier', { model: false }), earlier.sees('later', { model: false })])
    const foundAt = Math.max(...seen.map(({ at }) => at))
    return { afterReadyMs: foundAt - ready.at, afterSpawnMs: foundAt - spawnedAt }
  } finally {
    await devices.remove()
  }
}
