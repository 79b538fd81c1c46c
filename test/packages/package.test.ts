import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { join } from 'node:path'
import { openPackage, unpackPackage } from '../../src/packages/index.ts'
import type { ManifestFile } from '../../src/packages/manifest.ts'
import { encodeHeader } from '../../src/packages/tar-header.ts'
import { CONTENTS, HASH, Workplace, filesIn, finish, write } from './files.ts'

const TOTAL = Object.values(CONTENTS).reduce((sum, { length }) => sum + length, 0)
const FAT = { bavail: 2 ** 30, bsize: 4096, type: 0x4d44 }

describe('a model package', () => {
  let place: Workplace

  beforeEach(() => {
    place = new Workplace()
  })
  afterEach(() => {
    place.close()
  })

  for (const form of ['folder', 'file'] as const) {
    const target = (): string => (form === 'folder' ? place.stick : join(place.stick, 'qwen.tar'))

    describe(`as a ${form}`, () => {
      it('brings the same files to the other side, the owner’s alone and never executable', async () => {
        chmodSync(join(place.model, 'config.json'), 0o777)
        const { path, kept } = await place.export({ path: target() })
        assert.equal(kept, 0)
        const { manifest, bytes } = await openPackage(path)
        assert.deepEqual([manifest.name, manifest.hash, bytes], ['qwen', HASH, TOTAL])
        assert.deepEqual(await place.import(path), { bytes: TOTAL, kept: 0 })
        assert.deepEqual(filesIn(place.path('home')), CONTENTS)
        const modes = ['', 'onnx', 'config.json'].map((name) => statSync(place.path('home', name)).mode & 0o777)
        if (process.platform !== 'win32') assert.deepEqual(modes, [0o700, 0o700, 0o600])
      })

      it('leaves hidden files out, and the manifest of a package that the folder once was', async () => {
        for (const hidden of ['.git/config', '.DS_Store', 'onnx/._model.onnx', 'manifest.json']) {
          write(join(place.model, hidden), 'x')
        }
        await place.import((await place.export({ path: target() })).path)
        assert.deepEqual(filesIn(place.path('home')), CONTENTS)
      })

      it('goes on where it was interrupted, on either side', async () => {
        const interrupted = async (copy: AsyncIterable<{ bytes: number }>, after: number): Promise<void> => {
          let bytes = 0
          for await (const step of copy) if ((bytes += step.bytes) > after) break
        }
        const { copy } = await place.writing({ path: target() })
        await interrupted(copy, 1_300_000)
        await assert.rejects(openPackage(target()), { name: 'InvalidPackageError', message: /interrupted/ })
        const { path, kept, bytes } = await place.export({ path: target() })
        assert.ok(kept > 1_300_000 && kept < bytes, String(kept))

        const into = place.path('home')
        await interrupted(unpackPackage(await openPackage(path), into), 1_300_000)
        const rest = await place.import(path)
        assert.ok(rest.kept > 1_300_000 && rest.kept < TOTAL)
        assert.deepEqual(filesIn(into), CONTENTS)
        assert.equal((await place.export({ path: target() })).kept, bytes)
      })

      it('is mended by another export', async () => {
        const { path, bytes } = await place.export({ path: target() })
        const [damaged] = form === 'file' ? [path] : [join(path, 'onnx', 'model.onnx_data')]
        flip(damaged, 1_500_000)
        await assert.rejects(place.import(path), { name: 'InvalidPackageError', message: /model.onnx_data is damaged/ })
        appendFileSync(damaged, 'more')
        const { kept } = await place.export({ path: target() })
        assert.ok(kept > 0 && kept < bytes)
        await place.import(path, place.path('mended'))
        assert.deepEqual(filesIn(place.path('mended')), CONTENTS)
      })

      it('never brings other contents, whichever byte is damaged', async function () {
        const { path } = await place.export({ path: target(), partBytes: form === 'folder' ? 700_000 : null })
        const files = form === 'file' ? [path] : Object.keys(filesIn(path)).map((name) => join(path, name))
        let refused = 0
        for (let round = 0; round < 60; round++) {
          // Small files as often as large ones; a prime step visits all of a file.
          const file = files[round % files.length]!
          const { size } = statSync(file)
          if (size === 0) continue
          // The manifest and the headers around it are the end of a file.
          const at = form === 'file' && round % 2 === 0 ? size - 1 - ((round * 37) % 3000) : (round * 7919 * 101) % size
          const restore = flip(file, at)
          rmSync(place.path('home'), { recursive: true, force: true })
          try {
            await place.import(path)
            assert.deepEqual(filesIn(place.path('home')), CONTENTS, `byte ${String(at)} of ${file}`)
          } catch (err) {
            assert.equal((err as Error).name, 'InvalidPackageError', `byte ${String(at)} of ${file}: ${String(err)}`)
            refused++
          }
          restore()
        }
        assert.ok(refused > 30, String(refused))
        await place.import(path)
      }).timeout(60_000)

      it('is refused when it is cut anywhere', async () => {
        const { path } = await place.export({ path: target() })
        const file = form === 'file' ? path : join(path, 'onnx', 'model.onnx_data')
        const whole = readFileSync(file)
        for (
          let length = whole.length - 1;
          length >= 0;
          length = length < 5000 ? length - 511 : Math.floor(length * 0.7)
        ) {
          // Behind the manifest stands nothing but the end.
          if (form === 'file' && length > whole.length - 1024) continue
          truncateSync(file, length)
          await assert.rejects(openPackage(path), { name: 'InvalidPackageError' }, String(length))
          writeFileSync(file, whole)
        }
      })

      it('needs room, on either side, before anything is written', async () => {
        const askDisk = () => Promise.resolve({ bavail: 1, bsize: 4096, type: 0 })
        await assert.rejects(place.export({ path: target(), askDisk }), {
          name: 'DiskFullError',
          message: /2\.5 MB are needed/
        })
        assert.deepEqual(readdirSync(place.stick), [])
        const source = await openPackage((await place.export({ path: target() })).path)
        await assert.rejects(finish(unpackPackage(source, place.path('home'), { askDisk })), { name: 'DiskFullError' })
        assert.deepEqual(readdirSync(place.path('home')), [])
      })

      it('does not take the place of another model unless it is told to', async () => {
        const { path } = await place.export({ path: target() })
        write(join(place.model, 'config.json'), '{"model_type":"other"}')
        const other = { path: target(), hash: 'cd'.repeat(32) }
        await assert.rejects(place.export(other), { name: 'ModelExistsError', message: /--replace/ })
        assert.equal((await openPackage(path)).manifest.hash, HASH)
        await place.export({ ...other, replace: true })
        assert.equal((await openPackage(path)).manifest.hash, other.hash)
      })

      it('is not completed when the model is another than it was taken for', async () => {
        let seen: readonly ManifestFile[] = []
        const check = (files: readonly ManifestFile[]): void => {
          seen = files
          throw new Error('another one')
        }
        await assert.rejects(place.export({ path: target(), check }), /another one/)
        assert.deepEqual(seen.map(({ path }) => path).sort(), Object.keys(CONTENTS).sort())
        await assert.rejects(openPackage(target()), { name: 'InvalidPackageError' })
      })

      it('is not completed when a file changes while it is copied', async () => {
        const { copy } = await place.writing({ path: target() })
        await copy.next()
        appendFileSync(join(place.model, 'onnx', 'model.onnx_data'), 'more')
        await assert.rejects(finish(copy), { name: 'FileUnusableError', message: /changed while it was copied/ })
      })
    })
  }

  it('is found on a stick by the folder around it, where it is the only one', async () => {
    await assert.rejects(openPackage(place.stick), {
      name: 'InvalidRequestError',
      message: /no model package in .*mesh model add/
    })
    const { path } = await place.export()
    assert.equal((await openPackage(place.stick)).path, path)
    await place.export({ name: 'other' })
    await assert.rejects(openPackage(place.stick), { message: /several .*other\.meshmodel, .*qwen\.meshmodel/ })
    await assert.rejects(openPackage(place.path('none')), { message: /There is no file or folder/ })
  })

  it('is split into parts that a disk takes, and joined again', async () => {
    const { path } = await place.export({ partBytes: 1_000_000 })
    const parts = Object.entries(filesIn(join(path, 'onnx'))).map(([name, { length }]) => [name, length])
    assert.deepEqual(parts, [
      ['model.onnx', 300_001],
      ['model.onnx_data.001', 1_000_000],
      ['model.onnx_data.002', 1_000_000],
      ['model.onnx_data.003', 200_000]
    ])
    await place.import(path)
    assert.deepEqual(filesIn(place.path('home')), CONTENTS)
    renameSync(join(path, 'onnx', 'model.onnx_data.002'), join(path, 'onnx', 'model.onnx_data.004'))
    await assert.rejects(place.import(path), {
      name: 'InvalidPackageError',
      message: /model\.onnx_data\.002 is missing/
    })
    // Other parts of the same model are in the way of nobody.
    await place.export({ partBytes: 2_000_000 })
    assert.deepEqual(readdirSync(join(path, 'onnx')), ['model.onnx', 'model.onnx_data.001', 'model.onnx_data.002'])
    await place.import(path)
  })

  it('is split by itself on FAT32, where one file in place of it is refused', async () => {
    const large = join(place.model, 'a.onnx_data')
    writeFileSync(large, '')
    truncateSync(large, 2 ** 32)
    const askDisk = () => Promise.resolve(FAT)
    const { copy } = await place.writing({ askDisk })
    for await (const step of copy) if (step.bytes > 1000) break
    assert.deepEqual(
      readdirSync(join(place.stick, 'qwen.meshmodel')).filter((name) => name.startsWith('a.')),
      ['a.onnx_data.001']
    )
    await assert.rejects(place.writing({ askDisk, path: join(place.stick, 'qwen.tar') }), {
      name: 'InvalidRequestError',
      message: /FAT32 .* at most 4 GB\. Name the folder/
    })
    // One byte less fits into one file.
    truncateSync(large, 2 ** 32 - 1)
    for await (const step of (await place.writing({ askDisk, name: 'whole' })).copy) if (step.bytes > 1000) break
    assert.ok(existsSync(join(place.stick, 'whole.meshmodel', 'a.onnx_data')))
  })

  it('as one file is a tar file that any tool unpacks, to a package again', async function () {
    if (process.platform === 'win32') this.skip()
    const { path } = await place.export({ path: join(place.stick, 'qwen.tar') })
    execFileSync('tar', ['-xf', path, '-C', place.folder('out')])
    await place.import(place.path('out'))
    assert.deepEqual(filesIn(place.path('home')), CONTENTS)
  })

  it('never writes over a file that is something else', async () => {
    const path = join(place.stick, 'holidays.tar')
    const header = encodeHeader({ path: 'holidays/beach.jpg', bytes: 0 })!
    for (const content of [Buffer.from('my thesis'), header]) {
      writeFileSync(path, content)
      await assert.rejects(place.export({ path, replace: true }), {
        name: 'FileUnusableError',
        message: /is another file/
      })
      assert.deepEqual(readFileSync(path), content)
    }
    write(join(place.stick, 'x', 'qwen.meshmodel'), 'a file')
    await assert.rejects(place.export({ path: join(place.stick, 'x') }), { name: 'FileUnusableError' })
  })

  it('as one file goes on where even its first header was torn', async () => {
    const path = join(place.stick, 'qwen.tar')
    writeFileSync(
      path,
      encodeHeader({ path: 'qwen.meshmodel/LICENSE', bytes: CONTENTS.LICENSE!.length })!.subarray(0, 256)
    )
    await assert.rejects(place.export({ path, name: 'other' }), { name: 'FileUnusableError' })
    await place.export({ path })
    await place.import(path)
  })

  it('says where it can go', async () => {
    const refused = { name: 'InvalidRequestError' }
    await assert.rejects(place.export({ path: join(place.stick, 'none') }), refused)
    await assert.rejects(place.export({ path: join(place.stick, 'none', 'a.tar') }), refused)
    const named = await place.export({ path: join(place.stick, 'mine.meshmodel') })
    assert.equal(named.path, join(place.stick, 'mine.meshmodel'))
  })

  describe('on a system with links', () => {
    before(function () {
      if (process.platform === 'win32') this.skip()
    })

    it('is refused with a link, a pipe or a folder in the place of a file, and with a folder behind a link', async () => {
      const { path } = await place.export()
      const file = join(path, 'config.json')
      const secret = place.path('secret')
      writeFileSync(secret, readFileSync(file))
      for (const [put, words] of [
        [
          () => {
            symlinkSync(secret, file)
          },
          /config\.json is no regular file/
        ],
        [
          () => {
            execFileSync('mkfifo', [file])
          },
          /config\.json is no regular file/
        ],
        [
          () => {
            mkdirSync(file)
          },
          /config\.json is no regular file/
        ],
        [
          () => {
            symlinkSync('/dev/zero', file)
          },
          /config\.json is no regular file/
        ]
      ] as const) {
        rmSync(file, { recursive: true })
        put()
        await assert.rejects(openPackage(path), { name: 'InvalidPackageError', message: words })
      }
      rmSync(file)
      writeFileSync(file, readFileSync(secret))
      renameSync(join(path, 'onnx'), place.path('onnx'))
      symlinkSync(place.path('onnx'), join(path, 'onnx'))
      await assert.rejects(openPackage(path), { message: /onnx is no folder/ })
      for (const manifest of ['/dev/zero', secret]) {
        rmSync(join(path, 'manifest.json'))
        symlinkSync(manifest, join(path, 'manifest.json'))
        await assert.rejects(openPackage(path), {
          name: 'InvalidPackageError',
          message: /manifest\.json: it is a link/
        })
      }
      rmSync(join(path, 'manifest.json'))
      execFileSync('mkfifo', [join(path, 'manifest.json')])
      await assert.rejects(openPackage(path), { message: /manifest\.json: it is no regular file/ })
      await assert.rejects(openPackage('/dev/zero'), { name: 'InvalidPackageError' })
    })

    it('is refused when a file is swapped for a link after it was looked at', async () => {
      const { path } = await place.export()
      const source = await openPackage(path)
      renameSync(join(path, 'config.json'), place.path('elsewhere'))
      symlinkSync(place.path('elsewhere'), join(path, 'config.json'))
      await assert.rejects(finish(unpackPackage(source, place.path('home'))), {
        name: 'InvalidPackageError',
        message: /it is a link/
      })
    })

    it('is not written through links that lie on the stick', async () => {
      const victim = place.folder('victim')
      mkdirSync(join(place.stick, 'qwen.meshmodel'))
      symlinkSync(victim, join(place.stick, 'qwen.meshmodel', 'onnx'))
      await assert.rejects(place.export(), { name: 'FileUnusableError', message: /is no folder/ })
      rmSync(join(place.stick, 'qwen.meshmodel', 'onnx'))
      writeFileSync(join(victim, 'file'), 'mine')
      rmSync(join(place.stick, 'qwen.meshmodel', 'config.json'))
      symlinkSync(join(victim, 'file'), join(place.stick, 'qwen.meshmodel', 'config.json'))
      await assert.rejects(place.export(), { name: 'FileUnusableError' })
      rmSync(join(place.stick, 'qwen.meshmodel'), { recursive: true })
      symlinkSync(victim, join(place.stick, 'qwen.meshmodel'))
      await assert.rejects(place.export(), { name: 'FileUnusableError' })
      assert.deepEqual(filesIn(victim), { file: Buffer.from('mine') })
    })

    it('holds no file of the owner that the model’s folder only links to', async () => {
      writeFileSync(place.path('secret'), 'key')
      symlinkSync(place.path('secret'), join(place.model, 'notes.txt'))
      await assert.rejects(place.export(), { name: 'BrokenModelError', message: /notes\.txt leads out of the model/ })
      rmSync(join(place.model, 'notes.txt'))
      symlinkSync(place.root, join(place.model, 'all'))
      await assert.rejects(place.export(), { name: 'BrokenModelError', message: /all leads out of the model/ })
      assert.deepEqual(readdirSync(place.stick), [])
    })

    it('holds the files that the cache of Hugging Face links to', async () => {
      const cache = place.folder('models--org--qwen')
      const snapshot = join(cache, 'snapshots', '0a1b')
      mkdirSync(join(snapshot, 'onnx'), { recursive: true })
      for (const [index, [path, content]] of Object.entries(CONTENTS).entries()) {
        // A file that somebody put there is no link.
        if (path === 'LICENSE') {
          write(join(snapshot, path), content)
          continue
        }
        write(join(cache, 'blobs', String(index)), content)
        symlinkSync(join(cache, 'blobs', String(index)), join(snapshot, path))
      }
      await place.import((await place.export({ folder: snapshot })).path)
      assert.deepEqual(filesIn(place.path('home')), CONTENTS)
    })
  })

  it('is refused when a file is larger than it says, before any of it is read', async () => {
    const { path } = await place.export()
    truncateSync(join(path, 'config.json'), 2 ** 40)
    await assert.rejects(openPackage(path), {
      name: 'InvalidPackageError',
      message: /1099511627776 bytes in place of 22/
    })
  })

  it('is refused as one file with entries that are not in the manifest, are there twice, or lie about their size', async () => {
    const { path } = await place.export({ path: join(place.stick, 'qwen.tar') })
    const whole = readFileSync(path)
    const entry = (name: string, bytes = 0): Buffer => encodeHeader({ path: `qwen.meshmodel/${name}`, bytes })!
    for (const [first, words] of [
      [entry('extra.txt'), /other files than/],
      [entry('config.json'), /config\.json is there twice/],
      [entry('../../x'), /other files than/],
      [encodeHeader({ path: 'other.meshmodel/x', bytes: 0 })!, /no file of a package/],
      [entry('huge', Number.MAX_SAFE_INTEGER - 511), /not complete/],
      [entry('huge', 8 ** 11), /not complete/]
    ] as const) {
      writeFileSync(path, Buffer.concat([first, whole]))
      await assert.rejects(openPackage(path), { name: 'InvalidPackageError', message: words })
    }
    writeFileSync(
      path,
      Buffer.concat([...Array.from({ length: 1100 }, (_, index) => entry(`f${String(index)}`)), whole])
    )
    await assert.rejects(openPackage(path), { name: 'InvalidPackageError', message: /more than 1000 files/ })
  })
})

/** Changes one bit; the answer changes it back. */
function flip(path: string, at: number): () => void {
  const change = (): void => {
    const byte = readFileSync(path).subarray(at, at + 1)
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.of(byte[0]! ^ 4), 0, 1, at)
    closeSync(file)
  }
  change()
  return change
}
