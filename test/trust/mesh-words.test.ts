import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'mocha'
import { doorWords, fingerprintOf, wordsFromDoor, wordsOf } from '../../src/trust/index.ts'

const EVERY_PAIR = Array.from({ length: 65_536 }, (_, number) => wordsFromDoor(number))

describe('the words of a mesh', () => {
  it('are two of the first two bytes, six of the first six', () => {
    const mesh = '000102fffe05'.padEnd(64, '7')
    assert.equal(wordsOf(mesh), 'able-albatross')
    assert.equal(fingerprintOf(mesh), `able-albatross ${wordsFromDoor(0x02ff)} ${wordsFromDoor(0xfe05)}`)
    assert.equal(doorWords(mesh), 1)
    assert.equal(wordsFromDoor(65_535), 'zesty-zinnia')
  })

  it('are another pair for each number', () => {
    assert.equal(new Set(EVERY_PAIR).size, 65_536)
    for (const pair of EVERY_PAIR) assert.match(pair, /^[a-z]{3,11}-[a-z]{3,11}$/)
    for (const number of [0, 255, 256, 40_000, 65_535]) {
      assert.equal(doorWords(number.toString(16).padStart(4, '0').padEnd(64, 'a')), number)
    }
  })

  it('can be told apart by their first four letters', () => {
    const starts = (word: 0 | 1) => new Set(EVERY_PAIR.map((pair) => pair.split('-')[word]!.slice(0, 4)))
    assert.equal(starts(0).size, 256)
    assert.equal(starts(1).size, 256)
    const [adjectives, nouns] = [0, 1].map((at) => new Set(EVERY_PAIR.map((pair) => pair.split('-')[at]!)))
    assert.deepEqual(
      [...adjectives!].filter((word) => nouns!.has(word)),
      []
    )
  })

  it('never change', () => {
    const all = createHash('sha256').update(EVERY_PAIR.join('\n')).digest('hex')
    assert.equal(all, '6cc8147a3a730b270f83059fa39982158f07d391b2696f8b7d9549bf6500e8c9')
  })

  it('are of ids and of numbers that there are', () => {
    for (const wrong of ['', 'zz'.repeat(32), 'ab'.repeat(31), 'AB'.repeat(32)]) {
      assert.throws(() => wordsOf(wrong), RangeError)
    }
    for (const wrong of [-1, 65_536, 0.5, Number.NaN]) assert.throws(() => wordsFromDoor(wrong), RangeError)
  })
})
