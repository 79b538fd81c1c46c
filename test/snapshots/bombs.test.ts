import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { encode } from 'cborg'
import { verifySignature } from '../../src/node/membership/keys.ts'
import { makeHeader } from '../../src/snapshots/age-header.ts'
import { CHUNK_BYTES, payloadKey, sealChunk } from '../../src/snapshots/age-payload.ts'
import { decodeManifest, encodeManifest, type Manifest } from '../../src/snapshots/manifest.ts'
import { PieceHashes } from '../../src/snapshots/piece-hashes.ts'
import { encodeHead, encodeSection } from '../../src/snapshots/sections.ts'
import { headerOf, openSnapshot } from '../../src/snapshots/index.ts'
import { examine, MEMBERS, MESH, readAll, secret, signer, sourceOf, type Source } from './sample.ts'

const DOCUMENT = encodeSection('document', Buffer.from('m-aaaaaaaaaaaaaaaa-1'))
const OTHER = encodeSection('document', Buffer.from('m-aaaaaaaaaaaaaaaa-2'))
const UPDATE = encodeSection('update', Buffer.from('an update'))
const RECORD = encodeSection('record', Buffer.from('a record'))

/** Whoever knows the keys of the members can close anything to them. */
async function sealed(content: Buffer): Promise<Source> {
  const { header, fileKey } = await makeHeader(MEMBERS)
  const nonce = randomBytes(16)
  const key = payloadKey(fileKey, nonce)
  const chunks = Math.max(1, Math.ceil(content.length / CHUNK_BYTES))
  const parts = Array.from({ length: chunks }, (_, index) =>
    sealChunk(key, index, content.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES), index === chunks - 1)
  )
  return sourceOf(Buffer.concat([header, nonce, ...parts]))
}

/** Sections with a head before them and, unless it is left out, a right manifest behind. */
async function snapshotOf(sections: Buffer[], manifest: Partial<Manifest> | null = {}, key = signer): Promise<Source> {
  const hashes = new PieceHashes()
  for (const section of sections) hashes.update(section)
  const pieces = hashes.end()
  const count = (kind: number) => sections.filter((section) => section[0] === kind).length
  const all = {
    ...{ mesh: MESH, device: signer.key, time: 1, since: null, conversation: null, entries: 0 },
    ...{ documents: count(3), updates: count(4), bytes: hashes.bytes, pieces, ...manifest }
  }
  const end = manifest === null ? [] : [encodeSection('manifest', encodeManifest(all, key))]
  const body = Buffer.concat([...sections, ...end])
  return sealed(Buffer.concat([encodeHead(body.length + 15), body]))
}

