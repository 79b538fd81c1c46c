/** Thrown when a `tokenizer.json` is well-formed but of a kind that this engine cannot decode. Becomes a broken model. */
export class UnsupportedTokenizerError extends Error {
  override name = 'UnsupportedTokenizerError'

  constructor(what: string) {
    super(`${what} is not supported; byte-level and SentencePiece tokenizers are`)
  }
}
