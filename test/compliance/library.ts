/** What every body of `Mesh.library` promises. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mesh, ModelCopyDone, ModelCopyEvent, ModelLibrary } from '../../src/interface.ts'

export function libraryCompliance(of: () => Mesh): void {
  describe('library', () => {
    let library: ModelLibrary
    let folder: string
    const first = async (): Promise<string> => (await of().models())[0]!.name

    beforeEach(async () => {
      library = of().library
      folder = await mkdtemp(join(tmpdir(), 'ownmesh-stick-'))
    })
    afterEach(async () => {
      await rm(folder, { recursive: true })
    })

    it('exports a model, imports it by another name, and removes it again', async () => {
      const name = await first()
      const exported = await copied(library.export({ name, path: folder }))
      assert.equal(exported.outcome, 'exported')
      assert.equal(exported.path, join(folder, `${name}.meshmodel`))
      const known = await copied(library.import({ path: exported.path }), { copies: false })
      assert.deepEqual([known.outcome, known.name], ['known', name])
      const imported = await copied(library.import({ path: exported.path, name: 'again' }))
      assert.deepEqual([imported.outcome, imported.name, imported.hash], ['imported', 'again', exported.hash])
      const listed = (await of().models()).find((model) => model.name === 'again')
      assert.deepEqual([listed?.hash, listed?.broken, listed?.builtIn], [exported.hash, null, false])
      assert.equal((await library.remove({ name: 'again' })).name, 'again')
      assert.ok(!(await of().models()).some((model) => model.name === 'again'))
    })

    it('refuses a model that is not here, naming those that are, and the built-in one to be removed', async () => {
      const name = await first()
      const unknown = { name: 'UnknownModelError', message: new RegExp(name) }
      await assert.rejects(copied(library.export({ name: 'nix', path: folder })), unknown)
      await assert.rejects(library.remove({ name: 'nix' }), unknown)
      await assert.rejects(library.remove({ name }), { name: 'InvalidRequestError' })
    })

    it('knows models of the hub, and pulls what is on none from nowhere', async () => {
      const [entry] = await library.catalogue()
      assert.ok(entry !== undefined && entry.bytes > 0 && entry.memory > entry.bytes && entry.reason.length > 0)
      assert.match(entry.repository, /^[\w.-]+\/[\w.-]+$/)
      const hub = { endpoint: 'http://hub.invalid' }
      await assert.rejects(copied(library.pull({ name: 'not-a-repository', from: 'hub', hub })), {
        name: 'NotOnHubError'
      })
    })

    it('lets its owner choose which model answers, marks that one, and leaves it to their strength again', async () => {
      const name = await first()
      const chosen = async (): Promise<string[]> =>
        (await of().models()).filter((model) => model.chosen === true).map((model) => model.name)
      assert.equal((await library.use({ name }))?.name, name)
      assert.deepEqual(await chosen(), [name])
      await assert.rejects(library.use({ name: 'nix' }), { name: 'UnknownModelError', message: new RegExp(name) })
      assert.deepEqual(await chosen(), [name])
      assert.equal(await library.use({ name: null }), null)
      assert.deepEqual(await chosen(), [])
    })

    it('refuses a path that is not absolute, and one where nothing is', async () => {
      const name = await first()
      const refused = { name: 'InvalidRequestError' }
      await assert.rejects(copied(library.export({ name, path: 'here' })), refused)
      await assert.rejects(copied(library.import({ path: 'here' })), refused)
      await assert.rejects(copied(library.import({ path: join(folder, 'nix') })), refused)
      await assert.rejects(library.add({ path: 'here' }), refused)
    })

    it('pulls only what another device has, and says so where none does', async () => {
      const name = 'no-such-model'
      await assert.rejects(copied(library.pull({ name })), (err: Error) =>
        ['UnknownModelError', 'NotMemberError'].includes(err.name)
      )
      await assert.rejects(copied(library.pull({ name, from: 'nobody' })), (err: Error) =>
        ['UnknownPeerError', 'NotMemberError'].includes(err.name)
      )
      for (const near of await library.nearby()) {
        const pulled = await copied(library.pull({ name: near.name, from: near.peers[0]!.name }))
        assert.deepEqual([pulled.outcome, pulled.hash, pulled.from], ['pulled', near.hash, near.peers[0]])
        assert.ok((await of().models()).some(({ hash }) => hash === near.hash))
        assert.equal((await copied(library.pull({ name: near.name }), { copies: false })).outcome, 'known')
      }
      assert.deepEqual(await library.nearby(), [])
    })

    it('ends a copy with the reason of its signal', async () => {
      const reason = new Error('enough')
      const stopped = AbortSignal.abort(reason)
      await assert.rejects(copied(library.pull({ name: 'nix', signal: stopped })), reason)
      await assert.rejects(copied(library.export({ name: await first(), path: folder, signal: stopped })), reason)
      await assert.rejects(library.remove({ name: 'nix', signal: stopped }), reason)
    })
  })
}

/** The end of a copy whose events came in the order that is promised. */
async function copied(events: AsyncIterable<ModelCopyEvent>, { copies = true } = {}): Promise<ModelCopyDone> {
  const all: ModelCopyEvent[] = []
  for await (const event of events) all.push(event)
  const done = all.at(-1)
  assert.ok(done?.type === 'done')
  const before = all.slice(0, -1)
  assert.equal(before[0]?.type, copies ? 'started' : undefined)
  const progress = before.slice(1).map((event) => (event.type === 'progress' ? event.bytes : assert.fail(event.type)))
  assert.deepEqual(
    progress,
    [...progress].sort((a, b) => a - b)
  )
  if (copies) assert.equal(progress.at(-1), done.bytes)
  return done
}
