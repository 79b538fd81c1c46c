import assert from 'node:assert/strict'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import type { ModelCopyEvent } from '../../../src/interface.ts'
import { copyEvents } from '../../../src/node/library/copy-events.ts'
import type { Manifest } from '../../../src/packages/manifest.ts'
import { Shelf, done } from './shelf.ts'

describe('the library of a device', () => {
  let shelf: Shelf
  const names = async (): Promise<string[]> => (await shelf.list()).map(({ name }) => name)

  beforeEach(() => {
    shelf = new Shelf()
  })
  afterEach(() => {
    shelf.close()
  })

  /** Changes a package's manifest as a liar would. */
  function lie(path: string, change: (manifest: Manifest) => unknown): void {
    const file = join(path, 'manifest.json')
    writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as Manifest)))
  }

  describe('import', () => {
    it('lists what came, tells of it once it is listed, and does not read it again', async () => {
      const path = await shelf.package('qwen')
      const events: ModelCopyEvent[] = []
      shelf.onChange = () => {
        shelf.onSet = (key) => {
          assert.ok(!key.startsWith('sha256'), `hashed again: ${key}`)
        }
      }
      for await (const event of shelf.library.import({ path })) {
        events.push(event)
        if (event.type === 'progress') assert.deepEqual(await names(), [])
      }
      assert.deepEqual([events[0]?.type, events.at(-1)?.type], ['started', 'done'])
      assert.deepEqual(shelf.changes, [['qwen']])
      assert.deepEqual(shelf.entries(), ['qwen'])
      const [info] = await shelf.list()
      assert.deepEqual([info?.broken, info?.hash], [null, (events.at(-1) as { hash: string }).hash])
    })

    it('says so when the model is here, by whatever name', async () => {
      const path = await shelf.package('qwen')
      await done(shelf.library.import({ path, name: 'first' }))
      const again = await done(shelf.library.import({ path }))
      assert.deepEqual([again.outcome, again.name], ['known', 'first'])
      assert.equal((await done(shelf.library.import({ path, name: 'first' }))).outcome, 'known')
      assert.equal((await done(shelf.library.import({ path, name: 'second' }))).outcome, 'imported')
      assert.deepEqual(shelf.entries(), ['first', 'second'])
    })

    it('does not take a name that another model has, until it is told to replace it', async () => {
      await done(shelf.library.import({ path: await shelf.package('qwen') }))
      const [before] = await shelf.list()
      const path = await shelf.package('other', { fixture: 'half', as: 'qwen2' })
      const taken = { name: 'ModelExistsError', message: /--name.*--replace/ }
      await assert.rejects(done(shelf.library.import({ path, name: 'qwen' })), taken)
      // One folder on some systems: it cannot be replaced by that name.
      await assert.rejects(done(shelf.library.import({ path, name: 'QWEN', replace: true })), {
        name: 'ModelExistsError'
      })
      await done(shelf.library.import({ path, name: 'qwen', replace: true }))
      const [after] = await shelf.list()
      assert.notEqual(after?.hash, before?.hash)
      assert.equal(after?.broken, null)
      assert.deepEqual(shelf.entries(), ['qwen'])
      const built = { name: 'ModelExistsError', message: /^((?!--replace).)*$/ }
      await assert.rejects(done(shelf.library.import({ path, name: 'mini', replace: true })), built)
    })

    it('takes the place of a folder that was added', async () => {
      await shelf.library.add({ path: shelf.modelFolder('qwen') })
      const path = await shelf.package('other', { fixture: 'half' })
      await done(shelf.library.import({ path, name: 'qwen', replace: true }))
      assert.deepEqual(shelf.entries(), ['qwen'])
      assert.equal((await shelf.list())[0]?.path, undefined)
      assert.ok(existsSync(join(shelf.root, 'elsewhere', 'qwen', 'config.json')))
    })

    it('refuses a package that is another model than it says, and keeps nothing of it', async () => {
      const path = await shelf.package('qwen')
      lie(path, (manifest) => ({ ...manifest, hash: 'cd'.repeat(32) }))
      await assert.rejects(done(shelf.library.import({ path })), {
        name: 'InvalidPackageError',
        message: /another model than its manifest says/
      })
      assert.deepEqual(shelf.entries(), [])
      assert.deepEqual(shelf.changes, [])
    })

    it('refuses a package of what is no model, naming the file, and keeps nothing of it', async () => {
      const path = await shelf.package('qwen')
      lie(path, (manifest) => ({ ...manifest, files: manifest.files.filter((file) => file.path !== 'tokenizer.json') }))
      await assert.rejects(done(shelf.library.import({ path })), {
        name: 'InvalidPackageError',
        message: /cannot be used: tokenizer\.json is missing\./
      })
      assert.deepEqual(shelf.entries(), [])
    })

    it('refuses damaged contents, and keeps nothing of them', async () => {
      const path = await shelf.package('qwen')
      const file = join(path, 'extra.bin')
      const content = readFileSync(file)
      content[2_400_000]! ^= 1
      writeFileSync(file, content)
      await assert.rejects(done(shelf.library.import({ path })), {
        name: 'InvalidPackageError',
        message: /extra\.bin is damaged/
      })
      assert.deepEqual(shelf.entries(), [])
    })

    it('goes on after it was interrupted, and clears away what was left of other packages', async () => {
      const path = await shelf.package('qwen')
      const interrupted = async (from: string): Promise<void> => {
        const controller = new AbortController()
        const copy = shelf.library.import({ path: from, signal: controller.signal })
        await assert.rejects(async () => {
          for await (const { type } of copy) if (type === 'progress') controller.abort(new Error('Ctrl-C'))
        }, /Ctrl-C/)
      }
      await interrupted(await shelf.package('other', { fixture: 'half' }))
      const [left] = shelf.entries()
      assert.match(left!, /^\.incoming-/)
      await interrupted(path)
      assert.equal(shelf.entries().length, 1)
      assert.notEqual(shelf.entries()[0], left)
      assert.deepEqual(await names(), [])
      const { kept } = await done(shelf.open().import({ path }))
      assert.ok(kept > 0)
      assert.deepEqual(shelf.entries(), ['qwen'])
    })

    it('is one at a time', async () => {
      const path = await shelf.package('qwen')
      const copy = shelf.library.import({ path })[Symbol.asyncIterator]()
      await copy.next()
      const busy = { name: 'BusyError', message: /importing .*qwen\.meshmodel/ }
      await assert.rejects(done(shelf.library.import({ path })), busy)
      await assert.rejects(shelf.library.remove({ name: 'qwen' }), busy)
      await copy.return?.()
      await done(shelf.library.import({ path }))
    })

    it('waits for one that was interrupted to end', async () => {
      const path = await shelf.package('qwen')
      const controller = new AbortController()
      const copy = shelf.library.import({ path, signal: controller.signal })[Symbol.asyncIterator]()
      await copy.next()
      controller.abort(new Error('Ctrl-C'))
      const again = done(shelf.library.import({ path }))
      const third = done(shelf.library.import({ path })).catch((err: unknown) => (err as Error).name)
      await assert.rejects(copy.next(), /Ctrl-C/)
      assert.equal((await again).outcome, 'imported')
      assert.equal(await third, 'BusyError')
    })

    it('ends when the node does, and says how to go on', async () => {
      const path = await shelf.package('qwen')
      const copy = shelf.library.import({ path })[Symbol.asyncIterator]()
      await copy.next()
      shelf.library.stop()
      const stopped = { name: 'NodeUnreachableError', message: /goes on where it ended/ }
      await assert.rejects(async () => {
        while ((await copy.next()).done !== true);
      }, stopped)
      await assert.rejects(done(shelf.library.import({ path })), stopped)
    })

    it('checks what it is asked', async () => {
      const path = await shelf.package('qwen')
      const refused = { name: 'InvalidRequestError' }
      await assert.rejects(done(shelf.library.import({ path: 'relative' })), refused)
      await assert.rejects(done(shelf.library.import({ path: 7 as never })), refused)
      for (const name of ['../x', '.x', 'a/b', 'x.path', 'con', 7 as never]) {
        await assert.rejects(done(shelf.library.import({ path, name })), refused)
      }
      await assert.rejects(done(shelf.library.export({ name: 'mini', path: shelf.stick, partBytes: 1 })), refused)
      await assert.rejects(done(shelf.library.export({ name: 'mini', path: shelf.stick, as: '../x' })), refused)
      assert.deepEqual(shelf.entries(), [])
    })
  })

  describe('export', () => {
    it('does not complete a package of a model whose files have changed since it was listed', async () => {
      const path = shelf.modelFolder('qwen')
      await shelf.library.add({ path })
      const copy = shelf.library.export({ name: 'qwen', path: shelf.stick })[Symbol.asyncIterator]()
      await copy.next()
      // Of the same size: only the contents tell.
      const config = readFileSync(join(path, 'config.json'))
      config[config.length - 2]! ^= 4
      writeFileSync(join(path, 'config.json'), config)
      await assert.rejects(
        async () => {
          while ((await copy.next()).done !== true);
        },
        { name: 'BrokenModelError', message: /not what they were when it was listed/ }
      )
      await assert.rejects(done(shelf.library.import({ path: shelf.stick, name: 'x' })), { message: /not complete/ })
    })

    it('refuses a broken model', async () => {
      mkdirSync(shelf.models, { recursive: true })
      cpSync(shelf.modelFolder('qwen'), join(shelf.models, 'qwen'), { recursive: true })
      rmSync(join(shelf.models, 'qwen', 'tokenizer.json'))
      await assert.rejects(done(shelf.library.export({ name: 'qwen', path: shelf.stick })), {
        name: 'BrokenModelError',
        message: /tokenizer\.json is missing/
      })
      assert.deepEqual(readdirSync(shelf.stick), [])
    })
  })

  describe('add', () => {
    it('lists a folder where it lies, says when it is gone, and has it again when it is back', async () => {
      const path = shelf.modelFolder('qwen')
      const added = await shelf.library.add({ path: `${path}/` })
      assert.deepEqual([added.name, added.path, added.broken], ['qwen', path, null])
      assert.deepEqual(shelf.entries(), ['qwen.path'])
      assert.deepEqual(shelf.changes, [['qwen']])
      renameSync(path, `${path}-away`)
      const [gone] = await shelf.list()
      assert.deepEqual([gone?.name, gone?.path], ['qwen', path])
      assert.match(gone?.broken ?? '', /The folder .*qwen is gone\. .*mesh model rm qwen/)
      renameSync(`${path}-away`, path)
      assert.equal((await shelf.list())[0]?.broken, null)
    })

    it('does nothing when the folder is listed already, and refuses another one by that name', async () => {
      const path = shelf.modelFolder('qwen')
      await shelf.library.add({ path })
      assert.equal((await shelf.library.add({ path, name: 'again' })).name, 'qwen')
      assert.equal(shelf.changes.length, 1)
      const other = shelf.modelFolder('other')
      await assert.rejects(shelf.library.add({ path: other, name: 'QWEN' }), { name: 'ModelExistsError' })
      await assert.rejects(shelf.library.add({ path: other, name: 'mini' }), { name: 'ModelExistsError' })
      await shelf.library.add({ path: other, name: 'second' })
      assert.deepEqual(await names(), ['qwen', 'second'])
    })

    it('refuses a folder that holds no model, naming what is missing', async () => {
      const path = shelf.modelFolder('qwen')
      rmSync(join(path, 'tokenizer.json'))
      await assert.rejects(shelf.library.add({ path }), {
        name: 'BrokenModelError',
        message: /tokenizer\.json is missing/
      })
      await assert.rejects(shelf.library.add({ path: join(shelf.root, 'none') }), {
        name: 'BrokenModelError',
        message: /is gone/
      })
      await assert.rejects(shelf.library.add({ path: join(shelf.root, 'ü b') }), {
        name: 'InvalidRequestError',
        message: /--name/
      })
      assert.deepEqual(shelf.entries(), [])
    })

    it('lists a damaged reference as broken, and nothing else suffers', async () => {
      await shelf.library.add({ path: shelf.modelFolder('qwen') })
      writeFileSync(join(shelf.models, 'odd.path'), 'not absolute')
      mkdirSync(join(shelf.models, 'folder.path'))
      const broken = (await shelf.list()).map(({ name, broken }) => [name, broken === null])
      assert.deepEqual(broken, [
        ['odd', false],
        ['qwen', true]
      ])
    })
  })

  describe('remove', () => {
    it('erases what lies here, and only forgets what lies elsewhere', async () => {
      const path = shelf.modelFolder('elsewhere')
      await shelf.library.add({ path })
      await done(shelf.library.import({ path: await shelf.package('qwen', { fixture: 'half' }) }))
      assert.equal((await shelf.library.remove({ name: 'qwen' })).name, 'qwen')
      assert.deepEqual(shelf.entries(), ['elsewhere.path'])
      assert.equal((await shelf.library.remove({ name: 'elsewhere' })).path, path)
      assert.deepEqual(shelf.entries(), [])
      assert.ok(existsSync(join(path, 'config.json')))
      assert.deepEqual(shelf.changes.slice(-2), [['elsewhere'], []])
    })

    it('removes a broken model, and no reference of its name appears in its place', async () => {
      await shelf.library.add({ path: shelf.modelFolder('qwen') })
      cpSync(shelf.modelFolder('x'), join(shelf.models, 'qwen'), { recursive: true })
      rmSync(join(shelf.models, 'qwen', 'config.json'))
      await shelf.library.remove({ name: 'qwen' })
      assert.deepEqual(shelf.entries(), [])
    })
  })

  it('mends at its beginning what a death has left', () => {
    const put = (entry: string): void => {
      cpSync(shelf.modelFolder('x'), join(shelf.models, entry), { recursive: true })
    }
    put('.replaced-gone')
    put('.replaced-there')
    put('there')
    put('.removed-0a1b2c')
    writeFileSync(join(shelf.models, '.0a1b2c3d4e5f.tmp'), 'half')
    writeFileSync(join(shelf.models, '.mine'), '')
    appendFileSync(join(shelf.models, 'there', 'extra.bin'), 'new')
    shelf.open()
    assert.deepEqual(shelf.entries(), ['.mine', 'gone', 'there'])
    assert.equal(readFileSync(join(shelf.models, 'there', 'extra.bin')).length, 2_500_003)
  })
})

describe('the progress of a copy', () => {
  it('is told ten times a second, and at the end', async () => {
    let now = 0
    async function* copy(): AsyncGenerator<{ bytes: number; kept: number }, void> {
      for (let step = 0; step < 50; step++) {
        now += 10
        await Promise.resolve()
        yield { bytes: 2, kept: step < 5 ? 2 : 0 }
      }
    }
    const told: number[] = []
    const events = copyEvents(copy(), 100, () => now)
    let end = await events.next()
    for (; end.done !== true; end = await events.next()) {
      if (end.value.type === 'progress') told.push(end.value.bytes)
    }
    assert.deepEqual(told, [2, 22, 42, 62, 82, 100])
    assert.equal(end.value, 10)
  })
})
