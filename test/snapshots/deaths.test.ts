import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { newSeed } from '../../src/node/membership/keys.ts'
import { newHome, openDevice, removeHome, type TestDevice } from '../crdt/device.ts'
import { randomFrom } from '../crdt/random.ts'
import { exportOf, importInto, MEMBER } from './carried.ts'
import { readFile } from './sample.ts'

const SOAK = process.env.MESH_SOAK !== undefined
const CARRIER = fileURLToPath(new URL('./carrier-process.js', import.meta.url))
/** Of each of both, whatever the machine is busy with. */
const KILLS = SOAK ? 500 : 24
/** Side by side: one waits for its disk while the process of another starts. */
const LANES = 4
/** Enough that a process is killed in the middle of them. */
const ENTRIES = 1500

describe('kill -9', function () {
  this.timeout(SOAK ? 0 : 300_000)
  let homes: string[]
  const secret = newSeed('x25519')

  beforeEach(() => {
    homes = []
  })

  afterEach(() => {
    for (const home of homes) removeHome(home)
  })

  function home(): string {
    const made = newHome()
    homes.push(made)
    return made
  }

  /**
   * Runs processes one after the other, each killed after some number of lines, in several lanes side by side.
   *
   * @returns what those of each lane have said
   */
  async function killed(
    what: 'export' | 'import',
    lanes: readonly (readonly [home: string, path: string])[]
  ): Promise<string[][]> {
    const random = randomFrom(Number(process.env.MESH_SEED ?? 1))
    const moments = Array.from({ length: KILLS }, (_, run) => {
      // Every second one dies where it stands, the others whenever the signal comes.
      return { left: Math.floor(random() * 60), own: run % 2 === 0 ? [String(Math.floor(random() * 12))] : [] }
    })
    const lane = async ([home, path]: readonly [string, string]): Promise<string[]> => {
      const said: string[] = []
      for (let moment = moments.pop(); moment !== undefined; moment = moments.pop()) {
        let { left } = moment
        const args = [CARRIER, what, home, path, Buffer.from(secret).toString('hex'), ...moment.own]
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
        for await (const line of createInterface({ input: child.stdout })) {
          said.push(line)
          if (left-- === 0) child.kill('SIGKILL')
        }
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
        assert.equal(child.signalCode, 'SIGKILL')
      }
      return said
    }
    return Promise.all(lanes.map(lane))
  }

  function fill(device: TestDevice, count: number): void {
    device.memories.rememberAll(
      Array.from({ length: count }, (_, index) => ({ text: `Memory ${String(index)} ${'x'.repeat(1000)}` }))
    )
  }

  it('at any moment of exporting leaves no file that looks like a snapshot and is none', async () => {
    const lanes = Array.from({ length: LANES }, () => [home(), home()] as const)
    for (const [from] of lanes) {
      const device = openDevice({ home: from, key: MEMBER })
      fill(device, ENTRIES)
      device.close()
    }
    const said = await killed('export', lanes)
    for (const [index, [, stick]] of lanes.entries()) {
      const acknowledged = said[index]?.flatMap((line) => (line.startsWith('+ ') ? [line.slice(2)] : [])) ?? []
      const there = readdirSync(stick).filter((name) => name.endsWith('.snapshot') && !name.startsWith('.'))
      for (const file of acknowledged) assert.ok(existsSync(file), file)
      assert.ok(there.length >= acknowledged.length)
      for (const name of there) {
        const read = await readFile(join(stick, name), [{ secret }])
        assert.equal(read?.examined.manifest.entries, ENTRIES, name)
      }
    }
  })

  it('at any moment of importing loses nothing that was acknowledged, and the next import brings the rest', async () => {
    const elsewhere = home()
    const from = openDevice({ home: elsewhere, key: MEMBER })
    fill(from, ENTRIES)
    const file = join(elsewhere, 'a.snapshot')
    for await (const event of exportOf(from, file, secret)) assert.ok(event)
    from.close()
    const lanes = Array.from({ length: LANES }, () => [home(), file] as const)
    const said = await killed('import', lanes)
    for (const [index, [to]] of lanes.entries()) {
      const device = openDevice({ home: to, key: MEMBER })
      const { integrity_check } = device.database.prepare('PRAGMA integrity_check').get() as { integrity_check: string }
      assert.equal(integrity_check, 'ok')
      for (const line of said[index] ?? []) if (line.startsWith('+ ')) assert.ok(device.memories.get(line.slice(2)))
      for (const { id } of device.documents.heads.all()) assert.ok(device.documents.isSound(id))
      const { new: fresh, known } = await importInto(device, file, secret)
      assert.equal(fresh + known, ENTRIES)
      const listed = device.memories.list({ limit: 1_000_000 })
      assert.equal(listed.filter(({ text }) => text.startsWith('Memory ')).length, ENTRIES)
      device.close()
    }
  })
})
