/** What the name of a model says of its size, where nothing better does. */

const UNITS: Readonly<Record<string, number>> = { t: 1e12, b: 1e9, m: 1e6, k: 1e3 }

/**
 * `8b`, `0.6B`, `270m`, `8x7b`: a number of weights. Null for anything else.
 */
function readSize(text: string): number | null {
  const found = /^(?:(\d{1,3})x)?(\d{1,5}(?:\.\d{1,3})?)\s*([tbmk])$/i.exec(text.trim())
  if (found === null) return null
  const [, times = '1', count = '', unit = ''] = found
  const size = Number(times) * Number(count) * (UNITS[unit.toLowerCase()] ?? 0)
  return size > 0 ? Math.round(size) : null
}

/**
 * The number of weights that a name tells: `qwen3:4b`, `Llama-3.2-1B-Instruct-Q4_K_M`, `mixtral:8x7b`,
 * `Qwen3-30B-A3B` (30 billion, of which 3 work at a time: the size is what it knows), `gemma3n:e4b`.
 */
export function sizeInName(name: string): number | null {
  const words = name.split(/[-_:/\s@+()[\]]+/)
  const sizes = words
    // `A3B` are those at work of a mixture; `e4b` is effective size.
    .filter((word) => !/^a\d/i.test(word))
    .map((word) => readSize(word.replace(/^e(?=\d)/i, '').replace(/\.gguf$/i, '')))
    .filter((size) => size !== null)
    // A context of `128k` is no size, nor is a version.
    .filter((size) => size >= 1e6)
  return sizes.length === 0 ? null : Math.max(...sizes)
}

const QUANTIZATION =
  /(?:^|[-_.:])(i?q\d(?:_[a-z0-9]+)*|fp?16|bf16|fp8|f32|fp32|int[48]|awq|gptq|mxfp4|nvfp4|\d-?bit)(?=$|[-_.:])/i

/** `Q4_K_M`, `fp16`, `4bit`: how the weights are stored, as the name says it. */
export function quantizationInName(name: string): string | null {
  return QUANTIZATION.exec(name)?.[1] ?? null
}

/** Bytes that a weight takes, about, by the usual names of quantizations; the commonest, four bits, where none is told. */
export function bytesPerWeight(quantization: string | null): number {
  const bits = Number(/\d+/.exec(quantization ?? '')?.[0] ?? 4)
  // Scales and the larger last layers add about a tenth to the small ones.
  return (bits > 0 && bits <= 32 ? bits : 4) / 8 + (bits < 16 ? 0.06 : 0)
}
