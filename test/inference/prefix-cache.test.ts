import assert from 'node:assert/strict'
import fc from 'fast-check'
import { PREFILL_CHUNK } from '../../src/inference/batch-plan.ts'
import type { KeptCache } from '../../src/inference/batch-session.ts'
import { LEAST_SHARED, PrefixCache } from '../../src/inference/prefix-cache.ts'
import type { Read } from '../../src/inference/prefix-cache.ts'
import type { ResolvedSampling } from '../../src/interface.ts'
import { MODELS, apartBy, openModel, sayAlone } from './batch-rows.ts'
import type { RowsModel, Said } from './batch-rows.ts'

/**
 * Reading in other pieces adds in another order; see `batcher.test.ts`. Caches of 16 bits round at the last place; where
 * numbers are rounded to 8 bits only whole pieces are taken, which are the same to the bit.
 */
const ROUNDING: Readonly<Record<string, number>> = {
  ...{ half: 4e-3, fp16: 4e-3, q4f16: 4e-3, beside: 4e-3, parts: 4e-3 },
  ...{ int8: 0, mini: 0 }
}
const ROUNDING_32_BITS = 2e-5
const CONVERSATIONS = 12

function kept(length: number): KeptCache {
  return { cache: { tensors: {}, length, buffers: null }, length, bytes: length }
}

/** A prompt, and an answer of five tokens. */
function said(ids: readonly number[]): Read {
  return { ids, prompt: ids.length - 5 }
}

function from(first: number, length: number): number[] {
  return Array.from({ length }, (_, at) => first + at)
}

describe('what was read before', () => {
  it('is found by its longest beginning, with a token left to read', () => {
    const cache = new PrefixCache(80_000)
    const found = (ids: readonly number[], model = 'm'): number | undefined =>
      cache.take(model, ids, { piece: 1 })?.length
    cache.add('m', said(from(0, 40)), kept(40), Infinity)
    cache.add('m', said([...from(0, 30), ...from(900, 30)]), kept(60), Infinity)
    assert.equal(found(from(0, 35)), 34)
    assert.equal(found([...from(0, 32), 7, 7]), 32)
    assert.equal(found(from(0, 60), 'other'), undefined)
    assert.equal(found([...from(0, LEAST_SHARED - 1), 7, 7]), undefined)
  })

  it('is taken by who goes on with the conversation, and stays for all who only begin alike', () => {
    const cache = new PrefixCache(80_000)
    cache.add('m', said(from(0, 40)), kept(40), Infinity)
    for (const ids of [from(0, 35), [...from(0, 34), 7, 7]])
      assert.equal(cache.take('m', ids, { piece: 1 })?.isTaken, false)
    // The answer's last tokens may be others when its text is read.
    const { length, isTaken } = cache.take('m', [...from(0, 38), 7, 7], { piece: 1 }) ?? {}
    assert.deepEqual([length, isTaken, cache.bytes], [38, true, 0])
  })

  it('stays for all who share whole pieces of it, and for who goes on where that will not be kept', () => {
    const pieces = new PrefixCache(80_000)
    // Of a prompt of 150 tokens two pieces were kept.
    pieces.add('m', { ids: from(0, 128), prompt: 150 }, kept(128), Infinity)
    for (let time = 0; time < 2; time++) {
      const { length, isTaken } = pieces.take('m', from(0, 150), { piece: PREFILL_CHUNK }) ?? {}
      assert.deepEqual([length, isTaken], [128, false])
    }
    // Room for 100 of the device, and for 60 of a small model.
    const small = new PrefixCache(800)
    const isTaken = (most?: number): boolean | undefined =>
      small.take('m', [...from(0, 40), 7, 7], { piece: 1, ...(most !== undefined && { most }) })?.isTaken
    small.add('m', said(from(0, 40)), kept(40), 60)
    assert.deepEqual([isTaken(101), isTaken(61), isTaken()], [false, false, true])
  })

  it('is kept once where one goes on from another', () => {
    const cache = new PrefixCache(80_000)
    cache.add('m', said(from(0, 40)), kept(40), Infinity)
    cache.add('m', said(from(0, 90)), kept(90), Infinity)
    cache.add('m', said(from(0, 50)), kept(50), Infinity)
    assert.equal(cache.bytes, 90)
  })

  it('goes when anything else needs the room, what was used longest ago first', () => {
    const cache = new PrefixCache(8000)
    cache.add('m', said(from(0, 100)), kept(100), Infinity)
    cache.add('m', said(from(500, 100)), kept(100), Infinity)
    cache.add('n', said(from(0, 100)), kept(100), Infinity)
    cache.take('m', from(0, 50), { piece: 1 })
    assert.equal(cache.leave(200), 100)
    assert.equal(cache.take('m', from(500, 50), { piece: 1 }), undefined)
    assert.ok(cache.take('m', from(0, 50), { piece: 1 }) && cache.take('n', from(0, 50), { piece: 1 }))
    assert.equal(cache.takes(201, Infinity), false)
    cache.forget('n')
    assert.equal(cache.bytes, 100)
    assert.equal(cache.leave(-5), 100)
    cache.leave(Infinity)
    // An eighth, whatever is spare.
    assert.equal(cache.takes(1001, Infinity), false)
    assert.equal(cache.takes(1000, Infinity), true)
  })

  it('is no more of a model than it takes itself', () => {
    const cache = new PrefixCache(80_000)
    for (let first = 0; first < 10_000; first += 1000) cache.add('small', said(from(first, 100)), kept(100), 250)
    cache.add('other', said(from(0, 300)), kept(300), Infinity)
    assert.equal(cache.bytes, 500)
    assert.equal(cache.take('small', from(9000, 50), { piece: 1 })?.length, 49)
  })

  it('never passes its limit, and finds nothing that was not read, for any conversations', () => {
    const step = fc.record({
      model: fc.constantFrom('a', 'b'),
      ids: fc.array(fc.nat(1), { minLength: 1, maxLength: 60, size: 'max' }),
      spare: fc.option(fc.nat(400), { freq: 3, nil: null })
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const cache = new PrefixCache(8 * 300)
        const known: { model: string; ids: readonly number[] }[] = []
        let limit = 300
        for (const { model, ids, spare } of steps) {
          const found = cache.take(model, ids, { piece: 1 })
          if (found !== undefined) {
            assert.ok(found.length < ids.length && found.length <= found.cache.length)
            const begins = (each: (typeof known)[number]): boolean =>
              each.model === model && ids.slice(0, found.length).every((id, at) => each.ids[at] === id)
            assert.ok(known.some(begins))
          }
          cache.add(model, said(ids), kept(ids.length), 200)
          known.push({ model, ids })
          if (spare !== null) {
            cache.leave(spare)
            limit = Math.min(300, spare)
          }
          assert.ok(cache.bytes <= limit)
        }
      }),
      { seed: 7, numRuns: 300 }
    )
  })
})

