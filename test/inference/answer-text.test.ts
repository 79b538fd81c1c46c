import assert from 'node:assert/strict'
import { answerText } from '../../src/inference/answer-text.ts'
import type { TokenBytes } from '../../src/inference/detokenizer.ts'

/** Ids are bytes. */
const BYTES: TokenBytes = { bytes: (id) => Uint8Array.of(id), dropsFirstSpace: false }

function ids(text: string): number[] {
  return [...new TextEncoder().encode(text)]
}

describe('the text of an answer', () => {
  it('gives at its end what was held back as the beginning of a stop string', () => {
    const text = answerText(BYTES, { stop: ['€€'] })
    assert.deepEqual(text.push(ids('5€')), { text: '5', stopped: false })
    assert.equal(text.finish(), '€')
  })

  it('shows at its end that a character was cut off', () => {
    const text = answerText(BYTES, { stop: [] })
    assert.deepEqual(text.push(ids('a👋').slice(0, 3)), { text: 'a', stopped: false })
    assert.equal(text.finish(), '\uFFFD')
  })

  it('finds a stop string whose characters come in pieces', () => {
    const text = answerText(BYTES, { stop: ['👋!'] })
    const shown = ids('hi 👋! there').map((id) => text.push([id]))
    const end = shown.findIndex(({ stopped }) => stopped)
    assert.equal(
      shown
        .slice(0, end + 1)
        .map((piece) => piece.text)
        .join(''),
      'hi '
    )
  })
})
