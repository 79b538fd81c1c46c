/**
 * Measures the model as it ships: tokenizer, chat template and ONNX file, greedy, through onnxruntime.
 *
 *     node models/mini/evaluate.mjs                 all promised sums and the questions of held-out/
 *     node models/mini/evaluate.mjs --quick         the same with every twentieth sum
 *     node models/mini/evaluate.mjs --mistakes DIR  the questions of DIR, with each wrong answer
 *
 * Without --mistakes it prints counts only, so that the held-out questions stay unseen by whoever works on the
 * training text; training/dev has questions to look at.
 */

import { readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Template } from '@huggingface/jinja'
import { Tokenizer } from '@huggingface/tokenizers'
import ort from 'onnxruntime-node'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    mistakes: { type: 'string' },
    model: { type: 'string', default: new URL('.', import.meta.url).pathname }
  }
})
const LONGEST_ANSWER = 64
const REFUSAL = /^I am only the small built-in model/

const json = async (path) => JSON.parse(await readFile(path, 'utf8'))

/** A greedy model over one session: `reply(messages)` gives the assistant's next text. */
async function load(folder) {
  const [config, tokenizerJson, tokenizerConfig] = await Promise.all(
    ['config.json', 'tokenizer.json', 'tokenizer_config.json'].map((name) => json(`${folder}/${name}`))
  )
  const tokenizer = new Tokenizer(tokenizerJson, tokenizerConfig)
  const template = new Template(tokenizerConfig.chat_template)
  const session = await ort.InferenceSession.create(`${folder}/onnx/model.onnx`, {
    intraOpNumThreads: 1,
    extra: { session: { 'intra_op.allow_spinning': '0' } }
  })
  const cacheNames = session.inputNames.filter((name) => name.startsWith('past_key_values.'))
  const emptyCache = () =>
    Object.fromEntries(
      cacheNames.map((name) => [
        name,
        new ort.Tensor('float32', new Float32Array(0), [1, config.num_key_value_heads, 0, config.head_dim])
      ])
    )

  async function reply(messages) {
    const prompt = template.render({ messages, add_generation_prompt: true })
    let next = tokenizer.encode(prompt, { add_special_tokens: false }).ids
    let cache = emptyCache()
    let length = 0
    const answer = []
    while (answer.length < LONGEST_ANSWER) {
      length += next.length
      const results = await session.run({
        input_ids: new ort.Tensor('int64', BigInt64Array.from(next, BigInt), [1, next.length]),
        attention_mask: new ort.Tensor('int64', new BigInt64Array(length).fill(1n), [1, length]),
        ...cache
      })
      const token = likeliest(results.logits.data.subarray(-config.vocab_size))
      if (token === config.eos_token_id) break
      answer.push(token)
      next = [token]
      cache = Object.fromEntries(cacheNames.map((name) => [name, results[name.replace('past_key_values', 'present')]]))
    }
    return tokenizer.decode(answer, { skip_special_tokens: true })
  }

  /** Every user turn is answered by the model itself; the answer to the last one is returned. */
  async function converse(turns) {
    const messages = []
    for (const content of turns) {
      messages.push({ role: 'user', content })
      messages.push({ role: 'assistant', content: await reply(messages) })
    }
    return messages.at(-1).content
  }
  return { converse }
}

function likeliest(logits) {
  let best = 0
  for (let token = 1; token < logits.length; token++) if (logits[token] > logits[best]) best = token
  return best
}

/** Counts by group, printed as one table at the end. */
class Table {
  rows = new Map()

  add(group, right) {
    const row = this.rows.get(group) ?? { right: 0, of: 0 }
    row.right += Number(right)
    row.of += 1
    this.rows.set(group, row)
  }

  print() {
    for (const [group, { right, of }] of this.rows) {
      const percent = ((100 * right) / of).toFixed(1)
      console.log(
        `${group.padEnd(44)} ${String(right).padStart(6)} of ${String(of).padStart(6)}  ${percent.padStart(5)} %`
      )
    }
  }
}

/** The whole promise: a + b and a - b of 0 to 99 with b <= a, a x b of 0 to 12. */
function* promisedSums() {
  for (let a = 0; a <= 99; a++) for (let b = 0; b <= 99; b++) yield ['+', `${a} + ${b}`, a + b]
  for (let a = 0; a <= 99; a++) for (let b = 0; b <= a; b++) yield ['-', `${a} - ${b}`, a - b]
  for (let a = 0; a <= 12; a++) for (let b = 0; b <= 12; b++) yield ['x', `${a} times ${b}`, a * b]
}

const folder = options.model
const heldOut = options.mistakes ?? new URL('held-out', import.meta.url).pathname
const model = await load(folder)
const table = new Table()
const began = performance.now()
let answers = 0

async function check(group, turns, isRight) {
  const answer = await model.converse(turns)
  const right = isRight(answer)
  answers += 1
  table.add(group, right)
  if (!right && options.mistakes && !group.startsWith(' ')) {
    console.log(`${group}: ${JSON.stringify(turns).slice(0, 150)} -> ${answer}`)
  }
}

const is = (expected) => (answer) => answer.trim() === String(expected).trim()
const says = (expected) => (answer) => answer.toLowerCase().includes(expected.toLowerCase())
const refuses = (answer) => REFUSAL.test(answer)

const sums = options.mistakes ? [] : [...promisedSums()].filter((_, i) => !options.quick || i % 20 === 0)
for (const [operation, expression, result] of sums) {
  await check(`promised sums ${operation}`, [`What is ${expression}?`], is(result))
}

const file = async (name) => (existsSync(`${heldOut}/${name}.json`) ? json(`${heldOut}/${name}.json`) : [])

for (const { question, answer } of await file('sums')) await check('held-out sums', [question], is(answer))

const { answer: form, verbs, other } = await json(new URL('verbs.json', import.meta.url))
const helpAnswers = new Map(
  verbs.map(({ name, summary }) => [name, form.replace('{name}', name).replace('{summary}', summary)])
)
for (const { question, verb } of await file('help')) {
  const expected = is(helpAnswers.get(verb) ?? other)
  const known = helpAnswers.has(verb) ? verb : 'other'
  await check('held-out help', [question], expected)
  await check(`  ${known}`, [question], expected)
}

// After another turn as well: what was asked before must not change what is refused.
for (const question of await file('unknown')) {
  await check('held-out unknown', [question], refuses)
  await check('held-out unknown, after a sum', ['What is 2 + 3?', question], refuses)
}

for (const { turns, expect } of await file('talk')) {
  await check(`held-out talk, ${turns.length} turn${turns.length > 1 ? 's' : ''}`, turns, says(expect))
}

table.print()
const seconds = (performance.now() - began) / 1000
console.log(`${answers} conversations in ${seconds.toFixed(0)} s`)
