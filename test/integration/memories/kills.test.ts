import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { newHome, openDevice, removeHome } from '../../crdt/device.ts'
import { checkAcknowledged } from '../../crdt/kept.ts'
import { randomFrom } from '../../crdt/random.ts'

const WRITER = fileURLToPath(new URL('../../crdt/writer-process.js', import.meta.url))
const SOAK = process.env.MESH_SOAK !== undefined
const KILLS = SOAK ? 1005 : 300
/** Homes side by side: one waits for its disk while the writer of another starts. */
const LANES = 4
/** Kills of one home; a small one opens quickly, and is looked at the sooner. */
const KILLS_OF_HOME = 15
/** A writer is ready after some tenths of a second; it is killed before that too. */
const STARTING_MS = 300

interface Told {
  acknowledged: Map<string, string>
  gone: Set<string>
  doubtful: Set<string>
}

/** When a writer is killed: after so many lines, at its so-manyth compaction, or while it starts. */
type Moment = { lines: number } | { compactions: number } | { ms: number }

function momentOf(random: () => number): Moment {
  const chance = random()
  if (chance < 0.1) return { ms: random() * STARTING_MS }
  if (chance < 0.3) return { compactions: 1 + Math.floor(random() * 3) }
  return { lines: Math.floor(random() * 40) }
}

async function killOnce(home: string, moment: Moment, { acknowledged, gone, doubtful }: Told): Promise<void> {
  const child = spawn(process.execPath, [WRITER, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const ended = new AbortController()
  if ('ms' in moment) {
    delay(moment.ms, null, { signal: ended.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined
    )
  }
  // Counted in what it says, so that a slow machine is killed as often in the middle of things.
  let [lines, compactions] = [0, 0]
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, id = '', ...text] = line.split(' ')
    if (what === '+') acknowledged.set(id, text.join(' '))
    if (what === '?') doubtful.add(id)
    if (what === '-') gone.add(id)
    if (what === 'compacting') compactions++
    if ('lines' in moment && lines++ === moment.lines) child.kill('SIGKILL')
    if ('compactions' in moment && compactions === moment.compactions) child.kill('SIGKILL')
  }
  const [, signal] = (await exit) as [number | null, NodeJS.Signals | null]
  ended.abort()
  assert.equal(signal, 'SIGKILL', 'a writer ended by itself: it could not open its home')
}

describe('memories of a process that is killed', () => {
  it('are all there, at whatever moment of starting, writing, forgetting and compacting it was', async () => {
    const seed = Number(process.env.MESH_SEED ?? 1)
    let total = 0
    const homeOf = async (number: number): Promise<void> => {
      const random = randomFrom(seed * KILLS + number)
      const home = newHome()
      const told: Told = { acknowledged: new Map(), gone: new Set(), doubtful: new Set() }
      for (let kill = 0; kill < KILLS_OF_HOME; kill++) await killOnce(home, momentOf(random), told)
      const device = openDevice({ home })
      const { integrity_check: integrity } = device.database.prepare('PRAGMA integrity_check').get() as {
        integrity_check: string
      }
      assert.equal(integrity, 'ok')
      checkAcknowledged(device, told.acknowledged, told.gone, told.doubtful)
      for (const { id } of device.documents.heads.all()) assert.ok(device.documents.isSound(id))
      device.close()
      removeHome(home)
      total += told.acknowledged.size
    }
    const homes = Array.from({ length: KILLS / KILLS_OF_HOME }, (_, number) => number)
    const lane = async (): Promise<void> => {
      for (let number = homes.pop(); number !== undefined; number = homes.pop()) await homeOf(number)
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    process.stdout.write(`      ${String(KILLS)} kills, ${String(total)} acknowledged\n`)
    assert.ok(total > KILLS)
  }).timeout(SOAK ? 0 : 300_000)
})
