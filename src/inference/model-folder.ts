import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenModelError } from '../errors.ts'
import type { DecoderConfig } from './detokenizer.ts'
import { readJson, readText } from './model-files.ts'

/** A folder in the Hugging Face layout, as far as its JSON files tell. */
export interface ModelFolder {
  /** Absolute. */
  path: string
  config: ModelConfig
  generation: GenerationConfig
  /** Contents of `tokenizer.json` and `tokenizer_config.json`, for @huggingface/tokenizers. */
  tokenizer: TokenizerJson
  tokenizerConfig: TokenizerConfig
  /** Jinja source of the chat template. */
  chatTemplate: string
  /** Relative path of the graph to run, with `/`. */
  graph: string
  /** Other graphs there, which are not used. */
  otherGraphs: string[]
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

/** `tokenizer.json`, the fields that are read here. */
export interface TokenizerJson {
  model?: { type?: unknown; vocab?: Record<string, unknown> | unknown[] | null } | null
  decoder?: DecoderConfig | null
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

/** Some hold the names of a thousand classes; 100 KB is much. */
const MAX_CONFIG_BYTES = 2 ** 20
/** Those of 262,144 tokens have 33 MB. */
const MAX_TOKENIZER_BYTES = 64 * 2 ** 20

/** A `config.json` that does not say how long its context is gets what GPT-2 had. */
const SMALLEST_CONTEXT = 1024

/** More than any model reads; the figure crosses the wire in 32 bits. */
const LARGEST_CONTEXT = 2 ** 30

export function contextLengthOf({ max_position_embeddings: length }: ModelConfig): number {
  return typeof length === 'number' && length >= 1 ? Math.min(Math.floor(length), LARGEST_CONTEXT) : SMALLEST_CONTEXT
}

/** @throws {BrokenModelError} naming the file that is missing or cannot be read */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const config = await readRequired<ModelConfig>(path, 'config.json', MAX_CONFIG_BYTES)
  const { graph, otherGraphs } = await chooseGraph(path, config)
  const tokenizer = await readRequired<TokenizerJson>(path, 'tokenizer.json', MAX_TOKENIZER_BYTES)
  const tokenizerConfig = (await readJson<TokenizerConfig>(path, 'tokenizer_config.json', MAX_TOKENIZER_BYTES)) ?? {}
  const generation = (await readJson<GenerationConfig>(path, 'generation_config.json', MAX_CONFIG_BYTES)) ?? {}
  const chatTemplate = await readChatTemplate(path, tokenizerConfig)
  return { path, config, generation, tokenizer, tokenizerConfig, chatTemplate, graph, otherGraphs }
}

async function readRequired<T extends object>(folder: string, name: string, limit: number): Promise<T> {
  const value = await readJson<T>(folder, name, limit)
  if (value === null) throw new BrokenModelError(`${join(folder, name)} is missing.`)
  return value
}

async function chooseGraph(path: string, config: ModelConfig): Promise<{ graph: string; otherGraphs: string[] }> {
  const names = await readdir(join(path, GRAPHS)).catch(() => [])
  const graphs = names.filter((name) => name.endsWith('.onnx') && !name.startsWith('.')).sort()
  const models = graphs.filter((name) => name.startsWith('model'))
  const chosen = GRAPH_ORDER.find((name) => models.includes(name)) ?? models[0]
  if (chosen !== undefined) {
    const others = models.filter((name) => name !== chosen).map((name) => `${GRAPHS}/${name}`)
    return { graph: `${GRAPHS}/${chosen}`, otherGraphs: others }
  }
  const place = join(path, GRAPHS)
  const part = graphs.find((name) => /^(vision|audio|embed|encoder|decoder)/.test(name))
  if (part?.startsWith('vision') === true || part?.startsWith('audio') === true || part?.startsWith('embed') === true) {
    throw new BrokenModelError(
      `${place} holds a model of several parts (${part}); one decoder-only model.onnx is needed.`
    )
  }
  if (part !== undefined) {
    throw new BrokenModelError(
      `${place} holds an encoder-decoder or merged decoder (${part}); a decoder-only model.onnx is needed.`
    )
  }
  throw new BrokenModelError(`${join(place, 'model.onnx')} is missing.${await whatIsThere(path, config)}`)
}

/** Weights that only others can run explain why there is no graph. */
async function whatIsThere(path: string, { architectures }: ModelConfig): Promise<string> {
  const names = (await readdir(path)).sort()
  const beside = names.find((name) => name.endsWith('.onnx'))
  if (beside !== undefined) {
    return ` ${beside} lies in the folder itself: make a folder ${GRAPHS} there and move it into that as model.onnx, with the files of weights beside it.`
  }
  const foreign = names.find((name) => /\.(safetensors|gguf|bin|pth)$/.test(name))
  if (foreign === undefined) return ''
  const what = Array.isArray(architectures) && typeof architectures[0] === 'string' ? ` (${architectures[0]})` : ''
  return ` ${foreign}${what} is for other engines: take the ONNX version of the model, or let Ollama or llama.cpp run it (mesh engine --help).`
}

async function readChatTemplate(path: string, { chat_template: template }: TokenizerConfig): Promise<string> {
  const file = await readText(path, 'chat_template.jinja', MAX_CONFIG_BYTES)
  if (file !== null) return file
  if (typeof template === 'string') return template
  const named = Array.isArray(template) ? (template.find(({ name }) => name === 'default') ?? template[0]) : undefined
  if (typeof named?.template === 'string') return named.template
  throw new BrokenModelError(
    `${join(path, 'tokenizer_config.json')} has no chat_template and ${join(path, 'chat_template.jinja')} is missing; ` +
      'a base model without one cannot take messages. Take the instruct or chat version of it.'
  )
}

/** The largest id of the vocabulary itself. Added tokens may lie beyond the graph (Gemma 3 has one), and are then refused when they are used. */
export function largestIdOf({ model }: TokenizerJson): number {
  const vocabulary = model?.vocab
  if (Array.isArray(vocabulary)) return vocabulary.length - 1
  let largest = -1
  for (const id of Object.values(vocabulary ?? {})) if (typeof id === 'number' && id > largest) largest = id
  return largest
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
