import '../src/polyfill.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { visitMesh } from '../src/index.ts'
import type { Mesh, SnapshotExported, SnapshotImported, SnapshotProgress } from '../src/interface.ts'
import { openDevice } from '../test/crdt/device.ts'
import { HomesOfMesh } from '../test/integration/homes.ts'
import type { Effort } from './effort.ts'
import { figure, middle } from './figures.ts'
import { median } from './statistics.ts'
import { verdict, type Row } from './table.ts'
import { texts } from './texts.ts'

export const EXPORTED = '100,000 memories exported to a file, read back'
export const IMPORTED = 'the same imported on a device that has none of them'

const MANY = 100_000
const ROUNDS = 3
const GOAL = 20

interface Round {
  /** MB a second of the file, and seconds of processor time a MB. */
  rate: number
  processor: number
  /** Of this process, in MB. */
  resident: number
}

/** Two members, the second one new each time; both in this process, which speaks to nobody. */
export async function snapshots({ times }: Effort): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-bench-'))
  const homes = new HomesOfMesh()
  const home = join(folder, 'from')
  try {
    homes.admit(home, 'from')
    const many = Math.max(1000, times(MANY))
    fill(home, many)
    const rounds = Math.min(ROUNDS, times(ROUNDS))
    const exports: Round[] = []
    const imports: Round[] = []
    for (let round = 0; round < rounds; round++) {
      const target = join(folder, `to-${round}`)
      homes.admit(target, `to-${round}`)
      homes.bring(home)
      const file = join(folder, `${round}.snapshot`)
      const exported = await measured<SnapshotExported>(home, (mesh) => mesh.snapshots.export({ path: file }))
      const { bytes } = exported.done
      exports.push(roundOf(exported, bytes))
      const imported = await measured<SnapshotImported>(target, (mesh) => mesh.snapshots.import({ path: file }))
      if (imported.done.new !== many) throw new Error(`${imported.done.new} of ${many} were imported`)
      imports.push(roundOf(imported, bytes))
      rmSync(target, { recursive: true })
      rmSync(file)
    }
    return [rowOf(EXPORTED, exports, many), rowOf(IMPORTED, imports, many)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Measured<Done> {
  done: Done
  ms: number
  processorMs: number
  resident: number
}

/** A device that was just opened, so that nothing is in its memory. */
async function measured<Done extends { type: 'done' }>(
  home: string,
  begin: (mesh: Mesh) => AsyncIterable<SnapshotProgress | Done>
): Promise<Measured<Done>> {
  const mesh = await visitMesh({ home })
  try {
    const [start, used] = [performance.now(), process.cpuUsage()]
    let resident = 0
    for await (const event of begin(mesh)) {
      resident = Math.max(resident, process.memoryUsage.rss())
      if (event.type !== 'done') continue
      const { user, system } = process.cpuUsage(used)
      return { done: event, ms: performance.now() - start, processorMs: (user + system) / 1000, resident }
    }
    throw new Error('it ended without an end')
  } finally {
    await mesh.stop()
  }
}

function roundOf({ ms, processorMs, resident }: Measured<unknown>, bytes: number): Round {
  const megabytes = bytes / 1e6
  return { rate: megabytes / (ms / 1000), processor: processorMs / megabytes, resident: resident / 1e6 }
}

function rowOf(what: string, rounds: readonly Round[], many: number): Row {
  const rates = rounds.map(({ rate }) => rate)
  const processor = median(rounds.map((round) => round.processor))
  const resident = Math.max(...rounds.map((round) => round.resident))
  return {
    what,
    goal: `≥ ${GOAL} MB/s`,
    measured:
      `${middle(rates, ' MB/s')} with ${figure(processor)} ms of processor time a MB, at most ${figure(resident)} MB resident ` +
      `(${rounds.length} times ${many} memories of about 250 bytes)`,
    verdict: verdict(median(rates) >= GOAL)
  }
}

function fill(home: string, count: number): void {
  const device = openDevice({ home })
  const { text } = texts(1)
  for (let start = 0; start < count; start += 1000) {
    device.memories.rememberAll(Array.from({ length: 1000 }, () => ({ text: text() })))
  }
  device.close()
}
