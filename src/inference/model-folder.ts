import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenModelError } from '../errors.ts'

/** A folder in the Hugging Face layout, as far as its JSON files tell. */
export interface ModelFolder {
  /** Absolute. */
  path: string
  config: ModelConfig
  generation: GenerationConfig
  /** Contents of `tokenizer.json` and `tokenizer_config.json`, for @huggingface/tokenizers. */
  tokenizer: object
  tokenizerConfig: TokenizerConfig
  /** Jinja source of the chat template. */
  chatTemplate: string
  /** Relative path of the graph to run, with `/`. */
  graph: string
}

/** `config.json`, the fields that are read here. */
export interface ModelConfig {
  model_type?: string
  max_position_embeddings?: number
  vocab_size?: number
  hidden_size?: number
  intermediate_size?: number
  num_hidden_layers?: number
  num_attention_heads?: number
  num_key_value_heads?: number
  head_dim?: number
  tie_word_embeddings?: boolean
  eos_token_id?: number | number[] | null
  [field: string]: unknown
}

/** `generation_config.json`, the fields that are read here. */
export interface GenerationConfig {
  do_sample?: boolean
  temperature?: number
  top_p?: number
  top_k?: number
  repetition_penalty?: number
  max_new_tokens?: number
  eos_token_id?: number | number[] | null
}

export interface TokenizerConfig {
  chat_template?: string | { name: string; template: string }[]
  bos_token?: TokenText
  eos_token?: TokenText
  [field: string]: unknown
}

export type TokenText = string | { content: string } | null | undefined

/**
 * Which graph runs where a folder holds several. `model.onnx` is the one its maker calls the model; then what a device
 * without a large GPU runs best: 4 bits before 8, and fp16 late, because processors without fp16 arithmetic convert it.
 */
const GRAPH_ORDER = ['', '_q4', '_q4f16', '_q8', '_quantized', '_int8', '_uint8', '_fp16', '_bnb4'].map(
  (suffix) => `model${suffix}.onnx`
)

/** Name of the folder of graphs in the layout. */
const GRAPHS = 'onnx'

/** A `config.json` that does not say how long its context is gets what GPT-2 had. */
const SMALLEST_CONTEXT = 1024

export function contextLengthOf({ max_position_embeddings: length }: ModelConfig): number {
  return typeof length === 'number' && length > 0 ? length : SMALLEST_CONTEXT
}

/** @throws {BrokenModelError} naming the file that is missing or cannot be read */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const config = await readJson<ModelConfig>(path, 'config.json')
  const tokenizer = await readJson<object>(path, 'tokenizer.json')
  const tokenizerConfig = (await readOptionalJson<TokenizerConfig>(path, 'tokenizer_config.json')) ?? {}
  const generation = (await readOptionalJson<GenerationConfig>(path, 'generation_config.json')) ?? {}
  const chatTemplate = await readChatTemplate(path, tokenizerConfig)
  const graph = await chooseGraph(path)
  return { path, config, generation, tokenizer, tokenizerConfig, chatTemplate, graph }
}

async function chooseGraph(path: string): Promise<string> {
  const names = await readdir(join(path, GRAPHS)).catch(() => [])
  const graphs = names.filter((name) => name.endsWith('.onnx') && !name.startsWith('.')).sort()
  const chosen = GRAPH_ORDER.find((name) => graphs.includes(name)) ?? graphs.find((name) => name.startsWith('model'))
  if (chosen !== undefined) return `${GRAPHS}/${chosen}`
  if (graphs.some((name) => name.startsWith('decoder_model'))) {
    throw new BrokenModelError(
      `${join(path, GRAPHS)} holds an encoder-decoder or merged decoder; a decoder-only model.onnx is needed.`
    )
  }
  throw new BrokenModelError(`${join(path, GRAPHS, 'model.onnx')} is missing.`)
}

async function readChatTemplate(path: string, { chat_template: template }: TokenizerConfig): Promise<string> {
  const file = await readOptional(join(path, 'chat_template.jinja'))
  if (file !== null) return file
  if (typeof template === 'string') return template
  const named = template?.find(({ name }) => name === 'default') ?? template?.[0]
  if (named !== undefined) return named.template
  throw new BrokenModelError(
    `${join(path, 'tokenizer_config.json')} has no chat_template and ${join(path, 'chat_template.jinja')} is missing; ` +
      'a base model without one cannot take messages.'
  )
}

async function readJson<T extends object>(folder: string, name: string): Promise<T> {
  const value = await readOptionalJson<T>(folder, name)
  if (value === null) throw new BrokenModelError(`${join(folder, name)} is missing.`)
  return value
}

async function readOptionalJson<T extends object>(folder: string, name: string): Promise<T | null> {
  const path = join(folder, name)
  const text = await readOptional(path)
  if (text === null) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (err) {
    throw new BrokenModelError(`${path} is not valid JSON: ${reasonOf(err)}.`, { cause: err })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BrokenModelError(`${path} does not hold a JSON object.`)
  }
  return value as T
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new BrokenModelError(`${path} cannot be read: ${reasonOf(err)}.`, { cause: err })
  }
}

/** Whether a folder looks like a model at all: a stray folder is not reported as a broken one. */
export async function isModelFolder(path: string): Promise<boolean> {
  const found = await Promise.all(
    ['config.json', 'tokenizer.json', GRAPHS].map((name) =>
      stat(join(path, name)).then(
        () => true,
        () => false
      )
    )
  )
  return found.includes(true)
}

export function reasonOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err)
}
