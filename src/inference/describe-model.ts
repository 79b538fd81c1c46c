import type { ModelConfig } from './model-folder.ts'
import type { OnnxSummary } from './onnx-file.ts'

/**
 * Number of weights of a Llama-like model by arithmetic (embedding, attention, gated feed-forward, norms), or null where
 * the configuration has not all of it or describes a mixture of experts, to which the formula does not apply.
 */
export function parametersOf(config: ModelConfig): number | null {
  if (Object.keys(config).some((field) => field.includes('experts'))) return null
  const { vocab_size: vocabulary, hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers } = config
  const { num_attention_heads: heads, num_key_value_heads: kvHeads = heads, tie_word_embeddings: tied } = config
  if (!areCounts([vocabulary, hidden, inner, layers, heads, kvHeads])) return null
  const [v, h, f, l, n, k] = [vocabulary, hidden, inner, layers, heads, kvHeads] as [
    number,
    number,
    number,
    number,
    number,
    number
  ]
  const headSize = config.head_dim ?? h / n
  const attention = h * n * headSize + 2 * h * k * headSize + n * headSize * h
  const layer = attention + 3 * h * f + 2 * h
  const weights = Math.round(v * h * (tied === true ? 1 : 2) + l * layer + h)
  return weights <= MOST_PARAMETERS ? weights : null
}

/** A thousand times the largest published model: beyond it the configuration is nonsense. */
const MOST_PARAMETERS = 2e15

function areCounts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'number' && Number.isFinite(value) && value > 0)
}

/** Data types of onnx.proto by number, in the words of the Hugging Face layout. */
const TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'fp32', 10: 'fp16', 16: 'bf16' }

/**
 * How the weights are stored: what the file's name says (`model_q4f16.onnx`), else what the graph says: the bits of its
 * `MatMulNBits`, 8-bit integer operators, or the commonest float type.
 */
export function quantizationOf(graph: string, summary: OnnxSummary): string | null {
  const suffix = /model_(\w+)\.onnx$/.exec(graph)?.[1]
  if (suffix !== undefined) return ['quantized', 'int8', 'uint8'].includes(suffix) ? 'q8' : suffix
  if (summary.matMulBits !== null) return `q${summary.matMulBits}`
  if (['DequantizeLinear', 'MatMulInteger'].some((operator) => summary.operators.has(operator))) return 'q8'
  const [type] = [...summary.elements].sort((a, b) => b[1] - a[1])[0] ?? []
  return type === undefined ? null : (TYPE_NAMES[type] ?? null)
}
