import assert from 'node:assert/strict'
import fc from 'fast-check'
import { setImmediate } from 'node:timers/promises'
import type { ResolvedSampling } from '../../src/interface.ts'
import { MODELS, apartBy, openModel, sayAlone } from './batch-rows.ts'
import type { Asked, RowsModel, Said } from './batch-rows.ts'

/** Together with `MODELS` more than 200 mixes. */
const MIXES = 20
const SEED = 2_026_111

/**
 * Kernels for one row and for many add in another order. Where they do, logits differ by this part of their range, and two
 * tokens that are nearer to each other than that may change places: with caches of 16 bits by one unit in the last place.
 */
const ROUNDING: Readonly<Record<string, number>> = {
  half: 2e-3,
  fp16: 2e-3,
  q4f16: 2e-3,
  beside: 0,
  parts: 2e-3,
  int8: 0
}
const ROUNDING_32_BITS = 2e-5

interface Mixed extends Asked {
  /** Turns of the event loop before it joins. */
  joins: number
  /** Tokens after which its asker goes. */
  cancels: number | null
}

const sampling: fc.Arbitrary<ResolvedSampling> = fc.record({
  maxTokens: fc.integer({ min: 1, max: 40 }),
  temperature: fc.constantFrom(0, 0, 0.8),
  topP: fc.constantFrom(1, 0.9),
  topK: fc.constantFrom(0, 20),
  repetitionPenalty: fc.constantFrom(1, 1.3),
  seed: fc.nat(),
  stop: fc.constant([])
})

function mixes(vocabulary: number): fc.Arbitrary<Mixed[]> {
  const prompt = fc.oneof(
    fc.array(fc.nat(vocabulary - 1), { minLength: 1, maxLength: 30 }),
    fc.array(fc.nat(vocabulary - 1), { minLength: 40, maxLength: 180, size: 'max' })
  )
  const asked = fc.record({
    prompt,
    sampling,
    joins: fc.nat(25),
    cancels: fc.option(fc.nat(12), { freq: 4, nil: null })
  })
  return fc.array(asked, { minLength: 2, maxLength: 7 })
}

describe('asks that share a model', function () {
  this.timeout(120_000)

  for (const name of MODELS) {
    describe(`with ${name}`, () => {
      let model: RowsModel
      before(async () => {
        model = await openModel(name)
      })
      after(() => model.session.release())

      it('get the tokens that they would get alone, whoever joins and leaves', async () => {
        let [rows, ties] = [0, 0]
        await fc.assert(
          fc.asyncProperty(mixes(model.session.vocabulary), async (mix) => {
            const together = await sayTogether(model, mix)
            for (const [index, asked] of mix.entries()) {
              rows++
              if (!isSame(name, asked, together[index]!, await sayAlone(model, asked))) ties++
            }
          }),
          // A shorter mix that fails too would take longer to find than it is worth.
          { seed: SEED, numRuns: MIXES, endOnFailure: true }
        )
        assert.ok(ties <= rows / 50, `${ties} of ${rows} were decided otherwise by rounding`)
        if (name === 'mini') assert.equal(ties, 0)
      })

      it('are read in larger pieces by a fast device, where numbers do not hang on the pieces', () => {
        const { signal } = new AbortController()
        const pieceOn = (provider: string): number => {
          const reader = model.rows(1e6, provider).join({ most: 10, signal })
          reader.leave()
          return reader.piece
        }
        assert.equal(pieceOn('cpu'), ['int8', 'mini'].includes(name) ? 64 : 128)
        // What it computes was compared with the processor for one chunk.
        assert.equal(pieceOn('webgpu'), 64)
      })

      it('are computed together where the graph can', async () => {
        let together = 0
        const counted = model.session.forwardRows.bind(model.session)
        model.session.forwardRows = (...args) => {
          together += args[1].ids.length
          return counted(...args)
        }
        try {
          const greedy = {
            ...{ maxTokens: 20, temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1.3, seed: 0 },
            stop: []
          }
          const prompts = Array.from({ length: 6 }, (_, row) =>
            Array.from({ length: 5 + row }, (__, at) => (3 + row * 7 + at) % 250)
          )
          const all = await sayTogether(
            model,
            prompts.map((prompt) => ({ prompt, sampling: greedy, joins: 0, cancels: null }))
          )
          const tokens = all.reduce((sum, said) => sum + said.tokens.length, 0)
          // The first of each answer comes with its prompt; two and two prove that the graph can.
          if (['int8', 'beside'].includes(name)) assert.equal(together, 0)
          else assert.ok(together > 4 + (tokens - all.length) / 2, `${together} of ${tokens} tokens`)
        } finally {
          model.session.forwardRows = counted
        }
      })
    })
  }
})

async function sayTogether(model: RowsModel, mix: readonly Mixed[]): Promise<Said[]> {
  const rows = model.rows()
  return Promise.all(
    mix.map(async ({ joins, cancels, ...asked }) => {
      for (let turn = 0; turn < joins; turn++) await setImmediate()
      const controller = new AbortController()
      const reader = rows.join({ most: asked.prompt.length + asked.sampling.maxTokens, signal: controller.signal })
      try {
        return await model.say(reader, asked, controller.signal, (tokens) => {
          if (cancels !== null && tokens > cancels) controller.abort(new Error('enough'))
        })
      } finally {
        reader.leave()
      }
    })
  )
}

/**
 * Whether two answers are the same as far as the shorter one goes (one may have been cancelled). Up to the first token
 * that differs they read the same, so there the logits show whether it was more than rounding.
 */
function isSame(name: string, { cancels }: Mixed, together: Said, alone: Said): boolean {
  const count = together.tokens.length
  assert.ok(count <= alone.tokens.length || cancels === null)
  for (let at = 0; at < count; at++) {
    const difference = apartBy(together.logits[at]!, alone.logits[at]!)
    assert.ok(difference <= (ROUNDING[name] ?? ROUNDING_32_BITS), `token ${at}: logits differ by ${difference}`)
    if (together.tokens[at] !== alone.tokens[at]) return false
  }
  if (cancels === null) assert.equal(count, alone.tokens.length)
  return true
}
