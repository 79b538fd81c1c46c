import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { DecoderSession } from '../../src/inference/decoder-session.ts'
import type { SessionOptions } from '../../src/inference/decoder-session.ts'
import { PREFILL_CHUNK } from '../../src/inference/batch-plan.ts'
import { PLACES, WORTH_BYTES, newOf, rewire } from '../../src/inference/graph-rewrite.ts'
import type { Wishes } from '../../src/inference/graph-rewrite.ts'
import { RUNTIME_PACKAGE, loadRuntime } from '../../src/inference/runtime.ts'
import type { Runtime } from '../../src/inference/runtime.ts'
import { argmax } from '../../src/inference/sampling.ts'
import { makeBigModel } from './big-model.ts'
import { FIXTURES, ROOT, ask, answer as engineAnswer, hashOf, testEngine } from './fixture.ts'

const MODELS = join(FIXTURES, 'models')
const AS_IT_IS: Wishes = { lastRow: false, newRowsFrom: Infinity }
const LAST_ROW: Wishes = { lastRow: true, newRowsFrom: Infinity }
const ALL: Wishes = { lastRow: true, newRowsFrom: 0 }
/** Those that are told how many tokens there are. */
const PADDED = ['fused', 'q4', 'q4f16', 'mini']

function graphOf(name: string): string {
  const folder = name === 'mini' ? join(ROOT, 'models', 'mini', 'onnx') : join(MODELS, name, 'onnx')
  return join(folder, readdirSync(folder).find((file) => file.endsWith('.onnx')) ?? '')
}

const names = readdirSync(MODELS).filter((name) => !name.includes('.'))

type Run = (feeds: Record<string, Tensor>, fetches: string[]) => Promise<Record<string, Tensor>>

