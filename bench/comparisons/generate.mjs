/**
 * Answers with transformers.js what bench/comparison.ts asks: `node generate.mjs FOLDER MAX_TOKENS [THREADS]`. A line in
 * is `{"questions":[…],"batched":true}`, with `"limits":[…]` where answers are of different length, a line out `{"ms":…,"tokens":[[…],…]}`: from the texts of the questions to the
 * text of the answers, greedily.
 */
import { basename, dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { AutoModelForCausalLM, AutoTokenizer, env } from '@huggingface/transformers'

const [folder, maxTokens, threads] = process.argv.slice(2)
env.allowRemoteModels = false
env.localModelPath = `${dirname(folder)}/`
const tokenizer = await AutoTokenizer.from_pretrained(basename(folder))
const model = await AutoModelForCausalLM.from_pretrained(basename(folder), {
  dtype: 'fp32',
  device: 'cpu',
  ...(threads === undefined ? {} : { session_options: { intraOpNumThreads: Number(threads) } })
})
tokenizer.padding_side = 'left'
const ends = [model.generation_config.eos_token_id].flat()

async function answer(questions, limits) {
  const prompts = questions.map((content) =>
    tokenizer.apply_chat_template([{ role: 'user', content }], { add_generation_prompt: true, tokenize: false })
  )
  const inputs = tokenizer(prompts, { padding: true, add_special_tokens: false })
  const output = await model.generate({ ...inputs, max_new_tokens: Math.max(...limits), do_sample: false })
  const [, promptLength] = inputs.input_ids.dims
  const tokens = output
    .tolist()
    .map((ids, index) => withoutPadding(ids.slice(promptLength, promptLength + limits[index]).map(Number)))
  tokenizer.batch_decode(tokens, { skip_special_tokens: true })
  return tokens
}

/** Up to the token that ends the answer; those after it fill the batch. */
function withoutPadding(ids) {
  const end = ids.findIndex((id) => ends.includes(id))
  return end === -1 ? ids : ids.slice(0, end + 1)
}

for await (const line of createInterface(process.stdin)) {
  const { questions, batched, limits = questions.map(() => Number(maxTokens)) } = JSON.parse(line)
  const startedAt = performance.now()
  const tokens = []
  if (batched) tokens.push(...(await answer(questions, limits)))
  else for (const [index, question] of questions.entries()) tokens.push(...(await answer([question], [limits[index]])))
  process.stdout.write(`${JSON.stringify({ ms: performance.now() - startedAt, tokens })}\n`)
}
