import type { Variant } from './variants.ts'

/** What there is of memory and disk, in bytes. */
export interface Device {
  memoryFree: number
  memoryTotal: number
  diskFree: number
}

/** As `ModelFit`. */
export interface Fit {
  fit: 'fits' | 'tight' | 'too-large' | 'no-room'
  /** Why, with the numbers. */
  reason: string
}

/**
 * The best first. Answers come as fast as the weights can be read, so 4 bits answer twice as fast as 8 and eight times
 * as fast as 32, and lose little. `q4` computes what is not quantized in 32 bits, as every processor does; `q4f16` is
 * smaller and is converted at each step where the processor has no 16-bit arithmetic. The names of 8 bits are three ways
 * to the same size. What stands in no place here comes last.
 */
const ORDER = ['q4', 'q4f16', 'q8', 'int8', 'uint8', 'fp16', 'fp32']

/** Beside the weights: the KV cache of some thousand tokens, activations, and what the runtime packs anew. */
const OVER_WEIGHTS = 1.25
/** The runtime and the tokenizer. */
const RUNTIME_BYTES = 150e6
/** The rest is the system's and that of the programs that a person uses meanwhile. */
const USABLE_PART = 3 / 4

/** Bytes of memory that a model needs, estimated from those of its graph and weights. */
export function memoryFor(weights: number): number {
  return Math.round(weights * OVER_WEIGHTS + RUNTIME_BYTES)
}

/** How so many bytes of graph and weights would do on a device. */
export function fitOf(bytes: number, { memoryFree, memoryTotal, diskFree }: Device): Fit {
  const needed = memoryFor(bytes)
  if (bytes > diskFree) return { fit: 'no-room', reason: `needs ${size(bytes)} of disk, ${size(diskFree)} are free` }
  const memory = `needs about ${size(needed)} of memory`
  if (needed <= memoryFree) return { fit: 'fits', reason: `${memory}, ${size(memoryFree)} are free` }
  if (needed <= memoryTotal * USABLE_PART) {
    return {
      fit: 'tight',
      reason: `${memory}, ${size(memoryFree)} of ${size(memoryTotal)} are free: close other programs`
    }
  }
  return { fit: 'too-large', reason: `${memory}, this device has ${size(memoryTotal)}` }
}

export interface Choice<V> extends Fit {
  variant: V
}

/** The best that fits; where none does, the best that would with other programs closed; else the smallest. */
export function chooseVariant<V extends Pick<Variant, 'quantization' | 'bytes'>>(
  variants: readonly V[],
  device: Device
): Choice<V> {
  const ranked = [...variants].sort((a, b) => rankOf(a) - rankOf(b) || a.bytes - b.bytes)
  const choices = ranked.map((variant) => ({ variant, ...fitOf(variant.bytes, device) }))
  const found = choices.find(({ fit }) => fit === 'fits') ?? choices.find(({ fit }) => fit === 'tight')
  if (found !== undefined) return found
  const [smallest] = choices.sort((a, b) => a.variant.bytes - b.variant.bytes)
  if (smallest === undefined) throw new RangeError('There is nothing to choose from.')
  return smallest
}

function rankOf({ quantization }: Pick<Variant, 'quantization'>): number {
  const rank = ORDER.indexOf(quantization)
  return rank < 0 ? ORDER.length : rank
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
