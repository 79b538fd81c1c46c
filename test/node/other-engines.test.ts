import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServed } from '../../src/inference/served/index.ts'
import type { Served } from '../../src/inference/served/index.ts'
import { openDatabase } from '../../src/node/database.ts'
import { OtherEngines } from '../../src/node/other-engines.ts'
import { pathsOf } from '../../src/node/paths.ts'
import { engineStore } from '../../src/node/stores.ts'
import { ScriptedServer } from '../inference/served/scripted-server.ts'

describe('the other engines of a home', () => {
  let home: string
  let server: ScriptedServer
  let database: ReturnType<typeof openDatabase>
  let served: Served
  let engines: OtherEngines

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'ownmesh-'))
    server = await ScriptedServer.start()
    open()
  })

  afterEach(async () => {
    await shut()
    await server.close()
    await rm(home, { recursive: true, force: true })
  })

  function open(): void {
    database = openDatabase(pathsOf(home))
    const store = engineStore(database)
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined }
    const measurements = { get: () => undefined, set: () => undefined }
    served = createServed({ engines: store.all(), measurements, log, changed: () => undefined })
    engines = new OtherEngines({ served, store })
  }

  async function shut(): Promise<void> {
    await served.stop()
    database.close()
  }

  it('are kept as they were added, and gone when they were removed', async () => {
    await engines.add({ name: 'box', url: `${server.url}/v1/`, parameters: 5e9 })
    await shut()
    open()
    const [info] = await engines.list()
    assert.deepEqual([info!.name, info!.url, info!.parameters, info!.state], ['box', server.url, 5e9, 'up'])
    await engines.remove({ name: 'box' })
    await assert.rejects(engines.remove({ name: 'box' }), { name: 'UnknownEngineError', message: /There is none/ })
    await shut()
    open()
    assert.deepEqual(await engines.list(), [])
  })

  it('are not kept when they cannot be used', async () => {
    await server.close()
    await assert.rejects(engines.add({ name: 'box', url: server.url }), { name: 'ServedEngineError' })
    assert.deepEqual([await engines.list(), engineStore(database).all()], [[], []])
  })

  it('are refused by what cannot be a name, an address, a key or a size', async () => {
    const good = { name: 'box', url: server.url }
    const bad: object[] = [
      { name: '' },
      { name: '-rf' },
      { name: 'a b' },
      { name: 'a\u001b[31m' },
      { name: 'x'.repeat(64) },
      { name: 7 },
      { url: 'box' },
      { url: 7 },
      { keyFile: 'relative/key' },
      { keyFile: 7 },
      { parameters: 0 },
      { parameters: 1.5 },
      { parameters: 1e30 },
      { parameters: '8b' }
    ]
    for (const changes of bad) {
      await assert.rejects(
        engines.add({ ...good, ...changes }),
        { name: 'InvalidRequestError' },
        JSON.stringify(changes)
      )
    }
    assert.deepEqual(server.asked, [])
  })

  it('are asked nothing of by a signal that was aborted', async () => {
    const reason = new Error('too late')
    const signal = AbortSignal.abort(reason)
    const is = (error: unknown) => error === reason
    await assert.rejects(engines.add({ name: 'box', url: server.url, signal }), is)
    await assert.rejects(engines.list({ signal }), is)
    await assert.rejects(engines.remove({ name: 'box', signal }), is)
    await assert.rejects(engines.look({ signal }), is)
  })
})
