import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { detokenizer, tokenBytes } from '../../src/inference/detokenizer.ts'
import type { DecoderConfig, TokenBytes } from '../../src/inference/detokenizer.ts'
import { createTokenizer } from '../../src/inference/tokenizer.ts'
import type { Tokenizer } from '../../src/inference/tokenizer.ts'
import { FIXTURES } from './fixture.ts'

interface TokenizerFile {
  decoder: DecoderConfig
  model: { vocab: Record<string, number> }
}

type Decoding = Tokenizer & { decode(ids: number[], options: object): string }

function fixture(name: string): { tokenizer: Decoding; tokens: TokenBytes; size: number } {
  const json = JSON.parse(readFileSync(join(FIXTURES, 'models', name, 'tokenizer.json'), 'utf8')) as TokenizerFile
  const tokenizer = createTokenizer(json, {}) as Decoding
  const added = [...tokenizer.get_added_tokens_decoder().keys()]
  const tokens = tokenBytes({
    decoder: json.decoder,
    token: (id) => tokenizer.id_to_token(id),
    special: new Set(added),
    added: new Set(added)
  })
  return { tokenizer, tokens, size: Object.keys(json.model.vocab).length }
}

/** Characters of one to four bytes, combining marks, joiners and skin tones. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', ' ', 'é', 'e\u0301', 'ß', '€', '한', '👋🏽', '👩‍👩‍👧', '\u{1F1E9}\u{1F1EA}', '\u0000', '\uFEFF'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })
  ),
  maxLength: 30
})

describe('the detokenizer', () => {
  for (const name of ['plain', 'chain']) {
    const { tokenizer, tokens, size } = fixture(name)
    const whole = (ids: number[]): string =>
      ids.length === 0 ? '' : tokenizer.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false })

    it(`gives the text back, however its tokens are cut up (${name})`, () => {
      fc.assert(
        fc.property(text, fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 }), (written, cuts) => {
          const { ids } = tokenizer.encode(written, { add_special_tokens: false })
          const pieces = detokenizer(tokens)
          let shown = ''
          for (let at = 0; at < ids.length;) {
            const length = cuts[at % cuts.length] ?? 1
            const piece = pieces.push(ids.slice(at, at + length))
            // A character cut in two would leave a replacement character.
            if (!written.includes('\uFFFD')) assert.ok(!piece.includes('\uFFFD'), JSON.stringify(piece))
            shown += piece
            at += length
          }
          shown += pieces.flush()
          // SentencePiece writes spaces as this sign and cannot tell it from them.
          assert.equal(shown, name === 'chain' ? written.replaceAll('▁', ' ') : written)
        }),
        { seed: 1, numRuns: 500 }
      )
    })

    it(`shows random tokens as decoding them all at once does (${name})`, () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: size - 1 }), { maxLength: 40 }), (ids) => {
          const pieces = detokenizer(tokens)
          assert.equal(ids.map((id) => pieces.push([id])).join('') + pieces.flush(), whole(ids))
        }),
        { seed: 2, numRuns: 500 }
      )
    })
  }

  it('keeps the space before a word when it carries on behind a text', () => {
    const { tokens, tokenizer } = fixture('chain')
    const ids = [tokenizer.token_to_id('▁Gr') ?? 0]
    assert.equal(detokenizer(tokens).push(ids), 'Gr')
    assert.equal(detokenizer(tokens, { atStart: false }).push(ids), ' Gr')
  })

  it('refuses a way of decoding that it does not know', () => {
    const parts = { token: () => undefined, special: new Set<number>(), added: new Set<number>() }
    assert.throws(() => tokenBytes({ ...parts, decoder: { type: 'WordPiece' } }), /WordPiece is not supported/)
    assert.throws(() => tokenBytes({ ...parts, decoder: null }), /no decoder is not supported/)
  })
})
