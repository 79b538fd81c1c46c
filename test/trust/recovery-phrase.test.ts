import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { makePhrase, phraseToSeed } from '../../src/trust/index.ts'

/** BIP 39's own example of 256 zero bits. */
const ZERO = `${'abandon '.repeat(23)}art`

function refusalOf(phrase: string): string {
  try {
    phraseToSeed(phrase)
    return ''
  } catch (error) {
    assert.ok(error instanceof Error && error.name === 'RecoveryError')
    return error.message
  }
}

describe('a recovery phrase', () => {
  it('is 24 words, each time others', () => {
    const phrases = new Set(Array.from({ length: 20 }, makePhrase))
    assert.equal(phrases.size, 20)
    for (const phrase of phrases) {
      assert.equal(phrase.split(' ').length, 24)
      assert.equal(phraseToSeed(phrase).length, 32)
    }
  })

  it('gives the same seed for ever', () => {
    assert.equal(
      Buffer.from(phraseToSeed(ZERO)).toString('hex'),
      '04cb61421cf36ba73e82e763f05f296a7abecd80b696af3822fc047299c4437e'
    )
  })

  it('is understood in capitals, on several lines, and with numbers', () => {
    const phrase = makePhrase()
    const words = phrase.split(' ')
    const seed = phraseToSeed(phrase)
    assert.deepEqual(phraseToSeed(`  ${phrase.toUpperCase()}\n`), seed)
    assert.deepEqual(phraseToSeed(words.join('\r\n')), seed)
    assert.deepEqual(phraseToSeed(words.map((word, at) => `${at + 1}. ${word}`).join('\n')), seed)
    assert.deepEqual(phraseToSeed(words.map((word, at) => `${at + 1}) ${word},`).join(' ')), seed)
  })

  it('that is mistyped is refused with the word that is wrong', () => {
    assert.match(refusalOf(ZERO.replace('art', 'artt')), /^Word 24, "artt", .*/)
    assert.match(refusalOf(ZERO.replace('abandon', 'abandom')), /^Word 1, "abandom", .* Was it "abandon"\?$/)
    assert.match(refusalOf(ZERO.replace('art', 'zzzz')), /phrase\.$/)
  })

  it('that is too short, too long or out of order is refused', () => {
    assert.match(refusalOf('abandon '.repeat(23)), /has 24 words, this one has 23/)
    assert.match(refusalOf(`${ZERO} art`), /this one has 25/)
    assert.match(refusalOf(''), /this one has 0/)
    assert.match(refusalOf(`art ${'abandon '.repeat(23)}`), /do not belong together/)
  })

  it('does not say more of itself than the wrong word', () => {
    const others = makePhrase().split(' ').slice(1).join(' ')
    assert.equal(
      refusalOf(`notaword ${others}`),
      'Word 1, "notaword", is no word of a recovery phrase. Was it "notable"?'
    )
  })
})
