import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createChatPrompt } from '../../src/inference/chat-prompt.ts'
import { PREFILL_CHUNK } from '../../src/inference/batch-plan.ts'
import type { LocalEngine } from '../../src/inference/index.ts'
import { readModelFolder } from '../../src/inference/model-folder.ts'
import type { Message } from '../../src/interface.ts'
import { FIXTURES, ROOT, answer, ask, hashOf, place, testEngine } from './fixture.ts'

/** What transformers.js answers (bench/comparisons/golden.mjs). */
interface Golden {
  messages: Message[]
  maxTokens: number
  prompt: number[]
  tokens: number[]
  text: string
}

/**
 * DynamicQuantizeLinear takes the scale of its 8 bits from all tokens that are read together. The engine reads a long
 * prompt in pieces and transformers.js at once, so only what fits into one piece is rounded alike.
 */
const SCALED_BY_PIECE = ['int8']

const places = readdirSync(join(FIXTURES, 'golden')).map((file) => {
  const name = basename(file, '.json')
  return name === 'mini' ? { name, path: join(ROOT, 'models', 'mini'), builtIn: true } : place(name)
})

describe('the engine answers as transformers.js does', () => {
  let engine: LocalEngine
  before(() => {
    engine = testEngine({ places })
  })
  after(() => engine.stop())

  for (const { name, path } of places) {
    const cases = JSON.parse(readFileSync(join(FIXTURES, 'golden', `${name}.json`), 'utf8')) as Golden[]

    it(`in the prompts of ${name}`, async () => {
      const prompt = createChatPrompt(await readModelFolder(path))
      for (const { messages, prompt: expected } of cases) assert.deepEqual(prompt.encode(messages), expected)
    })

    it(`in the tokens and the text of ${name}`, async () => {
      const model = await hashOf(engine, name)
      const comparable = cases.filter(({ prompt }) => !SCALED_BY_PIECE.includes(name) || prompt.length <= PREFILL_CHUNK)
      assert.ok(comparable.length >= 2)
      for (const { messages, maxTokens, tokens, text } of comparable) {
        const sampling = { temperature: 0, maxTokens }
        const given = await answer(engine.generate(ask(model, messages, { sampling })))
        assert.deepEqual(given.tokens, tokens)
        assert.equal(given.text, text)
      }
    })
  }
})
