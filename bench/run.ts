/**
 * Measures what the design promises, and says what was reached.
 *
 *   npm run bench                      everything, into the table of bench/README.md
 *   npm run bench -- starting death    some groups of rows, which take the place of the old ones
 *   npm run bench -- --quick           a few times each, to see that it works; only printed
 */
import '../src/polyfill.ts'
import { fileURLToPath } from 'node:url'
import { batching, BATCHED, FOLLOWED_UP } from './batching.ts'
import { checks, CHECKS } from './checks.ts'
import { AUTOMERGE, automerge } from './automerge.ts'
import { comparison, COMPARED_ALONE, COMPARED_AT_ONCE } from './comparison.ts'
import { CONTEXTS, contexts } from './contexts.ts'
import { COPIED, COPIED_BY_TLS, copying } from './copying.ts'
import { CUT, death, KILLED } from './death.ts'
import { effort, type Effort } from './effort.ts'
import { failover, FAILOVER } from './failover.ts'
import { finding, FINDING } from './finding.ts'
import { FIRST_TOKEN, firstToken, SOCKET } from './first-token.ts'
import { joining, JOINED_BY_CODE, JOINED_BY_INVITE } from './joining.ts'
import { loadNow, machineInWords } from './machine.ts'
import { SERVED_HERE, SERVED_THERE, servedEngine } from './served.ts'
import { CHECKED, FRESH, HELD, HELD_BACKGROUND, KEPT, MERGED, sharing, VISIBLE } from './sharing.ts'
import { FIRST_READY, IDLE, READY, starting } from './starting.ts'
import { COLD, DISK, DISK_EDITED, IDLE_MANY, memories, SEARCH, WORST, WRITE } from './memories.ts'
import { EXPORTED, IMPORTED, snapshots } from './snapshots.ts'
import { putInto, table, type Entry, type Row } from './table.ts'
import { thousand, THOUSAND_NAMES } from './thousand.ts'
import { PROCESSOR, throughput, THROUGHPUT } from './throughput.ts'

/** In the order of the table. */
const GROUPS: Readonly<Record<string, (effort: Effort) => Promise<Row[]>>> = {
  'first-token': firstToken,
  served: servedEngine,
  throughput,
  comparison,
  batching,
  contexts,
  checks,
  joining,
  finding,
  death,
  failover,
  copy: copying,
  starting,
  memories,
  sharing,
  snapshots,
  thousand,
  automerge
}
const NAMES = [
  FIRST_TOKEN,
  SOCKET,
  SERVED_HERE,
  SERVED_THERE,
  THROUGHPUT,
  PROCESSOR,
  COMPARED_ALONE,
  COMPARED_AT_ONCE,
  ...BATCHED,
  ...FOLLOWED_UP,
  ...CONTEXTS,
  CHECKS,
  JOINED_BY_CODE,
  JOINED_BY_INVITE,
  ...FINDING,
  KILLED,
  CUT,
  FAILOVER,
  COPIED,
  COPIED_BY_TLS,
  READY,
  FIRST_READY,
  IDLE,
  SEARCH,
  WORST,
  WRITE,
  COLD,
  IDLE_MANY,
  DISK,
  DISK_EDITED,
  VISIBLE,
  CHECKED,
  FRESH,
  MERGED,
  EXPORTED,
  IMPORTED,
  ...THOUSAND_NAMES,
  HELD,
  KEPT,
  HELD_BACKGROUND,
  ...Object.values(AUTOMERGE)
]
/** Beside the sources; this file runs compiled. */
const README = fileURLToPath(new URL('../../bench/README.md', import.meta.url))

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const wanted = words.filter((word) => word !== '--quick')
const unknown = wanted.find((word) => GROUPS[word] === undefined)
if (unknown !== undefined) {
  console.error(`There is no group ${unknown}; there are ${Object.keys(GROUPS).join(', ')}.`)
  process.exit(2)
}

const entries: Entry[] = []
for (const [name, measure] of Object.entries(GROUPS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const when = { date: new Date().toISOString().slice(0, 10), load: loadNow() }
  console.error(`${name} (load ${when.load})`)
  const rows = await measure(effort({ quick }))
  entries.push(...rows.map((row) => ({ ...row, ...when, command: `\`npm run bench -- ${name}\`` })))
}
const machine = machineInWords()
console.log(`${machine}\n\n${table(entries)}`)
if (!quick) putInto(README, machine, entries, NAMES)
