/**
 * Asks transformers.js what the models of the tests answer, greedily, and writes the token ids and texts down. The tests
 * compare the engine with these files, so that `npm ci` in the root needs no transformers.js.
 *
 *   npm ci && node golden.mjs            all of test/fixtures/models, and models/mini
 *   node golden.mjs plain mini           some of them
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AutoModelForCausalLM, AutoTokenizer, env } from '@huggingface/transformers'

const root = fileURLToPath(new URL('../..', import.meta.url))
const fixtures = join(root, 'test', 'fixtures')
const built = join(root, 'models', 'mini')
const folders = Object.fromEntries(
  readdirSync(join(fixtures, 'models'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => [name, join(fixtures, 'models', name)])
)
if (existsSync(join(built, 'onnx', 'model.onnx'))) folders.mini = built

const MAX_TOKENS = 48
const CONVERSATIONS = [
  [{ role: 'user', content: 'hello' }],
  [{ role: 'user', content: 'what is 12 + 30?' }],
  [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Schöne Grüße 👋🏽 aus Zürich, 東京 and ё' }
  ],
  [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: 'Hello!' },
    { role: 'user', content: 'How do I add my laptop to the mesh?\n\n  Thanks.' }
  ],
  // Longer than one piece of the engine's prefill.
  [{ role: 'user', content: 'the quick brown fox jumps over the lazy dog. '.repeat(4) }]
]

/** Which graph there is, as transformers.js wants it told: by the ending of its name, and how many files of weights. */
function graphOf(folder) {
  const names = readdirSync(join(folder, 'onnx'))
  const graph = names.find((name) => name.endsWith('.onnx'))
  const [, dtype = 'fp32'] = /^model_(\w+)\.onnx$/.exec(graph) ?? []
  const files = names.filter((name) => name.startsWith(`${graph}_data`)).length
  return { dtype, ...(files > 0 && { use_external_data_format: files }) }
}

const asked = process.argv.slice(2)
env.allowRemoteModels = false
mkdirSync(join(fixtures, 'golden'), { recursive: true })
for (const [name, folder] of Object.entries(folders)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  env.localModelPath = `${dirname(folder)}/`
  const id = folder.slice(dirname(folder).length + 1)
  const tokenizer = await AutoTokenizer.from_pretrained(id)
  const model = await AutoModelForCausalLM.from_pretrained(id, { ...graphOf(folder), device: 'cpu' })
  const cases = []
  for (const messages of CONVERSATIONS) {
    const inputs = tokenizer.apply_chat_template(messages, { add_generation_prompt: true, return_dict: true })
    const prompt = inputs.input_ids.tolist()[0].map(Number)
    const output = await model.generate({ ...inputs, max_new_tokens: MAX_TOKENS, do_sample: false })
    const tokens = output.tolist()[0].map(Number).slice(prompt.length)
    const text = tokenizer.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false })
    cases.push({ messages, maxTokens: MAX_TOKENS, prompt, tokens, text })
  }
  await model.dispose()
  writeFileSync(join(fixtures, 'golden', `${name}.json`), `${JSON.stringify(cases, null, 1)}\n`)
  process.stdout.write(`${name}: ${cases.map(({ tokens }) => tokens.length).join(' ')} tokens\n`)
}
