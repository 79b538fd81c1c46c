import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { ConfigError, HomeInUseError, HomeUnusableError, IdentityError } from '../../src/errors.ts'
import { loadControlToken, loadOrCreateControlToken } from '../../src/node/control-token.ts'
import { openDatabase } from '../../src/node/database.ts'
import { loadIdentity, loadOrCreateIdentity } from '../../src/node/identity.ts'
import { takeLock, takeLockSoon } from '../../src/node/lock.ts'
import { pathsOf } from '../../src/node/paths.ts'
import { deviceMemory, machineMemory } from '../../src/node/device-memory.ts'
import { ModelChoice } from '../../src/node/model-choice.ts'
import { defaultName, resolveSettings } from '../../src/node/settings.ts'
import { measurementStore, peerStore } from '../../src/node/stores.ts'

describe('a home', () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'mesh-home-'))
  })
  afterEach(() => {
    rmSync(home, { recursive: true, force: true })
  })

  describe('paths', () => {
    it('prefers --home, then MESH_HOME, then the place of the system', () => {
      assert.equal(pathsOf('/a', { home: '/b', xdgDataHome: '/c' }).home, '/a')
      assert.equal(pathsOf(undefined, { home: '/b', xdgDataHome: '/c' }).home, '/b')
      if (process.platform === 'linux') assert.equal(pathsOf(undefined, { xdgDataHome: '/c' }).home, '/c/ownmesh')
    })

    it('keeps the control socket under the length that the kernel cuts, at any depth of home', () => {
      const short = pathsOf('/h/mesh')
      assert.equal(short.controlSocket, '/h/mesh/control.sock')
      const deep = pathsOf(`/${'h'.repeat(150)}`, { xdgRuntimeDir: '/run/user/1000' })
      assert.match(deep.controlSocket, /^\/run\/user\/1000\/[0-9a-f]{16}\/control\.sock$/)
      assert.notEqual(
        deep.controlSocket,
        pathsOf(`/${'i'.repeat(150)}`, { xdgRuntimeDir: '/run/user/1000' }).controlSocket
      )
    })
  })

  describe('identity', () => {
    it('is created once, for its owner alone, and stays the same', async () => {
      const paths = pathsOf(home)
      assert.equal(loadIdentity(paths), null)
      const created = await loadOrCreateIdentity(paths)
      assert.match(created.id, /^12D3KooW/)
      assert.equal((await loadOrCreateIdentity(paths)).id, created.id)
      assert.equal(statSync(paths.privateKey).mode & 0o777, 0o600)
      assert.equal(statSync(paths.identity).mode & 0o777, 0o700)
    })

    it('is refused when others can read it, with the command that mends it', async () => {
      const paths = pathsOf(home)
      await loadOrCreateIdentity(paths)
      chmodSync(paths.privateKey, 0o644)
      assert.throws(
        () => loadIdentity(paths),
        (err: Error) => err instanceof IdentityError && /chmod 600/.test(err.message)
      )
    })

    it('is refused when it is damaged, and never replaced', async () => {
      const paths = pathsOf(home)
      mkdirSync(paths.identity, { mode: 0o700 })
      for (const damage of ['', 'not a key', '\u0008\u0001']) {
        writeFileSync(paths.privateKey, damage, { mode: 0o600 })
        await assert.rejects(loadOrCreateIdentity(paths), IdentityError)
      }
    })

    it('has a control token of 32 bytes that is created once', () => {
      const paths = pathsOf(home)
      assert.equal(loadControlToken(paths), null)
      const token = loadOrCreateControlToken(paths)
      assert.equal(token.length, 32)
      assert.deepEqual(Buffer.from(loadOrCreateControlToken(paths)), Buffer.from(token))
    })
  })

  describe('lock', () => {
    it('refuses a second holder and names the first', () => {
      const paths = pathsOf(home)
      const lock = takeLock(paths, 'join')
      assert.throws(
        () => takeLock(paths, 'ask'),
        (err: Error) => err instanceof HomeInUseError && err.message.includes(`Process ${process.pid} (mesh join)`)
      )
      lock.release()
      takeLock(paths, 'ask').release()
    })

    it('is waited for where a verb only passes by, and not where a node has it', async () => {
      const paths = pathsOf(home)
      const visit = takeLock(paths, 'ask')
      const soon = takeLockSoon(paths, 'join')
      // The first look is over; the visit ends.
      visit.release()
      const lock = await soon
      // It does not even look again.
      const outcome = Promise.race([takeLockSoon(paths, 'join'), setImmediate('it waits')])
      await assert.rejects(outcome, HomeInUseError)
      lock.release()
    })

    it('is waited for where its holder has not said who it is', async () => {
      const paths = pathsOf(home)
      const visit = takeLock(paths, 'join')
      rmSync(paths.lockHolder)
      const soon = takeLockSoon(paths, 'join')
      visit.release()
      const lock = await soon
      lock.release()
    })

    it('is freed by the death of its holder', () => {
      const paths = pathsOf(home)
      const lockModule = pathToFileURL(join(import.meta.dirname, '../../src/node/lock.js')).href
      const program = `
        const { takeLock } = await import(${JSON.stringify(lockModule)})
        takeLock(${JSON.stringify(paths)}, 'join')
        process.kill(process.pid, 'SIGKILL')`
      const { signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', program])
      assert.equal(signal, 'SIGKILL')
      assert.ok(existsSync(paths.lockHolder), 'the holder left its note behind')
      takeLock(paths, 'join').release()
    })

    it('says so where the home cannot be made', () => {
      writeFileSync(join(home, 'file'), '')
      assert.throws(() => takeLock(pathsOf(join(home, 'file', 'deeper')), 'join'), HomeUnusableError)
    })
  })

  describe('database', () => {
    it('keeps measurements and peers over a restart', () => {
      const paths = pathsOf(home)
      let database = openDatabase(paths)
      measurementStore(database).set('rate', '42')
      peerStore(database).save({ id: 'b', name: 'desktop', addresses: ['/ip4/127.0.0.1/tcp/1'], seen: 2 })
      peerStore(database).save({ id: 'a', name: 'laptop', addresses: [], seen: 1 })
      database.close()
      database = openDatabase(paths)
      assert.equal(measurementStore(database).get('rate'), '42')
      assert.equal(measurementStore(database).get('other'), undefined)
      assert.deepEqual(
        peerStore(database)
          .all()
          .map(({ name }) => name),
        ['desktop', 'laptop']
      )
      database.close()
    })

    it('refuses a schema of a newer release with a sentence', () => {
      const paths = pathsOf(home)
      const database = openDatabase(paths)
      database.exec('PRAGMA user_version = 99')
      database.close()
      assert.throws(
        () => openDatabase(paths),
        (err: Error) => err instanceof HomeUnusableError && /newer release/.test(err.message)
      )
    })

    it('names a file that is no database', () => {
      const paths = pathsOf(home)
      writeFileSync(paths.database, 'x'.repeat(5000))
      assert.throws(
        () => openDatabase(paths),
        (err: Error) => err instanceof HomeUnusableError && err.message.includes(paths.database)
      )
    })
  })

  describe('settings', () => {
    it('take flag over environment over config over default', () => {
      const config = join(home, 'config.json')
      writeFileSync(config, JSON.stringify({ name: 'from-config', port: 1, answer: 'no' }))
      const settings = resolveSettings({ port: 3 }, config, { port: '2', name: 'from-env' }, 'host.example')
      assert.equal(settings.port, 3)
      assert.equal(settings.portChosen, true)
      assert.equal(settings.name, 'from-env')
      assert.equal(settings.answer, 'no')
      assert.deepEqual(settings.listen, ['0.0.0.0'])
      assert.equal(resolveSettings({}, join(home, 'none'), {}, 'h').portChosen, false)
    })

    it('give the models half of the memory, or what the owner says, and no more than there is', () => {
      const { memory, keepAlive } = resolveSettings({}, join(home, 'none'), {}, 'h')
      assert.deepEqual([memory, keepAlive], [null, 30 * 60_000])
      const read = (environment: object) => resolveSettings({}, join(home, 'none'), environment, 'h')
      assert.equal(read({ memory: '3G' }).memory, 3e9)
      assert.equal(read({ memory: '1.5 GiB' }).memory, 1.5 * 2 ** 30)
      assert.deepEqual(
        ['0', 'forever', '45s', '2h'].map((keep) => read({ keepAlive: keep }).keepAlive),
        [0, Infinity, 45_000, 7_200_000]
      )
      assert.deepEqual(deviceMemory(null, 4e9), { budget: 2e9, total: 4e9 })
      assert.deepEqual(deviceMemory(3e9, 4e9), { budget: 3e9, total: 4e9 })
      assert.throws(() => deviceMemory(5e9, 4e9), { name: 'ConfigError', message: /5\.0 GB.*has 4\.0 GB/ })
      // In a container its limit counts; without one Node says 0 or more than any memory.
      assert.deepEqual([machineMemory(1e9, 4e9), machineMemory(0, 4e9), machineMemory(2 ** 64, 4e9)], [1e9, 4e9, 4e9])
    })

    it('keep the model that its owner chose beside what is written there', () => {
      const config = join(home, 'config.json')
      writeFileSync(config, JSON.stringify({ name: 'desktop' }))
      const choice = new ModelChoice(config, resolveSettings({}, config, {}, 'h').model)
      assert.equal(choice.name, null)
      choice.set('qwen')
      assert.deepEqual(JSON.parse(readFileSync(config, 'utf8')), { name: 'desktop', model: 'qwen' })
      assert.equal(resolveSettings({}, config, {}, 'h').model, 'qwen')
      choice.set(null)
      assert.deepEqual(JSON.parse(readFileSync(config, 'utf8')), { name: 'desktop' })
      writeFileSync(config, '{"name":')
      assert.throws(() => {
        choice.set('qwen')
      }, ConfigError)
    })

    it('name the source of a value that cannot be used', () => {
      const refused = (given: object, environment: object, words: RegExp) => {
        assert.throws(
          () => resolveSettings(given, join(home, 'none'), environment),
          (err: Error) => err instanceof ConfigError && words.test(err.message)
        )
      }
      refused({ port: 70_000 }, {}, /port in the options is 70000/)
      refused({}, { maxRate: 'fast' }, /maxRate in the environment is "fast"/)
      refused({ name: 'two words' }, {}, /name in the options/)
      refused({}, { answer: 'maybe' }, /'yes' or 'no'/)
      refused({}, { memory: 'plenty' }, /memory in the environment is "plenty", but a size is such as 3G/)
      refused({ keepAlive: '30' }, {}, /keepAlive in the options is "30", but a time is such as 30m/)
      refused({}, { discovery: 'smoke' }, /'mdns' and 'beacon'/)
      writeFileSync(join(home, 'none'), '{"name":')
      refused({}, {}, /Cannot use .*none/)
    })

    it('make a name of any host name', () => {
      assert.equal(defaultName('Desktop.fritz.box'), 'desktop')
      assert.equal(defaultName("Anna's iMac"), 'annasimac')
      assert.equal(defaultName('…'), 'device')
    })
  })
})
