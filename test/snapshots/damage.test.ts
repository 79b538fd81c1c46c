import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { MeshError } from '../../src/errors.ts'
import { headerOf, openSnapshot, updatesOf, type OpenedSnapshot } from '../../src/snapshots/index.ts'
import { randomFrom } from '../crdt/random.ts'
import { documentsOf, examine, Folder, readAll, readFile, secret, sourceOf, writeSample } from './sample.ts'

const SEED = Number(process.env.MESH_SEED ?? 1)
const FLIPS = 10_000
const CUTS = 1000
/** Opening the header costs milliseconds: so many flips go through all of it, the others know the key. */
const IN_HEADER = 300

const TOLD = new Set(['DamagedSnapshotError', 'TruncatedSnapshotError', 'InvalidSnapshotError', 'NewerSnapshotError'])

describe('a damaged snapshot', function () {
  this.timeout(60_000)
  let folder: Folder
  let whole: Buffer
  let opened: OpenedSnapshot

  before(async () => {
    folder = new Folder()
    const path = folder.of('a.snapshot')
    await writeSample({ path, updates: documentsOf(5, 8, 10_000) })
    whole = readFileSync(path)
    const source = sourceOf(whole)
    opened = (await openSnapshot(source, await headerOf(source), [{ secret }]))!
  })

  after(() => {
    folder.remove()
  })

  /** What is told of bytes; nothing is given out before. */
  async function told(bytes: Uint8Array): Promise<string> {
    try {
      const read = await readAll(sourceOf(bytes))
      return read === null ? 'no key' : 'read'
    } catch (error) {
      assert.ok(error instanceof MeshError && TOLD.has(error.name), String(error))
      return error.name
    }
  }

  /** The same for damage behind the header, whose key is known. */
  async function toldBehind(bytes: Uint8Array): Promise<MeshError> {
    try {
      await examine({ ...opened, source: sourceOf(bytes) })
    } catch (error) {
      assert.ok(error instanceof MeshError && TOLD.has(error.name), String(error))
      return error
    }
    return assert.fail('it was read')
  }

  it('is read while it is whole', async () => {
    assert.equal(await told(whole), 'read')
  })

  it('is found out at each of ten thousand flipped bits', async () => {
    const random = randomFrom(SEED)
    for (let flip = 0; flip < FLIPS; flip++) {
      const isHeader = flip < IN_HEADER
      const at = isHeader
        ? Math.floor(random() * opened.start)
        : opened.start + Math.floor(random() * (whole.length - opened.start))
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1 << Math.floor(random() * 8)
      if (isHeader) {
        const outcome = await told(bytes)
        assert.ok(outcome !== 'read', `bit flipped in byte ${String(at)} of the header: ${outcome}`)
        continue
      }
      const { name, details } = await toldBehind(bytes)
      assert.equal(name, 'DamagedSnapshotError', `byte ${String(at)}`)
      assert.equal(details.mebibyte, Math.floor(at / 2 ** 20) + 1)
    }
  })

  it('is found out wherever it was cut, and mostly told as what it is', async () => {
    const random = randomFrom(SEED)
    let truncated = 0
    for (let cut = 0; cut < CUTS; cut++) {
      const length = cut < 100 ? Math.floor(random() * opened.start) : Math.floor(random() * whole.length)
      if (length < opened.start) {
        const outcome = await told(whole.subarray(0, length))
        assert.ok(
          outcome === 'TruncatedSnapshotError' || outcome === 'InvalidSnapshotError',
          `${String(length)}: ${outcome}`
        )
        continue
      }
      const { name } = await toldBehind(whole.subarray(0, length))
      // Within the first chunk, which tells how long all is, nothing can be told from damage.
      if (length >= opened.start + 16 + 64 * 1024 + 16) assert.equal(name, 'TruncatedSnapshotError')
      if (name === 'TruncatedSnapshotError') truncated++
    }
    assert.ok(truncated > CUTS / 2, String(truncated))
  })

  it('is found out where bytes were put behind its end, zeroed, doubled or exchanged', async () => {
    const chunk = 64 * 1024 + 16
    const first = opened.start + 16
    const parts = (...places: [from: number, to: number][]) =>
      Buffer.concat(places.map(([from, to]) => whole.subarray(from, to)))
    const broken = [
      Buffer.concat([whole, Buffer.from([0])]),
      Buffer.concat([whole, whole.subarray(-100)]),
      Buffer.from(whole).fill(0, whole.length - 4096),
      parts([0, first], [first + chunk, first + 2 * chunk], [first, first + chunk], [first + 2 * chunk, whole.length]),
      parts([0, first + 2 * chunk], [first + chunk, first + 2 * chunk], [first + 3 * chunk, whole.length]),
      parts([0, first + chunk], [first + 2 * chunk, whole.length])
    ]
    for (const bytes of broken) await toldBehind(bytes)
  })

  it('names the MiB that is damaged', async () => {
    const path = folder.of('large')
    await writeSample({ path, updates: documentsOf(2, 20, 200_000) })
    const large = readFileSync(path)
    for (const mebibyte of [1, 2, 5, 7]) {
      const bytes = Buffer.from(large)
      bytes[mebibyte * 2 ** 20 - 1000]! ^= 4
      await assert.rejects(readAll(sourceOf(bytes)), {
        name: 'DamagedSnapshotError',
        message: new RegExp(`MiB number ${String(mebibyte)}\\. Nothing of it was taken`)
      })
    }
  })

  it('that was changed after it was examined gives out nothing of the MiB that was', async () => {
    const path = folder.of('exchanged')
    await writeSample({ path, updates: documentsOf(1, 20, 200_000) })
    const bytes = readFileSync(path)
    const source = sourceOf(bytes)
    const snapshot = (await openSnapshot(source, await headerOf(source), [{ secret }]))!
    const examined = await examine(snapshot)
    // Somebody who has the key writes another one in its place: all of it opens, and none of it was signed.
    const hashes = Buffer.from(examined.manifest.pieces)
    hashes[2 * 32]! ^= 1
    const exchanged = { ...examined, manifest: { ...examined.manifest, pieces: hashes } }
    const given: number[] = []
    await assert.rejects(
      async () => {
        for await (const { update } of updatesOf(snapshot, exchanged)) given.push(update.length)
      },
      { name: 'DamagedSnapshotError' }
    )
    // Ten updates end in the first two MiB.
    assert.equal(given.length, 10)
    assert.ok((await readFile(path)) !== null)
  })
})