describe('a rewired graph', function () {
  // Some seconds each on a loaded machine.
  this.timeout(60_000)
  let runtime: Runtime
  before(async () => {
    runtime = await loadRuntime(RUNTIME_PACKAGE)
  })

  /** What was said of rewirings that did not come about. */
  let remarks: string[]
  /** Whether each graph that was opened was a rewired one, and how often one was let go. */
  let opened: boolean[]
  let released: number
  beforeEach(() => {
    ;[remarks, opened, released] = [[], [], 0]
  })

  /** The runtime, with runs of rewired graphs as a test wants them. */
  function watched(run: (run: Run) => Run = (own) => own, open: () => void = () => undefined): Runtime {
    const { InferenceSession: Session, Tensor } = runtime
    const create = async (graph: string & Uint8Array, options: InferenceSession.SessionOptions) => {
      opened.push(typeof graph !== 'string')
      if (typeof graph !== 'string') open()
      const session = await Session.create(graph, options)
      const own = session.run.bind(session) as unknown as Run
      const release = session.release.bind(session)
      session.release = () => {
        released++
        return release()
      }
      if (typeof graph !== 'string') session.run = run(own) as never
      return session
    }
    return { Tensor, InferenceSession: { create } } as unknown as Runtime
  }

  function open(path: string, rewiring: Wishes, own: Runtime = runtime): Promise<DecoderSession> {
    const remark = (text: string): void => void remarks.push(text)
    return DecoderSession.create(own, path, { provider: 'cpu', threads: 1, rewiring, remark })
  }

  /** The greedy answer to a prompt of more than one chunk, read and written past some growths of the buffers. */
  async function answer(session: DecoderSession, tokens = 140): Promise<number[]> {
    const prompt = Array.from({ length: 90 }, (_, index) => (index * 37 + 5) % Math.min(session.vocabulary, 260))
    const said: number[] = []
    let cache = session.empty()
    let logits: Float32Array = new Float32Array(0)
    for (let from = 0; from < prompt.length; from += PREFILL_CHUNK) {
      ;({ cache, logits } = await session.forward(cache, prompt.slice(from, from + PREFILL_CHUNK)))
    }
    while (said.length < tokens) {
      said.push(argmax(logits))
      ;({ cache, logits } = await session.forward(cache, said.slice(-1)))
    }
    assert.equal(cache.length, prompt.length + tokens)
    return said
  }

  async function answerOf(path: string, rewiring: Wishes, own?: Runtime): Promise<number[]> {
    const session = await open(path, rewiring, own)
    try {
      return await answer(session)
    } finally {
      await session.release()
    }
  }

  for (const name of [...names, 'mini']) {
    it(`says the same: ${name}`, async () => {
      const path = graphOf(name)
      const layout = (await rewire(path, ALL))?.newRows
      assert.equal(layout, PADDED.includes(name) ? 'padded' : 'packed')
      const expected = await answerOf(path, AS_IT_IS)
      assert.ok(new Set(expected).size > 1 || name === 'chain', 'an answer that tells nothing')
      const rows = new Set<number>()
      const given = new Set<string>()
      const own = watched((run) => async (feeds, fetches) => {
        const results = await run(feeds, fetches)
        for (const [output, { dims }] of Object.entries(results)) {
          if (output === 'logits') rows.add(dims[1]!)
          else given.add(output.replace(/\d+/, 'N'))
        }
        return results
      })
      assert.deepEqual(await answerOf(path, LAST_ROW, own), expected)
      assert.deepEqual([...given].toSorted(), ['present.N.key', 'present.N.value'])
      const session = await open(path, ALL, own)
      assert.ok(session.empty().buffers !== null)
      given.clear()
      assert.deepEqual(await answer(session), expected)
      assert.deepEqual([...given].toSorted(), [newOf('present.N.key'), newOf('present.N.value')])
      await session.release()
      assert.deepEqual([[...rows], remarks, opened], [[1], [], [true, true]])
    })
  }

  it('holds no weights of its own, and is small', async () => {
    const path = graphOf('mini')
    const { model, folder } = (await rewire(path, ALL))!
    assert.ok(model.length < readFileSync(path).length / 50, String(model.length))
    assert.equal(join(folder, 'model.onnx'), path)
  })

  it('is found where the file is a link into another folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ownmesh-link-'))
    try {
      const link = join(folder, 'model.onnx')
      symlinkSync(graphOf('fused'), link)
      assert.deepEqual(await answerOf(link, ALL, watched()), await answerOf(graphOf('fused'), AS_IT_IS))
      assert.deepEqual([remarks, opened], [[], [true]])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('gives new keys and values alone only where that is worth it', async () => {
    const layout = async (newRowsFrom: number): Promise<unknown> =>
      (await rewire(graphOf('plain'), { lastRow: true, newRowsFrom }))?.newRows
    // Two layers, two heads of 16, keys and values in four bytes each.
    const perToken = 2 * 2 * 16 * 2 * 4
    assert.deepEqual([await layout(perToken), await layout(perToken + 1)], ['packed', null])
    assert.equal(await rewire(graphOf('plain'), AS_IT_IS), null)
    const session = await DecoderSession.create(runtime, graphOf('mini'), { provider: 'cpu', threads: 1 })
    assert.ok(perToken < WORTH_BYTES && session.empty().buffers === null, 'the built-in model loses by it')
    await session.release()
  })

  it('keeps rows beside each other only as the graph takes them', async () => {
    for (const [name, padding, room] of [
      // In steps of 16 where the graph computes every column, of 64 where it is told how many there are.
      ['plain', 'left', 16],
      ['plain', 'right', null],
      ['fused', 'right', 64],
      ['fused', 'left', null]
    ] as const) {
      const session = await open(graphOf(name), ALL)
      const { buffers, length, tensors } = session.roomFor([3, 5], padding)
      assert.deepEqual([buffers?.lengths ?? null, length], [room && [3, 5], 5])
      for (const { dims } of Object.values(tensors)) assert.deepEqual([dims[0], dims[2]], [2, room ?? 5])
      await session.release()
    }
  })

  describe('is not used', () => {
    const path = graphOf('fused')

    async function sameWith(own: Runtime, reason: RegExp): Promise<void> {
      assert.deepEqual(await answerOf(path, ALL, own), await answerOf(path, AS_IT_IS))
      assert.equal(remarks.length, 1)
      assert.match(remarks[0]!, reason)
    }

    it('where the runtime takes none', async () => {
      const own = watched(undefined, () => {
        throw new Error('no such option')
      })
      await sameWith(own, /^.*model\.onnx runs as it is, without rewiring \(cpu\): no such option$/)
      assert.deepEqual([opened, released], [[true, false], 1])
    })

    /** Results of another computation. */
    const wrong =
      (which: (output: string) => boolean) =>
      (run: Run): Run =>
      async (feeds, fetches) => {
        const results = await run(feeds, fetches)
        for (const [output, tensor] of Object.entries(results))
          if (which(output)) (tensor.data as Float32Array).fill(0.5)
        return results
      }

    it('where it computes other keys and values', async () => {
      await sameWith(watched(wrong((output) => output === newOf('present.0.key'))), /it computes something else$/)
      // The rewired one is let go before the other is opened.
      assert.deepEqual([opened, released], [[true, false], 2])
    })

    it('where it gives another row', async () => {
      const own = watched((run) => async (feeds, fetches) => {
        const results = await run(feeds, fetches)
        const { data, dims } = feeds.input_ids!
        if (dims[1] === 1) return results
        // The row that follows another token.
        const first = new runtime.Tensor('int64', (data as BigInt64Array).slice().fill(0n), dims)
        const { logits } = await run({ ...feeds, input_ids: first }, fetches)
        return { ...results, logits: logits! }
      })
      await sameWith(own, /it computes something else$/)
    })

    it('and the graph’s own error is told, where it does not run either way', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ownmesh-half-'))
      try {
        const half = join(folder, 'model.onnx')
        const bytes = readFileSync(path)
        writeFileSync(half, bytes.subarray(0, bytes.length / 2))
        await assert.rejects(open(half, ALL), /protobuf|parse|Load model/i)
        assert.deepEqual(remarks, [])
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

    it('by providers that keep the cache themselves or were not measured: they give the last row alone', async () => {
      const seen: string[] = []
      const create = (graph: Uint8Array) => {
        seen.push(Buffer.from(graph).toString('latin1'))
        return Promise.reject(new Error('no such provider'))
      }
      const own = { ...runtime, InferenceSession: { create } } as unknown as Runtime
      const folder = mkdtempSync(join(tmpdir(), 'ownmesh-wide-'))
      try {
        await makeBigModel(folder, { weights: 0, cachePerToken: 4 * WORTH_BYTES })
        for (const provider of ['webgpu', 'cuda', 'cpu']) {
          const options: SessionOptions = { provider, threads: 1 }
          await assert.rejects(DecoderSession.create(own, join(folder, 'onnx', 'model.onnx'), options), /no such/)
        }
      } finally {
        rmSync(folder, { recursive: true })
      }
      const rewired = seen.filter((graph) => graph.includes('ownmesh.last'))
      // With WebGPU it is tried with the cache on the device and without.
      assert.deepEqual(
        rewired.map((graph) => graph.includes(PLACES)),
        [false, false, false, true]
      )
    })

    it('with weights behind links, which onnxruntime takes from the folder alone', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ownmesh-links-'))
      try {
        for (const place of ['snapshot', 'blobs']) mkdirSync(join(folder, place))
        for (const file of ['model.onnx', 'model.onnx_data']) {
          cpSync(join(MODELS, 'beside', 'onnx', file), join(folder, 'blobs', `of-${file}`))
          symlinkSync(join(folder, 'blobs', `of-${file}`), join(folder, 'snapshot', file))
        }
        const link = join(folder, 'snapshot', 'model.onnx')
        assert.deepEqual(await answerOf(link, ALL), await answerOf(graphOf('beside'), AS_IT_IS))
        assert.match(remarks.join(), /runs as it is/)
        // The person hears nothing of it but the answer; the log does.
        const [said, told]: [string[], string[]] = [[], []]
        const tell = (text: string): void => void told.push(text)
        const log = { debug: (text: string) => void said.push(text), info: tell, warn: tell }
        cpSync(join(MODELS, 'beside'), join(folder, 'linked'), { recursive: true })
        rmSync(join(folder, 'linked', 'onnx'), { recursive: true })
        symlinkSync(join(folder, 'snapshot'), join(folder, 'linked', 'onnx'))
        const place = { name: 'linked', path: join(folder, 'linked'), builtIn: false }
        const engine = testEngine({ places: [place], log })
        try {
          const question = ask(await hashOf(engine, 'linked'), 'hello', { sampling: { temperature: 0, maxTokens: 3 } })
          assert.equal((await engineAnswer(engine.generate(question))).tokens.length, 3)
        } finally {
          await engine.stop()
        }
        assert.deepEqual(told, [])
        assert.match(said.join('\n'), /model\.onnx runs as it is, without rewiring \(cpu\): /)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })

  for (const name of ['fused', 'plain', 'half']) {
    it(`goes on with the same words when it fails in the middle of an answer: ${name}`, async () => {
      const path = graphOf(name)
      let runs = 0
      const own = watched((run) => (feeds, fetches) => {
        const isNew = fetches.some((output) => output.startsWith(newOf('')))
        if (isNew && ++runs > 40) return Promise.reject(new Error('bad_alloc'))
        return run(feeds, fetches)
      })
      const session = await open(path, ALL, own)
      assert.deepEqual(await answer(session), await answerOf(path, AS_IT_IS))
      assert.deepEqual(remarks, ['keys and values are copied as a whole from now on: bad_alloc'])
      assert.equal(runs, 41)
      assert.equal(session.empty().buffers, null)
      await session.release()
    })
  }

  it('fails as the graph itself does when both ways fail, and goes on afterwards', async () => {
    let fails = false
    const own = watched(
      (run) => (feeds, fetches) => (fails ? Promise.reject(new Error('out of bounds')) : run(feeds, fetches))
    )
    const session = await open(graphOf('plain'), ALL, own)
    const { cache } = await session.forward(session.empty(), [1])
    fails = true
    await assert.rejects(session.forward(cache, [2]), /out of bounds/)
    fails = false
    assert.ok(session.empty().buffers !== null)
    assert.deepEqual(await answer(session), await answerOf(graphOf('plain'), AS_IT_IS))
    await session.release()
  })
})
