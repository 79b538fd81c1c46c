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
/** Of each of both; in CI as many as fit into the time, which is bounded so. */
const KILLS = SOAK ? 500 : 30
const ENOUGH_MS = 7_500

describe('kill -9', function () {
  this.timeout(SOAK ? 0 : 120_000)
  let homes: string[]
  const secret = newSeed('x25519')

  beforeEach(() => {
    homes = [newHome(), newHome()]
  })

  afterEach(() => {
    for (const home of homes) removeHome(home)
  })

  /** Runs the process again and again, each killed after some number of lines. @returns how often, and what it has said */
  async function killed(
    what: 'export' | 'import',
    home: string,
    path: string
  ): Promise<{ runs: number; said: string[] }> {
    const random = randomFrom(Number(process.env.MESH_SEED ?? 1))
    const start = performance.now()
    const said: string[] = []
    let runs = 0
    for (; runs < KILLS; runs++) {
      if (!SOAK && runs >= 4 && performance.now() - start > ENOUGH_MS) break
      // Every second one dies where it stands, the others whenever the signal comes.
      let left = Math.floor(random() * 60)
      const lines = runs % 2 === 0 ? [String(Math.floor(random() * 12))] : []
      const args = [CARRIER, what, home, path, Buffer.from(secret).toString('hex'), ...lines]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      for await (const line of createInterface({ input: child.stdout })) {
        said.push(line)
        if (left-- === 0) child.kill('SIGKILL')
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      assert.equal(child.signalCode, 'SIGKILL')
    }
    process.stdout.write(`      ${String(runs)} kills\n`)
    return { runs, said }
  }

  function fill(device: TestDevice, count: number): void {
    device.memories.rememberAll(
      Array.from({ length: count }, (_, index) => ({ text: `Memory ${String(index)} ${'x'.repeat(1000)}` }))
    )
  }

  it('at any moment of exporting leaves no file that looks like a snapshot and is none', async () => {
    const [home = '', stick = ''] = homes
    const device = openDevice({ home, key: MEMBER })
    fill(device, 3000)
    device.close()
    const { said } = await killed('export', home, stick)
    const acknowledged = said.filter((line) => line.startsWith('+ ')).map((line) => line.slice(2))
    const there = readdirSync(stick).filter((name) => name.endsWith('.snapshot') && !name.startsWith('.'))
    for (const file of acknowledged) assert.ok(existsSync(file), file)
    assert.ok(there.length >= acknowledged.length)
    for (const name of there) {
      const read = await readFile(join(stick, name), [{ secret }])
      assert.equal(read?.examined.manifest.entries, 3000, name)
    }
  })

  it('at any moment of importing loses nothing that was acknowledged, and the next import brings the rest', async () => {
    const [home = '', elsewhere = ''] = homes
    const from = openDevice({ home: elsewhere, key: MEMBER })
    fill(from, 2000)
    const file = join(elsewhere, 'a.snapshot')
    const events = exportOf(from, file, secret)
    for await (const event of events) assert.ok(event)
    const { said } = await killed('import', home, file)
    const device = openDevice({ home, key: MEMBER })
    const { integrity_check } = device.database.prepare('PRAGMA integrity_check').get() as { integrity_check: string }
    assert.equal(integrity_check, 'ok')
    for (const line of said) if (line.startsWith('+ ')) assert.ok(device.memories.get(line.slice(2)))
    for (const { id } of device.documents.heads.all()) assert.ok(device.documents.isSound(id))
    const { new: fresh, known } = await importInto(device, file, secret)
    assert.equal(fresh + known, 2000)
    const listed = device.memories.list({ limit: 1_000_000 })
    assert.equal(listed.filter(({ text }) => text.startsWith('Memory ')).length, 2000)
    device.close()
    from.close()
  })
})