describe('a snapshot that somebody has made up', () => {
  it('is read where it is as ownmesh writes them', async () => {
    const read = await readAll(await snapshotOf([RECORD, DOCUMENT, UPDATE, UPDATE, OTHER, UPDATE]))
    assert.equal(read?.updates.length, 3)
  })

  it('is refused where its sections are in another order, doubled, missing or unknown', async () => {
    const wrong: [string, Buffer[], Partial<Manifest>?][] = [
      ['an update of no document', [RECORD, UPDATE]],
      ['a document without updates', [RECORD, DOCUMENT]],
      ['two documents, the first without updates', [RECORD, DOCUMENT, OTHER, UPDATE]],
      ['a document twice', [RECORD, DOCUMENT, UPDATE, DOCUMENT, UPDATE]],
      ['documents out of order', [RECORD, OTHER, UPDATE, DOCUMENT, UPDATE]],
      ['a record behind documents', [RECORD, DOCUMENT, UPDATE, RECORD]],
      ['no record', [DOCUMENT, UPDATE]],
      ['a second head', [RECORD, encodeHead(99), DOCUMENT, UPDATE]],
      ['an unknown section', [RECORD, Buffer.from([9, 0, 0, 0, 0]), DOCUMENT, UPDATE]],
      ['an unknown section without a kind', [RECORD, Buffer.from([0, 0, 0, 0, 0]), DOCUMENT, UPDATE]],
      ['a wrong count', [RECORD, DOCUMENT, UPDATE], { updates: 2 }],
      ['a wrong count of documents', [RECORD, DOCUMENT, UPDATE], { documents: 2 }]
    ]
    for (const [what, sections, manifest] of wrong) {
      await assert.rejects(readAll(await snapshotOf(sections, manifest)), { name: 'InvalidSnapshotError' }, what)
    }
    const two = encodeSection('manifest', randomBytes(200))
    await assert.rejects(readAll(await snapshotOf([RECORD, two])), { name: 'InvalidSnapshotError' })
    await assert.rejects(readAll(await snapshotOf([RECORD, DOCUMENT, UPDATE], null)), { name: 'InvalidSnapshotError' })
  })

  it('is refused where a length claims more than a section may have, before that is waited for', async () => {
    const claims: [kind: number, length: number][] = [
      [2, 4097],
      [3, 65],
      [4, 256 * 1024 + 1],
      [4, 2 ** 32 - 1],
      [5, 2 ** 31]
    ]
    for (const [kind, length] of claims) {
      const section = Buffer.from([kind, 0, 0, 0, 0])
      section.writeUInt32BE(length, 1)
      const content = Buffer.concat([encodeHead(0), RECORD, section, Buffer.alloc(4 * 2 ** 20)])
      content.set(encodeHead(content.length))
      const source = await sealed(content)
      let furthest = 0
      const watched: Source = {
        size: source.size,
        read: (offset, bytes) => {
          furthest = Math.max(furthest, offset)
          return source.read(offset, bytes)
        }
      }
      await assert.rejects(readAll(watched), { name: 'InvalidSnapshotError' }, String(kind))
      assert.ok(furthest < 100_000, `${String(kind)} of ${String(length)}: read from ${String(furthest)}`)
    }
  })

  it('is refused where it has more records than any roster, before all of them are held', async () => {
    const records = Array.from({ length: 10_001 }, () => RECORD)
    const source = await snapshotOf([...records, DOCUMENT, UPDATE])
    await assert.rejects(readAll(source), { name: 'InvalidSnapshotError' })
    assert.equal((await readAll(await snapshotOf(records.slice(1))))?.examined.records.length, 10_000)
  })

  it('is refused where its head is none, tells another length, or is of a later release', async () => {
    const later = encodeHead(40)
    later.writeUInt16BE(2, 5)
    await assert.rejects(readAll(await sealed(Buffer.concat([later, Buffer.alloc(25)]))), {
      name: 'NewerSnapshotError'
    })
    await assert.rejects(readAll(await sealed(Buffer.alloc(0))), { name: 'InvalidSnapshotError' })
    await assert.rejects(readAll(await sealed(Buffer.alloc(100))), { name: 'InvalidSnapshotError' })
    await assert.rejects(readAll(await sealed(RECORD)), { name: 'InvalidSnapshotError' })
    for (const [total, name] of [
      [2 ** 47, 'TruncatedSnapshotError'],
      [100_000, 'TruncatedSnapshotError'],
      [15, 'DamagedSnapshotError']
    ] as const) {
      await assert.rejects(readAll(await sealed(Buffer.concat([encodeHead(total), RECORD]))), { name })
    }
  })

  it('is refused where its manifest was signed by another device, for another purpose, or not at all', async () => {
    const sections = [RECORD, DOCUMENT, UPDATE]
    const thief = { key: signer.key, sign: () => randomBytes(64) }
    for (const key of [thief, { key: signer.key, sign: () => Buffer.alloc(64) }]) {
      await assert.rejects(readAll(await snapshotOf(sections, {}, key)), {
        name: 'InvalidSnapshotError',
        message: /not signed by the device/
      })
    }
    const bare = { key: signer.key, sign: (bytes: Uint8Array) => signer.sign(bytes.subarray(28)) }
    await assert.rejects(readAll(await snapshotOf(sections, {}, bare)), { message: /not signed by the device/ })
    // A device or a mesh without the other is nobody's word.
    for (const half of [{ mesh: null }, { device: null }]) {
      await assert.rejects(readAll(await snapshotOf(sections, half)), { name: 'InvalidSnapshotError' })
    }
  })

  it('is refused where what was signed is not what is in it', async () => {
    const source = await snapshotOf([RECORD, DOCUMENT, UPDATE], { pieces: Buffer.alloc(32, 7) })
    const opened = await openSnapshot(source, await headerOf(source), [{ secret }])
    // At the first reading already.
    await assert.rejects(examine(opened!), { name: 'DamagedSnapshotError' })
    await assert.rejects(readAll(await snapshotOf([RECORD, DOCUMENT, UPDATE], { bytes: 9 })), {
      name: 'InvalidSnapshotError'
    })
  })

  it('is refused where its manifest is another thing, in another encoding, or huge', () => {
    const right = { mesh: null, device: null, time: 1, since: null, conversation: null, entries: 0, documents: 0 }
    const rest = { updates: 0, bytes: 0, pieces: new Uint8Array() }
    const signed = (value: unknown) => Buffer.concat([Buffer.alloc(64), encode(value)])
    assert.equal(decodeManifest(encodeManifest({ ...right, ...rest }, null), verifySignature).time, 1)
    const wrong: unknown[] = [
      null,
      [],
      'text',
      { ...right },
      { ...right, ...rest, more: 1 },
      { ...right, ...rest, time: -1 },
      { ...right, ...rest, time: 1.5 },
      { ...right, ...rest, bytes: 2 ** 60 },
      { ...right, ...rest, bytes: 1 },
      { ...right, ...rest, pieces: new Uint8Array(32) },
      { ...right, ...rest, pieces: 'none' },
      { ...right, ...rest, conversation: '../../etc' },
      { ...right, ...rest, since: 'yesterday' },
      { ...right, ...rest, mesh: new Uint8Array(31), device: new Uint8Array(32) },
      { ...right, ...rest, mesh: 'ab'.repeat(32), device: 'ab'.repeat(32) }
    ]
    for (const value of wrong) {
      assert.throws(() => decodeManifest(signed(value), verifySignature), { name: 'InvalidSnapshotError' })
    }
    const nested = Buffer.concat([Buffer.alloc(64), Buffer.alloc(100_000, 0x81)])
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(64), Buffer.alloc(3 * 2 ** 20, 1), nested]) {
      assert.throws(() => decodeManifest(bytes, verifySignature), { name: 'InvalidSnapshotError' })
    }
    const longer = Buffer.concat([encodeManifest({ ...right, ...rest }, null), Buffer.from([0])])
    assert.throws(() => decodeManifest(longer, verifySignature), { name: 'InvalidSnapshotError' })
  })

  it('is refused where it asks for more stretching of a passphrase than one second’s', async () => {
    const header = `age-encryption.org/v1\n-> scrypt ${'A'.repeat(22)} 19\n${'A'.repeat(43)}\n--- ${'A'.repeat(43)}\n`
    await assert.rejects(readAll(sourceOf(Buffer.from(header)), [{ passphrase: 'anything' }]), {
      name: 'DamagedSnapshotError'
    })
  })
})
