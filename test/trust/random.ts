/** A mulberry32 generator: the same numbers, from 0 to below 1, on every machine and in every run. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit)
}

export function oneOf<T>(list: readonly T[], random: () => number): T {
  return list[below(list.length, random)]!
}

export function randomHex(bytes: number, random: () => number): string {
  let hex = ''
  while (hex.length < 2 * bytes)
    hex += below(2 ** 32, random)
      .toString(16)
      .padStart(8, '0')
  return hex.slice(0, 2 * bytes)
}

/** The bytes, cut, lengthened, or changed in a few places. */
export function mutated(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  switch (below(5, random)) {
    case 0:
      return copy.subarray(0, below(copy.length + 1, random))
    case 1:
      return Buffer.concat([copy, Buffer.from(randomHex(1 + below(20, random), random), 'hex')])
    case 2: {
      // A piece of it stands in another place, too.
      const from = below(copy.length, random)
      copy.copyWithin(below(copy.length, random), from, from + below(40, random))
      return copy
    }
    default: {
      const changes = 1 + below(4, random)
      for (let i = 0; i < changes; i++) copy[below(copy.length, random)] = below(256, random)
      return copy
    }
  }
}
