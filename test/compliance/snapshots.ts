import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Mesh, MeshSnapshots, SnapshotExported, SnapshotImported, SnapshotProgress } from '../../src/interface.ts'

const PASSPHRASE = 'four words or more'

/** Of the promises of a `Mesh`, those about snapshots. */
export function snapshotCompliance(of: () => Mesh): void {
  describe('snapshots', () => {
    let mesh: Mesh
    let snapshots: MeshSnapshots
    let folder: string
    let path: string

    beforeEach(async () => {
      mesh = of()
      snapshots = mesh.snapshots
      folder = mkdtempSync(join(tmpdir(), 'mesh-stick-'))
      path = join(folder, 'a.snapshot')
      const { membership } = await mesh.status()
      if (membership.state === 'none' || membership.state === 'looking') await mesh.membership.start()
    })

    afterEach(() => {
      rmSync(folder, { recursive: true, force: true })
    })

    it('are written, told in phases, and taken in again as what is known', async () => {
      await mesh.memory.remember({ text: 'one' })
      await mesh.memory.remember({ text: 'two' })
      const events = await collect<SnapshotExported>(snapshots.export({ path }))
      const done = events.at(-1)
      assert.ok(done?.type === 'done')
      assert.deepEqual([done.file, done.bytes, done.entries], [path, statSync(path).size, 2])
      assert.ok(Math.abs(Date.now() - done.time) < 60_000)
      assert.ok((done.members ?? 0) > 0 && done.mesh !== null)
      assert.deepEqual(phasesOf(events), ['writing', 'verifying'])
      assert.deepEqual(await snapshots.inspect({ path }), { to: 'members', bytes: done.bytes })

      const imports = await collect<SnapshotImported>(snapshots.import({ path }))
      const imported = imports.at(-1)
      assert.ok(imported?.type === 'done')
      assert.deepEqual([imported.new, imported.changed, imported.known, imported.time], [0, 0, 2, done.time])
      assert.deepEqual([imported.mesh, typeof imported.from?.id], [done.mesh, 'string'])
      assert.deepEqual(phasesOf(imports), ['checking', 'merging'])
      for (const event of [...events, ...imports]) assert.deepEqual(JSON.parse(JSON.stringify(event)), event)
    })

    it('get a name in a folder, another one each time, and are never written over a file', async () => {
      const files = []
      for (let round = 0; round < 2; round++) {
        const done = (await collect<SnapshotExported>(snapshots.export({ path: folder }))).at(-1)
        files.push(done?.type === 'done' ? done.file : '')
      }
      assert.ok(files.every((file) => dirname(file) === folder && file.endsWith('.snapshot')))
      assert.equal(readdirSync(folder).length, 2)
      writeFileSync(path, 'mine')
      await assert.rejects(collect(snapshots.export({ path })), { name: 'FileUnusableError' })
      assert.equal(statSync(path).size, 4)
    })

    it('are closed by a passphrase where one is given, and open by it alone', async () => {
      await mesh.memory.remember({ text: 'one' })
      const done = (await collect<SnapshotExported>(snapshots.export({ path, passphrase: PASSPHRASE }))).at(-1)
      assert.equal(done?.type === 'done' ? done.members : undefined, null)
      assert.equal((await snapshots.inspect({ path })).to, 'passphrase')
      for (const passphrase of [undefined, 'four words or less']) {
        const given = passphrase === undefined ? {} : { passphrase }
        await assert.rejects(collect(snapshots.import({ path, ...given })), { name: 'WrongPassphraseError' })
      }
    })

    it('are refused where what is asked for cannot be', async () => {
      const refusals: [events: AsyncIterable<unknown>, name: string][] = [
        [snapshots.export({ path: 'relative' }), 'InvalidRequestError'],
        [snapshots.export({ path, passphrase: 'short' }), 'InvalidRequestError'],
        [snapshots.export({ path, passphrase: 12_345_678 as never }), 'InvalidRequestError'],
        [snapshots.import({ path, passphrase: 12_345_678 as never }), 'InvalidRequestError'],
        [snapshots.import({ path: join(folder, 'missing') }), 'FileUnusableError']
      ]
      for (const [events, name] of refusals) await assert.rejects(collect(events), { name })
      writeFileSync(path, 'no snapshot')
      await assert.rejects(collect(snapshots.import({ path })), { name: 'InvalidSnapshotError' })
      await assert.rejects(snapshots.inspect({ path }), { name: 'InvalidSnapshotError' })
      assert.deepEqual(readdirSync(folder), ['a.snapshot'])
    })

    it('end at once when they are aborted, and leave nothing', async () => {
      const signal = AbortSignal.abort(new Error('not any more'))
      await assert.rejects(collect(snapshots.export({ path, signal })), /not any more/)
      await assert.rejects(collect(snapshots.import({ path, signal })), /not any more/)
      assert.deepEqual(readdirSync(folder), [])
    })
  })
}

async function collect<Done>(events: AsyncIterable<unknown>): Promise<(SnapshotProgress | Done)[]> {
  const all: (SnapshotProgress | Done)[] = []
  for await (const event of events) all.push(event as SnapshotProgress | Done)
  return all
}

function phasesOf(events: { type: string; phase?: string }[]): string[] {
  return [...new Set(events.flatMap(({ phase }) => phase ?? []))]
}
