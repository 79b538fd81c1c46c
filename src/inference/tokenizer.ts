import * as library from '@huggingface/tokenizers'

/**
 * The part of @huggingface/tokenizers that is used here. Written down because the package's own declarations import
 * without file endings, which `moduleResolution: nodenext` does not follow.
 */
export interface Tokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] }
  id_to_token(id: number): string | undefined
  token_to_id(token: string): number | undefined
  get_added_tokens_decoder(): Map<number, { id: number; content: string; special: boolean }>
  readonly normalizer: { normalize(text: string): string } | null
}

type TokenizerConstructor = new (tokenizer: object, config: object) => Tokenizer

/**
 * @param json contents of `tokenizer.json`
 * @param config contents of `tokenizer_config.json`
 */
export function createTokenizer(json: object, config: object): Tokenizer {
  const { Tokenizer } = library as unknown as { Tokenizer: TokenizerConstructor }
  return new Tokenizer(json, config)
}
