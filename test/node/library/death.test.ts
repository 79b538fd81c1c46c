import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openPackage } from '../../../src/packages/index.ts'
import { PIECE_BYTES } from '../../../src/protocols/model/index.ts'
import { makePaddedModel } from '../../fixtures/padded-model.ts'
import { filesIn } from '../../packages/files.ts'
import { Shelf, done } from './shelf.ts'

const PROCESS = fileURLToPath(new URL('dying-process.js', import.meta.url))
const RUNS = process.env.MESH_SOAK === undefined ? 10 : Infinity
/** A signal takes nothing out of the kernel's hands, so what fsync waits for matters nothing here: memory is quicker. */
const MEMORY = '/dev/shm'
const SEED = Date.now() % 1000

/** Ends as it ended; only a death by SIGKILL is one that was wanted. */
function run(...args: string[]): Promise<{ killed: boolean; stdout: string }> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [PROCESS, ...args], (error, stdout, stderr) => {
      const killed = error?.signal === 'SIGKILL'
      if (error === null || killed) resolve({ killed, stdout })
      else reject(new Error(stderr))
    })
  })
}

/** Some of the numbers from 1, spread over all of them. */
function someOf(count: number): number[] {
  const step = Math.max(1, count / RUNS)
  const chosen = Array.from(
    { length: Math.min(count, RUNS) },
    (_, index) => 1 + Math.floor(index * step + ((SEED * 7 + index * 13) % Math.ceil(step)))
  )
  return [...new Set(chosen)].filter((number) => number <= count)
}

describe(`a process that is killed at any operation on the disk (seed ${String(SEED)})`, function () {
  this.timeout(120_000)
  let shelf: Shelf
  let path: string
  let hash: string

  beforeEach(async () => {
    shelf = new Shelf(mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'ownmesh-death-')))
    path = await shelf.package('qwen')
    hash = (await openPackage(path)).manifest.hash
  })
  afterEach(() => {
    shelf.close()
  })

  it('while it imports leaves nothing that is listed, or all of it; and the next import completes', async function () {
    const count = Number((await run(shelf.root, 'import', path)).stdout)
    let deaths = 0
    for (const number of someOf(count)) {
      rmSync(shelf.models, { recursive: true, force: true })
      deaths += Number((await run(shelf.root, 'import', path, String(number))).killed)
      const listed = await shelf.list()
      assert.ok(listed.length === 0 || (listed.length === 1 && listed[0]?.hash === hash), `operation ${String(number)}`)
      const { outcome } = await done(shelf.open().import({ path }))
      assert.equal(outcome, listed.length === 0 ? 'imported' : 'known')
      assert.deepEqual(shelf.entries(), ['qwen'], `operation ${String(number)}`)
      assert.deepEqual(withoutManifest(path), filesIn(join(shelf.models, 'qwen')))
    }
    assert.ok(deaths >= 8, String(deaths))
    this.test!.title += ` (${String(deaths)} deaths at ${String(count)} operations)`
  })

  it('while it pulls leaves nothing that is listed, or all of it; and the next pull fetches what is missing', async function () {
    const desktop = new Shelf(join(shelf.root, 'desktop'))
    makePaddedModel({ path: join(desktop.models, 'qwen'), bytes: 2.5 * PIECE_BYTES })
    const [there] = await desktop.list()
    const count = Number((await run(shelf.root, 'pull', desktop.root)).stdout)
    let deaths = 0
    for (const number of someOf(count)) {
      rmSync(shelf.models, { recursive: true, force: true })
      deaths += Number((await run(shelf.root, 'pull', desktop.root, String(number))).killed)
      const listed = await shelf.list()
      assert.ok(
        listed.length === 0 || (listed.length === 1 && listed[0]?.hash === there?.hash),
        `operation ${String(number)}`
      )
      const next = new Shelf(shelf.root)
      next.devices.add('desktop', desktop.share())
      const { outcome } = await done(next.library.pull({ name: 'qwen' }))
      assert.equal(outcome, listed.length === 0 ? 'pulled' : 'known')
      assert.deepEqual(shelf.entries(), ['qwen'], `operation ${String(number)}`)
      assert.deepEqual(filesIn(join(desktop.models, 'qwen')), filesIn(join(shelf.models, 'qwen')))
    }
    assert.ok(deaths >= 8, String(deaths))
    this.test!.title += ` (${String(deaths)} deaths at ${String(count)} operations)`
  })

  it('while it replaces a model leaves the old one or the new one to the next process', async function () {
    const old = await shelf.package('other', { fixture: 'half' })
    const oldHash = (await openPackage(old)).manifest.hash
    await done(shelf.library.import({ path: old, name: 'qwen' }))
    const before = join(shelf.root, 'before')
    cpSync(shelf.models, before, { recursive: true })
    const count = Number((await run(shelf.root, 'replace', path)).stdout)
    // The last ones are those in which something is at stake.
    const numbers = new Set([...someOf(count), ...Array.from({ length: 4 }, (_, index) => count - index)])
    for (const number of numbers) {
      rmSync(shelf.models, { recursive: true, force: true })
      cpSync(before, shelf.models, { recursive: true })
      assert.ok((await run(shelf.root, 'replace', path, String(number))).killed)
      shelf.open()
      const listed = await shelf.list()
      assert.deepEqual([listed.length, listed[0]?.broken], [1, null], `operation ${String(number)}`)
      assert.ok([hash, oldHash].includes(listed[0]!.hash))
      await done(shelf.library.import({ path, name: 'qwen', replace: true }))
      assert.deepEqual(shelf.entries(), ['qwen'])
      assert.equal((await shelf.list())[0]?.hash, hash)
    }
    this.test!.title += ` (${String(numbers.size)} deaths at ${String(count)} operations)`
  })

  it('while it exports leaves no package that could be imported, or all of it; and the next export completes', async function () {
    await shelf.library.add({ path: shelf.modelFolder('qwen') })
    const target = join(shelf.root, 'qwen.tar')
    for (const to of [shelf.stick, target]) {
      const count = Number((await run(shelf.root, 'export', to)).stdout)
      const wanted = await contents(to)
      const numbers = someOf(count).filter((_, index) => RUNS === Infinity || index % 2 === 0)
      for (const number of numbers) {
        rmSync(path, { recursive: true, force: true })
        rmSync(target, { force: true })
        await run(shelf.root, 'export', to, String(number))
        const imported = await done(shelf.library.import({ path: to, name: 'copy' })).catch((err: unknown) => err)
        if (imported instanceof Error) assert.match(imported.name, /^(InvalidPackageError|InvalidRequestError)$/)
        else await shelf.library.remove({ name: 'copy' })
        await done(shelf.library.export({ name: 'qwen', path: to }))
        assert.deepEqual(await contents(to), wanted, `operation ${String(number)}`)
      }
      this.test!.title += ` (${String(numbers.length)} deaths at ${String(count)} operations)`
    }
  })

  async function contents(to: string): Promise<unknown> {
    const { path: found } = await openPackage(to)
    return found.endsWith('.tar') ? readFileSync(found) : filesIn(found)
  }
})

function withoutManifest(path: string): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(filesIn(path)).filter(([name]) => name !== 'manifest.json'))
}
