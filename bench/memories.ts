import '../src/polyfill.ts'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { keyOf, openDevice, removeHome, type TestDevice } from '../test/crdt/device.ts'
import { Devices } from '../test/integration/devices.ts'
import type { Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { residentMb } from './machine.ts'
import { median, percentile } from './statistics.ts'
import { verdict, type Row } from './table.ts'
import { texts } from './texts.ts'

const MANY = 1_000_000
const TOGETHER = 1000
const SEARCHES = 500
const WORST_SEARCHES = 40
const WRITES = 1000
const STARTS = 7
/** Behind the first audit, which is a minute after the start. */
const IDLE_AFTER_MS = 90_000
const EDITED = 10_000
const EDITS = 100_000
const DAYS_31_MS = 31 * 24 * 60 * 60 * 1000
/** The goals of bench/README.md. */
const SEARCH_MS = 50
const WRITE_MS = 10
const COLD_MS = 2000
const IDLE_MB = 200

export const SEARCH = 'a search among a million memories'
export const WORST = 'the same, the 32 most frequent words of all'
export const WRITE = 'a memory written, among a million'
export const COLD = 'start to ready with a million memories'
export const IDLE_MANY = 'idle memory of the node with a million memories'
export const DISK = 'disk bytes for each of a million memories'
export const DISK_EDITED = 'disk bytes for each of 10,000 memories after 100,000 edits'

/** One device that remembers much: two sentences each, in words as frequent as words are. */
export async function memories(effort: Effort): Promise<Row[]> {
  return [...(await million(effort)), edited(effort)]
}

async function million({ times, tell }: Effort): Promise<Row[]> {
  const devices = await Devices.create()
  try {
    const flags = ['--answer', 'no']
    const home = devices.home('many')
    // What membership needs is there first, as in life.
    await devices.start({ name: 'many', home, flags }).then((device) => device.kill())
    const count = times(MANY)
    const built = openDevice({ home, key: keyOf('a') })
    const startedAt = performance.now()
    fill(built, count)
    tell(`${count} memories written in ${figure((performance.now() - startedAt) / 1000)} s`)
    const rows = asked(built, times)
    built.store.scrub({ index: false })
    const bytes = statSync(join(home, 'mesh.db')).size / built.memories.count()
    built.close()

    const took: number[] = []
    for (let start = 0; start < times(STARTS); start++) {
      const device = devices.device({ name: `again${start}`, home, flags, mesh: null })
      const begun = performance.now()
      const { at } = await device.start()
      took.push(at - begun)
      await device.kill()
    }
    const device = await devices.start({ name: 'idle', home, flags, mesh: null })
    const waitMs = times(IDLE_AFTER_MS)
    await delay(waitMs)
    const resident = residentMb(device.pid)
    const among = count === MANY ? '' : `, of ${count} here`
    return [
      ...rows.map((row) => ({ ...row, measured: row.measured + among })),
      {
        what: COLD,
        goal: `< ${COLD_MS / 1000} s`,
        measured: `median ${middle(took, ' ms')} (${took.length} starts)${among}`,
        verdict: verdict(median(took) < COLD_MS)
      },
      {
        what: IDLE_MANY,
        goal: `< ${IDLE_MB} MB`,
        measured:
          resident === null ? 'needs /proc' : `${figure(resident)} MB resident after ${waitMs / 1000} s${among}`,
        verdict: resident === null ? 'left out' : verdict(resident < IDLE_MB)
      },
      { what: DISK, goal: '–', measured: `${bytes.toFixed(0)}, the index within${among}`, verdict: 'no goal' }
    ]
  } finally {
    await devices.remove()
  }
}

/** What is looked for are words as they are written, so that mostly some of them are frequent. */
function asked({ memories }: TestDevice, times: Effort['times']): Row[] {
  const { words, word, text } = texts(2)
  const search = (query: string): void => void memories.search(query, 10)
  const query = (): string => Array.from({ length: 4 }, word).join(' ')
  timed(20, () => {
    search(query())
  })
  const searches = timed(times(SEARCHES), () => {
    search(query())
  })
  const worst = timed(times(WORST_SEARCHES), () => {
    search(words.slice(0, 32).join(' '))
  })
  const writes = timed(times(WRITES), () => {
    memories.remember({ text: text() })
  })
  const [s95, w99] = [percentile(searches, 95), percentile(writes, 99)]
  return [
    {
      what: SEARCH,
      goal: `p95 ≤ ${SEARCH_MS} ms`,
      measured: `p50 ${middle(searches, ' ms')}, p95 ${figure(s95)} ms (${searches.length} of four words)`,
      verdict: verdict(s95 <= SEARCH_MS)
    },
    { what: WORST, goal: '–', measured: `p50 ${middle(worst, ' ms')} (${worst.length} times)`, verdict: 'no goal' },
    {
      what: WRITE,
      goal: `p99 ≤ ${WRITE_MS} ms`,
      measured: `p50 ${middle(writes, ' ms')}, p99 ${figure(w99)} ms, each synced to the disk (${writes.length} times)`,
      verdict: verdict(w99 <= WRITE_MS)
    }
  ]
}

/** Ten edits of each, a tenth of them of the tags; then as it is once they are compacted. */
function edited({ times }: Effort): Row {
  const device = openDevice({ key: keyOf('a') })
  try {
    const [memories, edits] = [times(EDITED), times(EDITS)]
    const ids = fill(device, memories)
    const { word, text } = texts(4)
    for (let edit = 0; edit < edits; edit++) {
      const id = ids[(edit * 7919) % ids.length] ?? ''
      device.memories.edit(id, edit % 10 === 0 ? { tags: [word()] } : { text: text() })
    }
    const bytes = (): string => {
      device.store.scrub({ index: false })
      return (statSync(join(device.home, 'mesh.db')).size / memories).toFixed(0)
    }
    const before = bytes()
    for (const { id } of device.documents.heads.all()) device.maintenance.compact(id, Date.now() + DAYS_31_MS)
    device.database.exec('VACUUM')
    const among = memories === EDITED ? '' : ` (${edits} edits of ${memories} here)`
    return {
      what: DISK_EDITED,
      goal: '–',
      measured: `${before} while they can be undone, ${bytes()} compacted after 30 days${among}`,
      verdict: 'no goal'
    }
  } finally {
    device.close()
    removeHome(device.home)
  }
}

/** Nothing is measured meanwhile, so that the disk need not keep up. */
function fill({ memories, database }: TestDevice, count: number): string[] {
  database.exec('PRAGMA synchronous = OFF')
  const { text } = texts(1)
  const ids: string[] = []
  for (let start = 0; start < count; start += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, count - start) }, () => ({ text: text() }))
    for (const { id } of memories.rememberAll(some)) ids.push(id)
  }
  database.exec('PRAGMA synchronous = FULL')
  return ids
}

function timed(count: number, deed: () => void): number[] {
  return Array.from({ length: count }, () => {
    const startedAt = performance.now()
    deed()
    return performance.now() - startedAt
  })
}
