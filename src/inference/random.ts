/**
 * A random number in [0, 1) that is a function of seed and position, so that an answer carried on elsewhere draws what
 * the first device would have drawn. Mixing by the finalizer of MurmurHash3 (Austin Appleby, public domain).
 */
export function randomAt(seed: number, position: number): number {
  const high = mix(mix(seed) ^ Math.imul(position, 0x9e3779b1))
  const low = mix(high ^ 0x85ebca6b)
  // 53 bits: the mantissa of a double.
  return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 2 ** 53
}

function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
