import assert from 'node:assert/strict'
import { DecoderSession } from '../../src/inference/decoder-session.ts'
import type { Runtime } from '../../src/inference/runtime.ts'

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
})
