import assert from 'node:assert/strict'
import { once } from 'node:events'
import { joinEngines } from '../../../src/inference/engines.ts'
import type { LocalEngine } from '../../../src/inference/index.ts'
import { Bench, collect, entry, request, textOf } from './fixture.ts'
import { answerWith, beginStream, piece, vllm } from './scripted-server.ts'

describe('the health of another engine', () => {
  let bench: Bench

  beforeEach(() => {
    bench = new Bench()
  })

  afterEach(async () => {
    await bench.close()
  })

  it('that goes takes its models with it within moments, says why, and has them back as soon as it is', async () => {
    const { server, served, model } = await bench.with()
    await server.close()
    await bench.until(() => !served.has(model.hash))
    const [down] = served.list()
    assert.equal(down!.state, 'down')
    assert.match(down!.reason ?? '', /box does not answer at http.*: nothing listens there\./)
    assert.deepEqual(await served.models(), [])
    await assert.rejects(collect(served.generate(request(model.hash))), {
      name: 'UnknownModelError',
      message: /nothing listens/
    })
    await server.open()
    await bench.until(() => served.has(model.hash))
    assert.equal(textOf(await collect(served.generate(request(model.hash)))), 'Hello there.')
  })

  it('is back soon though it went and came between two tries to connect', async () => {
    const { server, served, model } = await bench.with({}, { touchMs: 300 })
    await server.close()
    await assert.rejects(collect(served.generate(request(model.hash))), { name: 'ServedEngineError' })
    await bench.until(() => served.list()[0]!.state === 'down')
    await server.open()
    await bench.until(() => served.has(model.hash))
  })

  it('leaves no line in its log while nothing happens', async () => {
    const { server } = await bench.with()
    const asked = server.asked.length
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal(server.asked.length, asked)
  })

  it('that was down at the start is there once it comes, and models() does not wait for one that is silent', async () => {
    const server = await bench.server()
    await server.close()
    const silent = await bench.server({ paths: { '/v1/models': () => undefined } })
    const served = bench.served([entry(server), entry(silent, { name: 'silent' })], { lookTimeoutMs: 60_000 })
    assert.deepEqual(await served.models(), [])
    assert.deepEqual(
      served.list().map(({ state }) => state),
      ['down', 'down']
    )
    await server.open()
    await bench.until(() => served.list()[0]!.state === 'up')
    assert.equal((await served.models()).length, 1)
  })

  it('sees models that came and went', async () => {
    const { server, served } = await bench.with({}, { lookMs: 60 })
    server.paths = vllm('Qwen3-4B', 'Qwen3-8B')
    await bench.until(() => served.list()[0]!.models.length === 2)
    server.paths = vllm('Qwen3-8B')
    await bench.until(() => served.list()[0]!.models.length === 1)
    assert.deepEqual(
      (await served.models()).map(({ name }) => name),
      ['Qwen3-8B']
    )
  })

  it('that is removed is asked nothing more, and what it was answering ends', async () => {
    const { served, model, server } = await bench.with({
      chat: (_call, response) => {
        beginStream(response)
        response.write(piece('One'))
      }
    })
    await assert.rejects(
      (async () => {
        for await (const { type } of served.generate(request(model.hash))) if (type === 'tokens') served.remove('box')
      })(),
      { name: 'ServedEngineError', message: /no longer used/ }
    )
    const { closed } = server.calls[0]!
    if (!closed.aborted) await once(closed, 'abort')
    assert.equal(served.remove('box'), false)
    assert.deepEqual([served.list(), await served.models()], [[], []])
  })

  it('is replaced by one of its name, and of two with one model the first that works is asked', async () => {
    const one = await bench.server({
      chat: (_call, response) => {
        answerWith(response, 'one')
      }
    })
    const two = await bench.server({
      chat: (_call, response) => {
        answerWith(response, 'two')
      }
    })
    const served = bench.served()
    await served.add(entry(one, { name: 'a' }))
    await served.add(entry(two, { name: 'b' }))
    const models = await served.models()
    assert.deepEqual(
      models.map(({ engine }) => engine),
      ['a']
    )
    const ask = async () => textOf(await collect(served.generate(request(models[0]!.hash))))
    assert.equal(await ask(), 'one')
    await one.close()
    await bench.until(() => served.list()[0]!.state === 'down')
    assert.equal(await ask(), 'two')
    await served.add(entry(two, { name: 'a', parameters: 5 }))
    assert.deepEqual(
      served.list().map(({ name, url, parameters }) => [name, url, parameters]),
      [
        ['a', two.url, 5],
        ['b', two.url, null]
      ]
    )
  })

  it('says of an address beyond this machine that what is said there can be read', async () => {
    const server = await bench.server({ host: '0.0.0.0' })
    const served = bench.served()
    const near = await served.add(entry(server))
    assert.deepEqual(near.remarks.length, 1)
    const { networkInterfaces } = await import('node:os')
    const far = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)
    if (far === undefined) return
    const info = await served.add(entry({ url: `http://${far.address}:${server.port}` }, { name: 'far' }))
    assert.ok(
      info.remarks.some((remark) => remark.includes('not encrypted')),
      info.remarks.join(' ')
    )
  })

  it('together with the engine of this device is one engine', async () => {
    const { served, model } = await bench.with()
    const asked: string[] = []
    const local = {
      models: () => Promise.resolve([{ ...model, name: 'mini', hash: 'cd'.repeat(32) }]),
      measure: (hash: string) => {
        asked.push(`measure ${hash}`)
        return Promise.resolve({ decodeRate: 1, prefillRate: 1 })
      },
      generate: ({ model: hash }: { model: string }) => {
        asked.push(`generate ${hash}`)
        return (async function* () {
          /* nothing to say */
        })()
      },
      unload: (hash: string) => {
        asked.push(`unload ${hash}`)
        return Promise.resolve()
      },
      stop: () => Promise.resolve(void asked.push('stop')),
      providers: () => [],
      hardware: () => 'a CPU',
      pid: () => 7,
      memory: () => Promise.resolve(8)
    } as unknown as LocalEngine
    const engine = joinEngines(local, served)
    assert.deepEqual(
      (await engine.models()).map(({ name }) => name),
      ['Qwen3-4B', 'mini']
    )
    assert.equal(textOf(await collect(engine.generate(request(model.hash)))), 'Hello there.')
    await collect(engine.generate(request('cd'.repeat(32))))
    assert.ok((await engine.measure(model.hash)).decodeRate > 1)
    await engine.measure('cd'.repeat(32))
    await engine.unload(model.hash)
    assert.deepEqual([engine.hardware(), engine.pid(), await engine.memory()], ['a CPU', 7, 8])
    await engine.stop()
    assert.deepEqual(asked, [`generate ${'cd'.repeat(32)}`, `measure ${'cd'.repeat(32)}`, 'stop'])
  })
})
