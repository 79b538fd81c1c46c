import '../src/polyfill.ts'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDevice, keyOf } from '../test/crdt/device.ts'
import { link } from '../test/crdt/link.ts'
import type { Effort } from './effort.ts'
import { percentile } from './statistics.ts'
import { verdict, type Row } from './table.ts'

export const MERGE = '10,000 memories after an offline spell, merged'
export const WRITE = 'a memory written, with 100,000 there'
export const SEARCH = 'a search in 100,000 memories'
export const DISK = 'disk bytes for each of 100,000 memories'

const MANY = 100_000
const FEW = 10_000
const WRITES = 1000
const SEARCHES = 300
const WORDS = 'anna bob car house garden water router password table lamp winter summer tea coffee train ticket'.split(
  ' '
)

/** One device, and a second one that was away. Texts of 20 words: about 120 bytes. */
export async function memories({ times: full }: Effort): Promise<Row[]> {
  const homes = ['one', 'other'].map(() => mkdtempSync(join(tmpdir(), 'mesh-bench-')))
  const [one, other] = homes.map((home, index) => openDevice({ home, key: keyOf('ab'[index] ?? '') }))
  if (one === undefined || other === undefined) throw new Error('two homes make two devices')
  try {
    const many = Math.max(FEW, full(MANY))
    write(one, FEW, 0)
    const startedAt = performance.now()
    const joined = link(other, one)
    await joined.quiet()
    joined.cut()
    const mergedMs = performance.now() - startedAt
    if (other.memories.count() !== FEW) throw new Error('not all were merged')
    write(one, many - FEW, FEW)
    const writes = times(full(WRITES), (index) => one.memories.remember({ text: textOf(index) }))
    const searches = times(full(SEARCHES), (index) => one.memories.search(textOf(index).slice(0, 30), 10))
    one.store.scrub()
    const bytes = statSync(join(one.home, 'mesh.db')).size / one.memories.count()
    const [w99, s95] = [percentile(writes, 99), percentile(searches, 95)]
    return [
      { what: MERGE, goal: '≤ 2 s', measured: `${(mergedMs / 1000).toFixed(2)} s`, verdict: verdict(mergedMs <= 2000) },
      { what: WRITE, goal: 'p99 ≤ 10 ms', measured: `p99 ${w99.toFixed(1)} ms`, verdict: verdict(w99 <= 10) },
      { what: SEARCH, goal: 'p95 ≤ 50 ms', measured: `p95 ${s95.toFixed(1)} ms`, verdict: verdict(s95 <= 50) },
      { what: DISK, goal: '–', measured: bytes.toFixed(0), verdict: 'no goal' }
    ]
  } finally {
    for (const device of [one, other]) device.close()
    for (const home of homes) rmSync(home, { recursive: true, force: true })
  }
}

function write(device: ReturnType<typeof openDevice>, count: number, from: number): void {
  for (let start = 0; start < count; start += 1000) {
    device.memories.rememberAll(Array.from({ length: 1000 }, (_, index) => ({ text: textOf(from + start + index) })))
  }
}

/** Twenty words. */
export function textOf(seed: number): string {
  return Array.from({ length: 20 }, (_, word) => WORDS[(seed * 7 + word * (seed % 13) + word) % WORDS.length]).join(' ')
}

function times(count: number, deed: (index: number) => unknown): number[] {
  return Array.from({ length: count }, (_, index) => {
    const startedAt = performance.now()
    deed(index)
    return performance.now() - startedAt
  })
}
