/**
 * What a model needs of a device's memory, and what of it fits: arithmetic alone. All figures are bytes of main memory;
 * those of graphics cards are not counted here.
 */

/** What the files of a model tell. */
export interface ModelSize {
  /** The graph and the files of weights beside it. */
  weightBytes: number
  /** The graph alone: where it is not rewired it is read as a whole, and copied, before it is let go. */
  graphBytes: number
  /** Keys and values that one token adds: layers × key/value heads × size of a head × bytes of a number, twice. */
  cachePerToken: number
  /** Longest prompt and answer together that the model can do, in tokens. */
  contextLength: number
}

/** What loading it once has shown. */
export interface MeasuredLoad {
  /** Growth of the process. */
  bytes: number
  loadMs: number
}

export interface MemoryNeed {
  /** While it is loaded: its weights and what stands beside them, or what was measured where that is more. */
  loaded: number
  /** More than that for as long as it loads. */
  loading: number
  /** More for each token of prompt and answer while it answers. */
  perToken: number
}

/**
 * The cache as often as it is there while a token is computed. Where it is given back as a whole: read, written, handed
 * over, and the one before that is garbage; measured on onnxruntime 1.30: 3.1 to 3.3 with 32 tensors of 250 tokens. Where
 * it stays in buffers (`kv-buffers.ts`): the buffers, the smaller ones before them that are garbage, and what onnxruntime
 * makes of them; measured 3.0 to 3.8 with 24 tensors of 250 to 1,600 tokens, room for more tokens and a chunk's new ones
 * included. A graph of the second kind can fall back to the first.
 */
const CACHE_COPIES = 4

/** Of these copies onnxruntime keeps for the next answer (measured: 1.1 copies), until the model is unloaded. */
const KEPT_COPIES = 2

/** Tokenizer, graph, and the arena for a chunk of the prompt: what a model of no size would need. */
const LEAST_OVERHEAD = 32 * 2 ** 20
/** Wider models have wider activations: measured 5 to 12 % with weights of 200 MB, less with larger ones. */
const OVERHEAD_SHARE = 0.05

/** A model that cannot hold a question and the default answer (512 tokens each) is not worth its memory. */
const LEAST_CONTEXT = 1024

export function needOf(size: ModelSize, measured: MeasuredLoad | null): MemoryNeed {
  const estimate = Math.ceil(size.weightBytes * (1 + OVERHEAD_SHARE)) + LEAST_OVERHEAD
  return {
    loaded: Math.max(estimate, measured?.bytes ?? 0),
    loading: size.graphBytes,
    perToken: size.cachePerToken * CACHE_COPIES
  }
}

/** What an answer of so many tokens leaves behind for as long as its model stays loaded. */
export function keptAfter({ perToken }: Pick<MemoryNeed, 'perToken'>, tokens: number): number {
  return Math.ceil((perToken * tokens * KEPT_COPIES) / CACHE_COPIES)
}

/** Longest prompt and answer together that fit into the budget beside the model itself; 0 where it does not fit. */
export function contextWithin({ loaded, perToken }: MemoryNeed, contextLength: number, budget: number): number {
  if (loaded > budget) return 0
  return perToken === 0 ? contextLength : Math.min(contextLength, Math.floor((budget - loaded) / perToken))
}

/**
 * How many answers fit beside each other, when each is as long as the least context that a model is worth its memory
 * with: at least one, which may be longer, and at most `most`.
 */
export function answersWithin({ loaded, perToken }: MemoryNeed, budget: number, most: number): number {
  const fitting = Math.floor((budget - loaded) / Math.max(1, perToken * LEAST_CONTEXT))
  return Math.min(most, Math.max(1, fitting))
}

/** Tokens of cache that take as long to copy as the weights to read: above it another run costs less than padding. */
export function paddingWorth({ weightBytes, cachePerToken }: ModelSize): number {
  return Math.ceil(weightBytes / Math.max(1, cachePerToken * CACHE_COPIES))
}

export interface DeviceMemory {
  /** What the device gives its models together. */
  budget: number
  /** What it has. */
  total: number
}

/** Why the model cannot be loaded here, with the arithmetic and what to do; null when it can. */
export function tooLargeReason(
  name: string,
  size: ModelSize,
  need: MemoryNeed,
  { budget, total }: DeviceMemory
): string | null {
  const tokens = Math.min(size.contextLength, LEAST_CONTEXT)
  const forTokens = tokens * need.perToken
  const needed = leastOf(size, need)
  if (needed <= budget) return null
  const beside = need.loading > forTokens ? `${inWords(need.loading)} more while it loads` : null
  const context = `${inWords(forTokens)} for ${tokens.toLocaleString('en')} tokens`
  const wished = suggestion(needed)
  const more = wished.bytes <= total ? `give models more (mesh join --memory ${wished.words}), ` : ''
  return (
    `${name} needs ${inWords(needed)} (${inWords(need.loaded)} weights + ${beside ?? context}); this device gives models ` +
    `${inWords(budget)} of its ${inWords(total)}. Take a smaller quantization, ${more}or ask another device.`
  )
}

/** The least that the model can be used with. */
export function leastOf({ contextLength }: Pick<ModelSize, 'contextLength'>, need: MemoryNeed): number {
  return need.loaded + Math.max(need.loading, Math.min(contextLength, LEAST_CONTEXT) * need.perToken)
}

/** `2.4 GB`, `140 MB`: units are decimal, as on the labels of disks and in `--memory`. */
export function inWords(bytes: number): string {
  if (bytes >= 0.95e9) return `${(bytes / 1e9).toFixed(1)} GB`
  return `${Math.max(1, Math.round(bytes / 1e6))} MB`
}

/** The next size that a person would type. */
function suggestion(bytes: number): { bytes: number; words: string } {
  const step = bytes > 1e9 ? 5e8 : 1e8
  const rounded = Math.ceil(bytes / step) * step
  return { bytes: rounded, words: rounded >= 1e9 ? `${rounded / 1e9}G` : `${rounded / 1e6}M` }
}
