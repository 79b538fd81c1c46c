import '../../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { visitMesh } from '../../../src/index.ts'
import type {
  Mesh,
  MeshSnapshots,
  SnapshotExported,
  SnapshotImported,
  SnapshotProgress
} from '../../../src/interface.ts'
import { HomesOfMesh } from '../../integration/homes.ts'

type ExportOptions = Omit<Parameters<MeshSnapshots['export']>[0], 'path'>
type ImportOptions = Omit<Parameters<MeshSnapshots['import']>[0], 'path'>

const PASSPHRASE = 'four words or more'

describe('snapshots between devices', function () {
  this.timeout(120_000)
  let folder: string
  let stick: string
  let homes: HomesOfMesh
  let open: Map<string, Mesh>

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mesh-stick-'))
    stick = join(folder, 'stick')
    mkdirSync(stick)
    homes = new HomesOfMesh()
    open = new Map()
  })

  afterEach(async () => {
    await Promise.all([...open.values()].map((mesh) => mesh.stop()))
    rmSync(folder, { recursive: true, force: true })
  })

  function homeOf(name: string): string {
    return join(folder, name)
  }

  /** A device in this process that speaks to nobody. */
  async function device(name: string): Promise<Mesh> {
    const mesh = await visitMesh({ home: homeOf(name) })
    open.set(name, mesh)
    return mesh
  }

  async function member(name: string, mesh = homes): Promise<Mesh> {
    mesh.admit(homeOf(name), name)
    return device(name)
  }

  async function written(mesh: Mesh, name: string, options: ExportOptions = {}): Promise<SnapshotExported> {
    return lastOf<SnapshotExported>(mesh.snapshots.export({ path: join(stick, name), ...options }))
  }

  async function taken(mesh: Mesh, name: string, options: ImportOptions = {}): Promise<SnapshotImported> {
    return lastOf<SnapshotImported>(mesh.snapshots.import({ path: join(stick, name), ...options }))
  }

  async function refused(mesh: Mesh, file: string, name: string, options: ImportOptions = {}): Promise<Error> {
    const before = await texts(mesh)
    const error = await taken(mesh, file, options).then(
      () => assert.fail('it was taken'),
      (reason: unknown) => reason as Error
    )
    assert.equal(error.name, name, error.message)
    assert.deepEqual(await texts(mesh), before)
    return error
  }

  async function texts(mesh: Mesh): Promise<string[]> {
    return (await mesh.memory.list({ limit: 1000 })).map(({ text }) => text).sort()
  }

  it('carry what is new, changed and forgotten, and say who wrote them', async () => {
    const laptop = await member('laptop')
    const desktop = await member('desktop')
    homes.bring(homeOf('laptop'))
    const [one, two] = [await laptop.memory.remember({ text: 'one' }), await laptop.memory.remember({ text: 'two' })]
    await laptop.memory.remember({ text: 'three' })
    const { id: chat } = await laptop.conversations.create({ title: 'A talk' })
    await laptop.conversations.append({ id: chat, messages: [{ role: 'user', content: 'Hello' }] })
    // The laptop was open while the desktop was admitted.
    await laptop.stop()
    const again = await device('laptop')
    const first = await written(again, 'a')
    assert.deepEqual([first.entries, first.members, first.recovery], [4, 2, false])
    assert.equal(first.bytes, readFileSync(first.file).length)
    const came = await taken(desktop, 'a')
    assert.deepEqual([came.new, came.changed, came.known, came.from?.name], [4, 0, 0, 'laptop'])
    assert.equal(came.mesh, (await desktop.status()).mesh)
    assert.equal((await desktop.conversations.messages({ id: chat }))[0]?.content, 'Hello')
    const same = await taken(desktop, 'a')
    assert.deepEqual([same.new, same.changed, same.known], [0, 0, 4])
    await again.memory.edit({ id: one.id, text: 'one, edited' })
    await again.memory.forget({ ids: [two.id] })
    await written(again, 'b')
    const changed = await taken(desktop, 'b')
    assert.deepEqual([changed.new, changed.changed, changed.known], [0, 1, 2])
    assert.deepEqual(await texts(desktop), ['one, edited', 'three'])
  })

  it('bring the roster, and are read after it', async () => {
    const laptop = await member('laptop')
    const desktop = await member('desktop')
    await desktop.memory.remember({ text: 'from a device that the laptop has not heard of' })
    await written(desktop, 'a')
    assert.equal((await laptop.membership.list()).length, 1)
    assert.equal((await taken(laptop, 'a')).from?.name, 'desktop')
    assert.deepEqual(
      (await laptop.membership.list()).map(({ name }) => name),
      ['laptop', 'desktop']
    )
  })

  it('of a device that was removed since are left alone, unless the owner wants them', async () => {
    const laptop = await member('laptop')
    const thief = await member('thief')
    const desktop = await member('desktop')
    await laptop.membership.import({ admission: homes.admission() })
    await thief.memory.remember({ text: 'from the thief' })
    await thief.membership.import({ admission: homes.admission() })
    await written(thief, 'thief')
    await laptop.membership.remove({ peer: 'thief' })
    const error = await refused(laptop, 'thief', 'RemovedSignerError')
    assert.match(error.message, /thief, which was removed[^]*--accept-removed/)
    // The desktop learns of the removal by the laptop's snapshot alone.
    await laptop.memory.remember({ text: 'from the laptop' })
    await written(laptop, 'laptop')
    assert.equal((await taken(desktop, 'laptop')).new, 1)
    await refused(desktop, 'thief', 'RemovedSignerError')
    await refused(desktop, 'thief', 'RemovedSignerError', { accept: ['foreign'] })
    assert.equal((await taken(desktop, 'thief', { accept: ['removed'] })).new, 1)
    assert.deepEqual(await texts(desktop), ['from the laptop', 'from the thief'])
    // New ones leave it out, and it takes nothing more once it knows.
    await refused(thief, 'laptop', 'NotForThisDeviceError')
  })

  it('that tell a device of its own removal give it nothing more', async () => {
    const laptop = await member('laptop')
    const lost = await member('lost')
    await laptop.membership.import({ admission: homes.admission() })
    await laptop.memory.remember({ text: 'ours' })
    await written(laptop, 'before')
    await laptop.membership.remove({ peer: 'lost' })
    // A snapshot from before its removal, and a roster from after it.
    const { admission } = await laptop.membership.admit({
      request: (await (await device('other')).membership.request({ name: 'other' })).request
    })
    await lost.membership.import({ admission })
    const error = await refused(lost, 'before', 'RemovedError')
    assert.match(error.message, /has removed this device/)
  })

  it('of another mesh are refused as such; those from before this device’s admission, and to one in no mesh, too', async () => {
    const laptop = await member('laptop')
    await laptop.memory.remember({ text: 'ours' })
    await written(laptop, 'ours')
    const stranger = await member('stranger', new HomesOfMesh())
    await refused(stranger, 'ours', 'ForeignSnapshotError')
    const desktop = await member('desktop')
    assert.match((await refused(desktop, 'ours', 'NotForThisDeviceError')).message, /before this device was let in/)
    const nobody = await device('nobody')
    assert.match((await refused(nobody, 'ours', 'NotForThisDeviceError')).message, /is in none/)
  })

  it('open by the recovery phrase where no device is left', async () => {
    const laptop = await member('laptop')
    const { phrase } = await laptop.membership.makePhrase()
    await laptop.memory.remember({ text: 'saved' })
    const { recovery } = await written(laptop, 'a')
    assert.equal(recovery, true)
    const fresh = await device('fresh')
    assert.equal((await taken(fresh, 'a', { phrase })).new, 1)
    assert.deepEqual(await texts(fresh), ['saved'])
    const other = await member('other', new HomesOfMesh())
    await refused(other, 'a', 'ForeignSnapshotError', { phrase })
    assert.equal((await taken(other, 'a', { phrase, accept: ['foreign'] })).new, 1)
    const { phrase: wrong } = await other.membership.makePhrase()
    await refused(fresh, 'a', 'WrongPassphraseError', { phrase: wrong })
    await refused(fresh, 'a', 'RecoveryError', { phrase: 'abandon abandon' })
    // The mesh that the other has made is not changed by it.
    assert.equal((await other.membership.list()).length, 1)
  })

  it('with a passphrase go from a device without a mesh to any other', async () => {
    const alone = await device('alone')
    await alone.memory.remember({ text: 'before any mesh' })
    await assert.rejects(written(alone, 'none'), { name: 'NotMemberError', message: /--passphrase/ })
    await assert.rejects(written(alone, 'none', { passphrase: 'short' }), { name: 'InvalidRequestError' })
    const { mesh, members, entries } = await written(alone, 'a', { passphrase: PASSPHRASE })
    assert.deepEqual([mesh, members, entries], [null, null, 1])
    const laptop = await member('laptop')
    assert.deepEqual(await laptop.snapshots.inspect({ path: join(stick, 'a') }), {
      to: 'passphrase',
      bytes: readFileSync(join(stick, 'a')).length
    })
    await refused(laptop, 'a', 'WrongPassphraseError')
    await refused(laptop, 'a', 'WrongPassphraseError', { passphrase: 'four words or less' })
    const came = await taken(laptop, 'a', { passphrase: PASSPHRASE })
    assert.deepEqual([came.new, came.from, came.mesh], [1, null, null])
    assert.deepEqual(readdirSync(stick), ['a'])
  })

  it('of the mesh that a device has left for another are its own words still', async () => {
    const laptop = await member('laptop', new HomesOfMesh())
    await laptop.memory.remember({ text: 'from before' })
    const { mesh: old } = await written(laptop, 'a')
    await laptop.stop()
    homes.admit(homeOf('founder'), 'founder')
    homes.admit(homeOf('laptop'), 'laptop')
    const moved = await device('laptop')
    assert.notEqual((await moved.status()).mesh, old)
    assert.equal((await taken(moved, 'a')).known, 1)
    await refused(await device('founder'), 'a', 'ForeignSnapshotError')
  })

  it('hold one conversation, or what was changed since a moment, and get a name in a folder', async () => {
    const laptop = await member('laptop')
    await laptop.memory.remember({ text: 'a memory' })
    const chats = await Promise.all(['First', 'Second'].map((title) => laptop.conversations.create({ title })))
    for (const { id } of chats) await laptop.conversations.append({ id, messages: [{ role: 'user', content: 'Hi' }] })
    const { file, entries, mesh } = await written(laptop, '.', { conversation: chats[0]!.id.slice(0, 6) })
    assert.equal(entries, 1)
    assert.match(basename(file), /^[a-z]+-[a-z]+-\d{4}-\d{2}-\d{2}\.snapshot$/)
    assert.ok(basename(file).startsWith(mesh ?? '?'))
    const second = await written(laptop, '.')
    assert.equal(basename(second.file), basename(file).replace('.snapshot', '-2.snapshot'))
    await assert.rejects(written(laptop, 'c', { conversation: 'zzzz' }), { name: 'UnknownMemoryError' })
    // Nothing was written since then, but one memory.
    const since = second.time + 1
    await laptop.memory.remember({ text: 'later' })
    const later = await written(laptop, 'd', { since })
    // The document that was written to, with all of its memories.
    assert.equal(later.entries, 2)
    assert.equal((await written(laptop, 'e', { since: Date.now() + 1000 })).entries, 0)
    await assert.rejects(written(laptop, basename(file)), { name: 'FileUnusableError' })
    await assert.rejects(lastOf<SnapshotExported>(laptop.snapshots.export({ path: 'relative' })), {
      name: 'InvalidRequestError'
    })
    const desktop = await member('desktop')
    await laptop.membership.import({ admission: homes.admission() })
    await written(laptop, 'f', { conversation: chats[1]!.id })
    assert.equal((await taken(desktop, 'f')).new, 1)
    assert.deepEqual(
      (await desktop.conversations.list()).map(({ title }) => title),
      ['Second']
    )
  })

  it('that hold what no document of ours can are refused whole', async () => {
    const laptop = await member('laptop')
    for (const [name, bytes] of [
      ['text', 'something else'],
      ['empty', '']
    ] as const) {
      writeFileSync(join(stick, name), bytes)
      await refused(laptop, name, 'InvalidSnapshotError')
    }
    await refused(laptop, 'missing', 'FileUnusableError')
    await refused(laptop, '.', 'FileUnusableError')
  })
})

async function lastOf<Done extends { type: 'done' }>(events: AsyncIterable<SnapshotProgress | Done>): Promise<Done> {
  for await (const event of events) if (event.type === 'done') return event
  throw new Error('it ended without an end')
}
