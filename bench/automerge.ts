import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Documents, Memories } from '../src/crdt/index.ts'
import { keyOf } from '../test/crdt/device.ts'
import { link } from '../test/crdt/link.ts'
import { mapStore, newDisk } from '../test/crdt/memory-map-store.ts'
import type { Effort } from './effort.ts'
import { figure } from './figures.ts'
import type { Row } from './table.ts'
import { texts } from './texts.ts'

/** Beside the sources, for it has packages of its own; this file runs compiled. */
const FOLDER = fileURLToPath(new URL('../../bench/comparisons', import.meta.url))
const SIZES = [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]
/** What a size may take to be managed. */
const ENOUGH_MS = 300_000

export const AUTOMERGE = {
  write: 'memories written one by one, in memory: against Automerge',
  merge: 'the same, to a device that has nothing: against Automerge',
  size: 'their bytes: against Automerge'
}

interface Measured {
  writeMs: number
  mergeMs: number
  mergeBytes: number
  bytes: number
}

/** The same entries, one write each, then all of them to an empty device; neither has a disk. */
export async function automerge({ times, tell }: Effort): Promise<Row[]> {
  if (!existsSync(`${FOLDER}/node_modules/@automerge/automerge`)) {
    const measured = 'Automerge is not installed: npm ci --prefix bench/comparisons'
    return Object.values(AUTOMERGE).map((what) => ({ what, goal: '–', measured, verdict: 'left out' }))
  }
  const enoughMs = times(ENOUGH_MS)
  let largest: { size: number; theirs: Measured } | null = null
  for (const size of SIZES) {
    const theirs = await withAutomerge(entriesOf(size), enoughMs)
    if (theirs === null) break
    largest = { size, theirs }
    tell(`Automerge with ${size}: written in ${figure(theirs.writeMs)} ms, merged in ${figure(theirs.mergeMs)} ms`)
  }
  if (largest === null) throw new Error(`Automerge did not manage ${SIZES[0]} entries`)
  const { size, theirs } = largest
  const own = await ours(entriesOf(size))
  const among = `${size} entries, the most that Automerge managed of ${SIZES.join(', ')} in ${enoughMs / 60_000} minutes`
  const each = (ms: number): string => `${figure((1000 * ms) / size)} µs`
  return [
    {
      what: AUTOMERGE.write,
      goal: '–',
      measured: `${each(own.writeMs)} against ${each(theirs.writeMs)} each (${among})`,
      verdict: 'no goal'
    },
    {
      what: AUTOMERGE.merge,
      goal: '–',
      measured: `${figure(own.mergeMs)} ms and ${own.mergeBytes} bytes against ${figure(theirs.mergeMs)} ms and ${theirs.mergeBytes} bytes`,
      verdict: 'no goal'
    },
    {
      what: AUTOMERGE.size,
      goal: '–',
      measured: `${figure(own.bytes / size)} against ${figure(theirs.bytes / size)} bytes each, of texts of ${figure(textBytes(size))}`,
      verdict: 'no goal'
    }
  ]
}

/** Texts and what is kept beside them, as one value each. */
function entriesOf(size: number): string[] {
  const { text } = texts(3)
  return Array.from({ length: size }, text)
}

function textBytes(size: number): number {
  return entriesOf(size).reduce((sum, { length }) => sum + length, 0) / size
}

async function withAutomerge(entries: readonly string[], enoughMs: number): Promise<Measured | null> {
  const child = spawn(process.execPath, [`${FOLDER}/automerge.mjs`], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: enoughMs
  })
  const values = entries.map((text, at) => [
    at.toString(36).padStart(16, '0'),
    JSON.stringify({ text, time: 1_700_000_000_000 + at, device: keyOf('a') })
  ])
  child.stdin.end(`${JSON.stringify({ entries: values })}\n`)
  const answer = await text(child.stdout)
  return answer === '' ? null : (JSON.parse(answer) as Measured)
}

async function ours(entries: readonly string[]): Promise<Measured> {
  const [here, there] = [inMemory('a'), inMemory('b')]
  let startedAt = performance.now()
  for (const text of entries) here.memories.remember({ text })
  const writeMs = performance.now() - startedAt
  startedAt = performance.now()
  const joined = link(here, there)
  await joined.quiet()
  const mergeMs = performance.now() - startedAt
  if (there.memories.count() !== entries.length) throw new Error('not all were merged')
  let bytes = 0
  for (const { id } of there.documents.heads.all()) {
    for (const piece of there.documents.pieces(id)) bytes += piece.length
  }
  return { writeMs, mergeMs, mergeBytes: joined.bytes, bytes }
}

function inMemory(letter: string) {
  const store = mapStore(newDisk())
  const warnings: string[] = []
  const key = keyOf(letter)
  const documents = new Documents({
    store,
    now: Date.now,
    isMember: () => true,
    warn: (message) => warnings.push(message)
  })
  return { key, warnings, documents, memories: new Memories({ documents, store, now: Date.now, device: () => key }) }
}
