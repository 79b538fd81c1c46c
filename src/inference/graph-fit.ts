import type { ModelConfig } from './model-folder.ts'
import type { GraphValue, OnnxSummary } from './onnx-file.ts'

/** Inputs whose meaning is known here, besides `past_key_values.N.key` and `.value`. */
const KNOWN_INPUTS = ['input_ids', 'attention_mask', 'position_ids', 'num_logits_to_keep', 'logits_to_keep']
export const PAST = /^past_key_values\.(\d+)\.(key|value)$/

/** What the inputs of other kinds of models say of them. */
const OTHER_KINDS: readonly { input: RegExp; what: string }[] = [
  { input: /^(encoder_hidden_states|decoder_input_ids)$/, what: 'the decoder of an encoder-decoder model' },
  { input: /^(pixel_values|image_features|pixel_attention_mask)$/, what: 'a model that looks at pictures' },
  { input: /^(input_features|input_values|audio_features)$/, what: 'a model that listens to sound' },
  { input: /^inputs_embeds$/, what: 'a part of a larger model, which takes embeddings in place of tokens' },
  {
    input: /^(past_conv|past_ssm|past_recurrent|cache_params)\b/,
    what: 'a recurrent model, with a state in place of a cache'
  }
]

const TEXT_ONLY = 'only decoder-only text models with a key/value cache run here'

export function presentOf(past: string): string {
  return past.replace('past_key_values', 'present')
}

/** Why a graph cannot be run token by token, as an end of “it cannot be run: …”; null where it can. */
export function whyNotRunnable(inputs: readonly string[], outputs: readonly string[]): string | null {
  if (inputs.includes('use_cache_branch')) {
    return 'it is a merged decoder (input use_cache_branch); export it with one decoder graph and a cache'
  }
  const other = OTHER_KINDS.find(({ input }) => inputs.some((name) => input.test(name)))
  if (other !== undefined) {
    const name = inputs.find((each) => other.input.test(each)) ?? ''
    return `it is ${other.what} (input ${name}); ${TEXT_ONLY}`
  }
  const past = inputs.filter((name) => PAST.test(name))
  if (
    past.length === 0 &&
    ['last_hidden_state', 'sentence_embedding', 'token_embeddings'].some((name) => outputs.includes(name))
  ) {
    return `it is an encoder (output ${outputs[0] ?? ''}), which turns text into numbers and writes none; ${TEXT_ONLY}`
  }
  if (!inputs.includes('input_ids')) return `it has no input input_ids; ${TEXT_ONLY}`
  const unknown = inputs.find((name) => !KNOWN_INPUTS.includes(name) && !PAST.test(name))
  if (unknown !== undefined) return `it needs the input ${unknown}, which only other kinds of models have`
  if (past.length === 0) {
    return 'it has no key/value cache (inputs past_key_values.…); export it with one, for example with the task text-generation-with-past'
  }
  const unanswered = past.find((name) => !outputs.includes(presentOf(name)))
  if (unanswered !== undefined) return `it has no output ${presentOf(unanswered)}`
  return outputs.includes('logits') ? null : 'it has no output logits'
}

/**
 * Where the rows of a shorter cache are filled up. `right`: GroupQueryAttention takes the length of each row from the
 * mask. `left`: a graph that puts the new token behind all columns, and takes positions. Null: neither, so rows are run
 * apart.
 */
export type Padding = 'right' | 'left' | null

/** How rows of a graph may be run. */
export interface GraphTraits {
  padding: Padding
  /**
   * What of a prompt read before is, to the bit, what reading it again would give. Where numbers are rounded to 8 bits on
   * their way, the last bit of a sum can become a step of a hundredth: then only whole pieces, read at the same place.
   */
  reuse: 'tokens' | 'pieces'
}

/** The scale of 8 bits from a whole tensor, so from all rows: ONNX's operator, and onnxruntime's that hold it. */
const SCALES_BY_TENSOR = /^(DynamicQuantize|QAttention$)/

/** A graph without the lengths or the positions of its rows counts one by the columns of all, and takes rows apart. */
export function traitsOf({
  operators,
  inputs,
  roundsActivations
}: Pick<OnnxSummary, 'operators' | 'inputs' | 'roundsActivations'>): GraphTraits {
  const byTensor = [...operators.keys()].some((operator) => SCALES_BY_TENSOR.test(operator))
  const reuse = byTensor || roundsActivations || operators.has('QuantizeLinear') ? 'pieces' : 'tokens'
  const takes = (name: string): boolean => inputs.some((input) => input.name === name)
  if (byTensor || !takes('attention_mask')) return { padding: null, reuse }
  if (operators.has('GroupQueryAttention')) return { padding: 'right', reuse }
  return { padding: takes('position_ids') ? 'left' : null, reuse }
}

/** What the files of one model say of each other that cannot be true together; null where nothing contradicts. */
export function whyNotTogether(
  { inputs, outputs, embeddingRows }: Pick<OnnxSummary, 'inputs' | 'outputs' | 'embeddingRows'>,
  config: ModelConfig,
  largestId: number
): string | null {
  return vocabularies(outputs, embeddingRows, largestId) ?? layers(inputs, config) ?? heads(inputs, config)
}

function vocabularies(outputs: readonly GraphValue[], embeddingRows: number | null, largestId: number): string | null {
  const logits = outputs.find(({ name }) => name === 'logits')?.shape.at(-1) ?? null
  const least = Math.min(logits ?? Infinity, embeddingRows ?? Infinity)
  if (largestId < least) return null
  return (
    `tokenizer.json has tokens up to number ${largestId}, and the graph knows ${least} ` +
    '(0 to one less): they belong to different models. Copy or download both again'
  )
}

function layers(inputs: readonly GraphValue[], config: ModelConfig): string | null {
  const inGraph = inputs.filter(({ name }) => PAST.exec(name)?.[2] === 'key').length
  const { num_hidden_layers: all, num_kv_shared_layers: shared = 0 } = config
  // Where layers share a cache (Gemma 3n) the graph has one for each that has its own.
  if (typeof all !== 'number' || [all, all - Number(shared)].includes(inGraph)) return null
  return `config.json says ${all} layers, and the graph has a cache for ${inGraph}: they belong to different models. ${AGAIN}`
}

function heads(inputs: readonly GraphValue[], config: ModelConfig): string | null {
  const shape = inputs.find(({ name }) => PAST.test(name))?.shape ?? []
  const { num_attention_heads: all, num_key_value_heads: shared = all, head_dim: size } = config
  const [, inGraph, , sizeInGraph] = shape
  // Some exporters repeat shared heads, so both counts occur.
  if (typeof inGraph === 'number' && typeof shared === 'number' && ![shared, all].includes(inGraph)) {
    return `config.json says ${shared} key/value heads, and the graph has ${inGraph}: they belong to different models. ${AGAIN}`
  }
  if (typeof sizeInGraph === 'number' && typeof size === 'number' && size !== sizeInGraph) {
    return `config.json says heads of ${size}, and the graph has heads of ${sizeInGraph}: they belong to different models. ${AGAIN}`
  }
  return null
}

const AGAIN = 'Copy or download both again'
