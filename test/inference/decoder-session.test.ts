import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DecoderSession } from '../../src/inference/decoder-session.ts'
import type { Runtime } from '../../src/inference/runtime.ts'
import { FIXTURES } from './fixture.ts'

const PAST = ['past_key_values.0.key', 'past_key_values.0.value']
const PRESENT = ['present.0.key', 'present.0.value']

/** A runtime whose graphs have these inputs and outputs, and tells whether a session was let go. */
function runtime(inputNames: string[], outputNames: string[]): { runtime: Runtime; released: () => boolean } {
  let released = false
  const tensor = (name: string): object => ({ name, isTensor: true, type: 'float32', shape: [1, 1, 0, 8] })
  const session = {
    inputNames,
    outputNames,
    inputMetadata: inputNames.map(tensor),
    outputMetadata: outputNames.map(tensor),
    release: () => {
      released = true
      return Promise.resolve()
    }
  }
  const fake = { InferenceSession: { create: () => Promise.resolve(session) } }
  return { runtime: fake as unknown as Runtime, released: () => released }
}

describe('a decoder session', () => {
  const refusals = [
    { what: 'a merged decoder', inputs: ['input_ids', 'use_cache_branch', ...PAST], why: /merged decoder/ },
    { what: 'a graph without a cache', inputs: ['input_ids', 'attention_mask'], why: /no key\/value cache/ },
    { what: 'a graph that needs more', inputs: ['input_ids', 'pixel_values', ...PAST], why: /input pixel_values/ },
    { what: 'a graph of another kind', inputs: ['pixel_values'], why: /looks at pictures \(input pixel_values\)/ },
    {
      what: 'a cache that is not given back',
      inputs: ['input_ids', ...PAST, 'past_key_values.1.key'],
      why: /present\.1/
    },
    { what: 'no logits', inputs: ['input_ids', ...PAST], outputs: PRESENT, why: /no output logits/ }
  ]
  for (const { what, inputs, outputs = ['logits', ...PRESENT], why } of refusals) {
    it(`refuses ${what}, says why, and frees it`, async () => {
      const { runtime: fake, released } = runtime(inputs, outputs)
      await assert.rejects(DecoderSession.create(fake, 'it.onnx', { provider: 'cpu', threads: 1 }), {
        name: 'BrokenModelError',
        message: why
      })
      assert.equal(released(), true)
    })
  }

  describe('with WebGPU', () => {
    const graph = join(FIXTURES, 'models', 'plain', 'onnx', 'model.onnx')
    const names = ['0.key', '0.value', '1.key', '1.value']

    /** A device that counts the buffers it holds; `fails` at a run with a cache that lies there. */
    function device({ fails = false } = {}) {
      let held = 0
      const places: (Record<string, string> | undefined)[] = []
      class Tensor {
        readonly location: string
        readonly data: Float32Array
        readonly dims: number[]
        constructor(_type: string, data: Float32Array, dims: number[], onDevice = false) {
          this.data = data
          this.dims = dims
          this.location = onDevice ? 'gpu-buffer' : 'cpu'
          if (onDevice) held++
        }
        dispose(): void {
          held--
        }
      }
      const create = (
        _path: string,
        { preferredOutputLocation: place = {} }: { preferredOutputLocation?: Record<string, string> }
      ) => {
        places.push(place)
        const metadata = (prefix: string) =>
          names.map((name) => ({ name: `${prefix}.${name}`, isTensor: true, type: 'float32', shape: [1, 2, 'n', 16] }))
        const past = metadata('past_key_values')
        const run = (feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> => {
          if (fails && feeds[past[0]!.name]?.location === 'gpu-buffer')
            return Promise.reject(new Error('no such buffer'))
          const results: Record<string, Tensor> = { logits: new Tensor('float32', new Float32Array(4), [1, 1, 4]) }
          for (const name of names) {
            const key = `present.${name}`
            results[key] = new Tensor('float32', new Float32Array(0), [1, 2, 0, 16], place[key] === 'gpu-buffer')
          }
          return Promise.resolve(results)
        }
        return Promise.resolve({
          ...{ inputNames: ['input_ids', ...past.map(({ name }) => name)], inputMetadata: past, run },
          outputNames: ['logits', ...names.map((name) => `present.${name}`)],
          outputMetadata: [{ name: 'logits', isTensor: true, type: 'float32', shape: [1, 'n', 4] }],
          release: () => Promise.resolve()
        })
      }
      return { runtime: { InferenceSession: { create }, Tensor } as unknown as Runtime, places, held: () => held }
    }

    it('keeps the cache on the device, one at a time, and frees the last', async () => {
      const { runtime: fake, places, held } = device()
      const session = await DecoderSession.create(fake, graph, { provider: 'webgpu', threads: 1 })
      assert.deepEqual(places, [Object.fromEntries(names.map((name) => [`present.${name}`, 'gpu-buffer']))])
      assert.equal(held(), 0)
      let cache = session.empty()
      for (let token = 0; token < 500; token++) ({ cache } = await session.forward(cache, [0]))
      assert.equal(held(), names.length)
      session.free(cache)
      assert.equal(held(), 0)
    })

    it('copies the cache where a device cannot read it again', async () => {
      const { runtime: fake, places } = device({ fails: true })
      const session = await DecoderSession.create(fake, graph, { provider: 'webgpu', threads: 1 })
      assert.deepEqual(places.at(-1), {})
      let { cache } = await session.forward(session.empty(), [0])
      ;({ cache } = await session.forward(cache, [0]))
      assert.equal(Object.values(cache.tensors)[0]?.location, 'cpu')
    })

    it('is the only one that does: others copy it', async () => {
      const { runtime: fake, places } = device()
      await DecoderSession.create(fake, graph, { provider: 'cuda', threads: 1 })
      assert.deepEqual(places, [{}])
    })
  })
})
