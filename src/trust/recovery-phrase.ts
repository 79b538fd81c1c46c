import { hkdfSync } from 'node:crypto'
import { generateMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { RecoveryError } from '../errors.ts'

/** 24 words of BIP 39: 256 bits and a checksum of 8. */
const PHRASE_WORDS = 24
const PHRASE_BITS = 256
const SEED_BYTES = 32
/** What comes out is a key of ours and of no wallet that has the same phrase. */
const PURPOSE = 'ownmesh recovery key 1'
/** All words of the list differ within their first four letters. */
const TELLING_LETTERS = 4

export function makePhrase(): string {
  return generateMnemonic(wordlist, PHRASE_BITS)
}

/**
 * The seed of the recovery key: 32 bytes of Ed25519, by HKDF with SHA-256 (RFC 5869) from what the words encode. Case,
 * line breaks and numbers before the words do not matter.
 *
 * @throws {RecoveryError} naming the word that is wrong, or when all are right and do not belong together
 */
export function phraseToSeed(phrase: string): Uint8Array {
  const words =
    phrase
      .normalize('NFKD')
      .toLowerCase()
      .match(/[^\s\d.,;:)]+/g) ?? []
  words.forEach((word, index) => {
    if (!wordlist.includes(word)) throw new RecoveryError(unknownWord(word, index + 1))
  })
  if (words.length !== PHRASE_WORDS) {
    throw new RecoveryError(`A recovery phrase has ${PHRASE_WORDS} words, this one has ${words.length}.`)
  }
  let entropy: Uint8Array
  try {
    entropy = mnemonicToEntropy(words.join(' '), wordlist)
  } catch (cause) {
    throw new RecoveryError(
      'These are words of recovery phrases, but they do not belong together: one of them is another, or two have changed places.',
      { cause }
    )
  }
  return new Uint8Array(hkdfSync('sha256', entropy, new Uint8Array(), PURPOSE, SEED_BYTES))
}

function unknownWord(word: string, place: number): string {
  const start = word.slice(0, TELLING_LETTERS)
  const meant = wordlist.find((known) => known.slice(0, TELLING_LETTERS) === start)
  const hint = meant === undefined ? '' : ` Was it ${JSON.stringify(meant)}?`
  return `Word ${place}, ${JSON.stringify(word)}, is no word of a recovery phrase.${hint}`
}
