import { randomFrom } from '../test/crdt/random.ts'

/**
 * Texts as people write them, as far as an index can tell: the n-th most frequent of many words comes up about 1/n as
 * often as the first (Zipf, Human Behavior and the Principle of Least Effort, 1949; shifted as Mandelbrot has it).
 */
const WORDS = 50_000
const SHIFT = 2.7
/** A memory is a sentence or two. */
const SHORTEST = 12
const LONGEST = 27

const BEGINNINGS = 'b c d f g h j k l m n p r s t v w ch sh st tr br pl gr'.split(' ')
const VOWELS = 'a e i o u ai ea ou'.split(' ')
const ENDINGS = ['', '', '', 'n', 'r', 's', 't', 'l', 'm', 'ck']

export interface Texts {
  /** The most frequent one first. */
  words: readonly string[]
  /** A word, as often as it comes up. */
  word: () => string
  text: () => string
}

/** The same texts for the same seed; the words are always the same. */
export function texts(seed: number): Texts {
  const words = vocabulary()
  const sums = new Float64Array(WORDS)
  let sum = 0
  for (let rank = 0; rank < WORDS; rank++) sums[rank] = sum += 1 / (rank + SHIFT)
  const random = randomFrom(seed)
  const word = (): string => {
    const wanted = random() * sum
    let [low, high] = [0, WORDS - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return words[low] ?? ''
  }
  const text = (): string =>
    Array.from({ length: SHORTEST + Math.floor(random() * (LONGEST - SHORTEST + 1)) }, word).join(' ')
  return { words, word, text }
}

/** Frequent words are short, as they are in every language. */
function vocabulary(): string[] {
  const random = randomFrom(1)
  const one = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? ''
  const words = new Set<string>()
  while (words.size < WORDS) {
    const syllables =
      words.size < 60 ? 1 : words.size < 2000 ? 1 + Math.floor(random() * 2) : 2 + Math.floor(random() * 3)
    words.add(Array.from({ length: syllables }, () => one(BEGINNINGS) + one(VOWELS) + one(ENDINGS)).join(''))
  }
  return [...words]
}
