import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { Decrypter } from 'age-encryption'
import { bech32 } from '@scure/base'
import { ed25519 } from '@noble/curves/ed25519.js'
import { boxPublicOf, newSeed, recoveryBoxOf, recoverySecretOf, signerOf } from '../../src/node/membership/keys.ts'
import { headerOf } from '../../src/snapshots/index.ts'
import { randomFrom } from '../crdt/random.ts'
import {
  documentsOf,
  Folder,
  MEMBERS,
  MESH,
  QUICK_LOG_N,
  readAll,
  readFile,
  secret,
  signer,
  sourceOf,
  writeSample
} from './sample.ts'

describe('a snapshot', () => {
  let folder: Folder
  let path: string

  beforeEach(() => {
    folder = new Folder()
    path = folder.of('a.snapshot')
  })

  afterEach(() => {
    folder.remove()
  })

  it('gives back what was written, signed, for its owner’s eyes alone', async () => {
    const bytes = await writeSample({ path })
    assert.equal(statSync(path).size, bytes)
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600)
    const read = await readFile(path)
    assert.deepEqual(
      read?.updates.map(({ document, update }) => [document, Buffer.from(update)]),
      [...documentsOf()].map(({ document, update }) => [document, update])
    )
    assert.deepEqual(read.examined.records, [new Uint8Array(Buffer.from('a record'))])
    const { manifest } = read.examined
    assert.deepEqual(
      [manifest.mesh, manifest.device, manifest.entries, manifest.documents, manifest.updates],
      [MESH, signer.key, 7, 3, 12]
    )
    assert.deepEqual(readdirSync(folder.path), ['a.snapshot'])
  })

  it('of any size gives back the same: empty, at the ends of chunks and MiB, and over many of them', async () => {
    // The head has 15 bytes, a section 5 before its content: these end on the boundary and beside it.
    const sizes = [1, 65_000, 65_535, 65_536, 131_072, 250_000]
    for (const [index, bytes] of sizes.entries()) {
      for (const count of [0, 1, 9]) {
        const updates = () => documentsOf(1, count, bytes)
        const file = folder.of(`${String(index)}-${String(count)}`)
        await writeSample({ path: file, updates: updates() })
        const read = await readFile(file)
        assert.deepEqual(
          read?.updates.map(({ update }) => update.length),
          [...updates()].map(({ update }) => update.length)
        )
      }
    }
  })

  it('is a file of age, which any program for age opens', async () => {
    await writeSample({ path, updates: documentsOf(2, 5, 100_000) })
    const decrypter = new Decrypter()
    decrypter.addIdentity(bech32.encodeFromBytes('AGE-SECRET-KEY-', secret).toUpperCase())
    const plain = await decrypter.decrypt(readFileSync(path))
    assert.ok(plain.length > 1_000_000)
    assert.deepEqual([...plain.subarray(0, 5)], [1, 0, 0, 0, 10])

    const closed = folder.of('closed')
    await writeSample({ path: closed, seal: { to: 'passphrase', passphrase: 'four words or five', logN: QUICK_LOG_N } })
    const other = new Decrypter()
    other.addPassphrase('four words or five')
    assert.ok((await other.decrypt(readFileSync(closed))).length > 20_000)
  })

  it('opens by any of its keys, by the recovery key’s too, and by no other', async () => {
    const seed = newSeed('ed25519')
    const recovery = signerOf(seed)
    const others = [newSeed('x25519'), newSeed('x25519')]
    const keys = [...others.map(boxPublicOf), recoveryBoxOf(recovery.key), boxPublicOf(secret)]
    await writeSample({ path, seal: { to: 'members', mesh: MESH, keys } })
    for (const key of [...others, secret, recoverySecretOf(seed)]) {
      assert.ok((await readFile(path, [{ secret: key }])) !== null)
    }
    assert.equal(await readFile(path, [{ secret: newSeed('x25519') }]), null)
    assert.equal(await readFile(path, []), null)
    // As the library of another makes of it: two ways to the same key.
    assert.deepEqual(
      Buffer.from(ed25519.utils.toMontgomerySecret(seed)).toString('hex'),
      clamped(recoverySecretOf(seed))
    )
  })

  it('closed by a passphrase opens by it, however its accents are typed, and by no other', async () => {
    await writeSample({ path, seal: { to: 'passphrase', passphrase: 'caf\u00e9 am See', logN: QUICK_LOG_N } })
    assert.equal((await readFile(path, [{ passphrase: 'cafe\u0301 am See' }]))?.updates.length, 12)
    assert.equal(await readFile(path, [{ passphrase: 'café am see' }]), null)
    const header = await headerOf(sourceOf(readFileSync(path)))
    assert.deepEqual([header.to, header.isOf(MESH)], ['passphrase', true])
  })

  it('says of which mesh it is to those who know the mesh, and nothing to others', async () => {
    await writeSample({ path })
    const again = folder.of('again')
    await writeSample({ path: again })
    const [one, other] = await Promise.all([path, again].map((file) => headerOf(sourceOf(readFileSync(file)))))
    assert.deepEqual([one!.isOf(MESH), one!.isOf('cd'.repeat(32)), other!.isOf(MESH)], [true, false, true])
    const lines = [one!, other!].map(({ bytes }) => Buffer.from(bytes).toString().split('\n')[1])
    assert.match(lines[0]!, /^-> ownmesh-snapshot 1 \S{22} \S{22}$/)
    assert.notEqual(lines[0], lines[1])
  })

  it('without a mesh is signed by nobody, and has no roster', async () => {
    const seal = { to: 'passphrase', passphrase: 'four words', logN: QUICK_LOG_N } as const
    await writeSample({ path, seal, mesh: null, records: [] })
    const read = await readFile(path, [{ passphrase: 'four words' }])
    assert.deepEqual([read?.examined.manifest.mesh, read?.examined.manifest.device], [null, null])
    // A mesh without a roster, or a roster without a mesh, would be nobody's word.
    for (const [mesh, records] of [
      [MESH, []],
      [null, [Buffer.from('x')]]
    ] as const) {
      await assert.rejects(writeSample({ path: folder.of(String(mesh)), seal, mesh, records: [...records] }), {
        name: 'DamagedSnapshotError'
      })
    }
  })

  it('is never written over a file, and leaves nothing where it was stopped', async () => {
    writeFileSync(path, 'mine')
    await assert.rejects(writeSample({ path }), { name: 'FileUnusableError', message: /there already/ })
    assert.equal(readFileSync(path, 'utf8'), 'mine')
    const meanwhile = folder.of('meanwhile')
    await assert.rejects(
      writeSample({
        path: meanwhile,
        updates: (function* () {
          yield* documentsOf()
          writeFileSync(meanwhile, 'somebody else’s')
        })()
      }),
      { name: 'FileUnusableError', message: /there already/ }
    )
    assert.equal(readFileSync(meanwhile, 'utf8'), 'somebody else’s')
    const stopped = new AbortController()
    const updates = (function* () {
      for (const part of documentsOf(3, 10, 200_000)) {
        yield part
        if (part.document.endsWith('2')) stopped.abort(new Error('stopped'))
      }
    })()
    await assert.rejects(writeSample({ path: folder.of('stopped'), updates, signal: stopped.signal }), /stopped/)
    await assert.rejects(writeSample({ path: folder.of('none/there') }), { name: 'FileUnusableError' })
    assert.deepEqual(readdirSync(folder.path).sort(), ['a.snapshot', 'meanwhile'])
    assert.ok(!existsSync(folder.of('stopped')))
  })

  it('takes away what a process that was killed has left, and nobody else’s files', async () => {
    const left = ['.a.snapshot.01234567.snapshot-part', '.b.snapshot.89abcdef.snapshot-part', '.c.snapshot-part']
    for (const name of left) writeFileSync(folder.of(name), 'left')
    const longAgo = new Date(Date.now() - 2 * 60 * 60_000)
    for (const name of [left[0]!, left[2]!]) utimesSync(folder.of(name), longAgo, longAgo)
    await writeSample({ path })
    assert.deepEqual(readdirSync(folder.path).sort(), [left[1], left[2], 'a.snapshot'].sort())
  })

  it('shows none of a thousand texts that are in it', async () => {
    const random = randomFrom(11)
    const texts = Array.from(
      { length: 1000 },
      (_, index) => `Plaintext ${String(index)} ${random().toString(36).slice(2)}`
    )
    const update = Buffer.from(texts.join('\n'))
    const updates = [{ document: 'm-aaaaaaaaaaaaaaaa-1', update }]
    await writeSample({ path, updates, records: [Buffer.from(texts[0]!)] })
    const closed = folder.of('closed')
    const seal = { to: 'passphrase', passphrase: texts[0]!, logN: QUICK_LOG_N } as const
    await writeSample({ path: closed, seal, updates })
    for (const file of [path, closed]) {
      const bytes = readFileSync(file).toString('latin1')
      assert.deepEqual(
        texts.filter((text) => bytes.includes(text)),
        []
      )
      for (const hidden of ['m-aaaaaaaaaaaaaaaa', MESH, signer.key]) assert.ok(!bytes.includes(hidden))
    }
    assert.deepEqual(Buffer.from((await readFile(path))!.updates[0]!.update), update)
  })

  it('of a later release is told as such, whatever else it has', async () => {
    await writeSample({ path })
    const text = readFileSync(path, 'latin1')
    const later = Buffer.from(text.replace('-> ownmesh-snapshot 1 ', '-> ownmesh-snapshot 2 '), 'latin1')
    await assert.rejects(readAll(sourceOf(later)), { name: 'NewerSnapshotError' })
    await assert.rejects(readAll(sourceOf(Buffer.from('age-encryption.org/v1\n-> X25519 a\nb\n--- c\n'))), {
      name: 'InvalidSnapshotError'
    })
    for (const other of ['', 'x', 'ownmesh admission 1\n', 'a'.repeat(400_000), 'age-encryption.org/v2\n']) {
      await assert.rejects(readAll(sourceOf(Buffer.from(other))), { name: 'InvalidSnapshotError' })
    }
  })

  it('names two thousand devices at most in its header, and reads no more of one', async () => {
    const header = `age-encryption.org/v1\n-> ownmesh-snapshot 1 a b\n\n${'-> X25519 a\nb\n'.repeat(40_000)}--- c\n`
    await assert.rejects(readAll(sourceOf(Buffer.from(header))), { name: 'InvalidSnapshotError' })
    assert.equal(MEMBERS.to, 'members')
  })
})

function clamped(bytes: Uint8Array): string {
  const scalar = Buffer.from(bytes)
  scalar[0]! &= 248
  scalar[31] = (scalar[31]! & 127) | 64
  return scalar.toString('hex')
}
