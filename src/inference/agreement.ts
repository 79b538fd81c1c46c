/**
 * Half precision on a GPU moves logits by a hundredth of their range. A kernel that is wrong moves them by a tenth: seen
 * with onnxruntime 1.30, WebGPU, GroupQueryAttention and 64 tokens at once, on two software adapters.
 */
const TOLERANCE = 0.05

/** Whether logits are the processor's but for rounding. Pure. */
export function agrees(logits: Float32Array, expected: Float32Array, tolerance = TOLERANCE): boolean {
  let [lowest, highest, difference] = [Infinity, -Infinity, 0]
  for (const [id, score] of expected.entries()) {
    lowest = Math.min(lowest, score)
    highest = Math.max(highest, score)
    // What is no number is no agreement either.
    const own = Math.abs((logits[id] ?? NaN) - score)
    difference = Number.isNaN(own) ? Infinity : Math.max(difference, own)
  }
  return difference <= tolerance * (highest - lowest)
}