describe('an answer that begins with what was read before', function () {
  this.timeout(120_000)

  for (const name of MODELS) {
    it(`has the tokens of one that reads it all, with ${name}`, async () => {
      const model = await openModel(name)
      try {
        assert.equal(model.traits.reuse, ROUNDING[name] === 0 ? 'pieces' : 'tokens')
        let [answers, ties, reused] = [0, 0, 0]
        await fc.assert(
          fc.asyncProperty(conversation(model), async (turns) => {
            for (const { given, fresh, length } of await play(model, turns)) {
              answers++
              reused += length
              if (!isSame(name, given, fresh)) ties++
            }
          }),
          { seed: 17, numRuns: CONVERSATIONS, endOnFailure: true }
        )
        assert.ok(reused / answers > 10, `only ${reused / answers} tokens an answer were known`)
        assert.ok(ties <= answers / 20, `${ties} of ${answers} were decided otherwise by rounding`)
      } finally {
        await model.session.release()
      }
    })
  }
})

interface Turn {
  /** What is said after the answer before. */
  says: number[]
  /** Tokens that are taken off the end first: the question is asked anew. */
  back: number
  sampling: ResolvedSampling
}

/** Two or three turns, within the 256 tokens that the small models can do. */
function conversation({ session, traits }: RowsModel): fc.Arbitrary<Turn[]> {
  const turn = fc.record({
    says: fc.array(fc.nat(session.vocabulary - 1), {
      ...{ minLength: traits.reuse === 'pieces' ? 40 : 1, maxLength: 65, size: 'max' }
    }),
    back: fc.constantFrom(0, 0, 0, 5, 25),
    sampling: fc.record({
      maxTokens: fc.integer({ min: 1, max: 20 }),
      temperature: fc.constantFrom(0, 0.8),
      topP: fc.constant(1),
      topK: fc.constant(0),
      repetitionPenalty: fc.constantFrom(1, 1.3),
      seed: fc.nat(),
      stop: fc.constant<string[]>([])
    })
  })
  return fc.array(turn, { minLength: 2, maxLength: 3 })
}

/** Has a conversation twice at once: with what was read before, and reading all of it at each turn. */
async function play(model: RowsModel, turns: readonly Turn[]): Promise<{ given: Said; fresh: Said; length: number }[]> {
  const cache = new PrefixCache(8e9)
  const rows = model.rows()
  const { signal } = new AbortController()
  const told = []
  let prompt: number[] = []
  for (const { says, back, sampling } of turns) {
    prompt = [...prompt.slice(0, Math.max(0, prompt.length - back)), ...says]
    const found = cache.take('it', prompt, { piece: model.traits.reuse === 'tokens' ? 1 : PREFILL_CHUNK })
    const known = found && { ...found, ids: prompt.slice(0, found.length) }
    const reader = rows.join({ most: prompt.length + sampling.maxTokens, prompt: prompt.length, known, signal })
    const given = await model.say(reader, { prompt, sampling }, signal)
    const kept = reader.keep()
    assert.ok(kept !== null && kept.cache.length === kept.ids.length && kept.cache.bytes >= reader.keepable)
    cache.add('it', { ids: kept.ids, prompt: prompt.length }, kept.cache, Infinity)
    reader.leave()
    told.push({ given, fresh: await sayAlone(model, { prompt, sampling }), length: found?.length ?? 0 })
    prompt = [...prompt, ...given.tokens]
  }
  return told
}

/** Up to the first token that differs both read the same, so there the logits show whether it was more than rounding. */
function isSame(name: string, given: Said, fresh: Said): boolean {
  for (const [at, token] of given.tokens.entries()) {
    const difference = apartBy(given.logits[at]!, fresh.logits[at]!)
    assert.ok(difference <= (ROUNDING[name] ?? ROUNDING_32_BITS), `token ${at}: logits differ by ${difference}`)
    if (token !== fresh.tokens[at]) return false
  }
  assert.equal(given.tokens.length, fresh.tokens.length)
  return true
}
