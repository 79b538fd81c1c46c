import { BrokenModelError } from '../errors.ts'
import type { Batcher } from './batcher.ts'
import { createChatPrompt } from './chat-prompt.ts'
import type { ChatPrompt } from './chat-prompt.ts'
import type { DecoderSession } from './decoder-session.ts'
import { tokenBytes } from './detokenizer.ts'
import type { DecoderConfig, TokenBytes } from './detokenizer.ts'
import { contextLengthOf, readModelFolder, reasonOf } from './model-folder.ts'
import type { ModelFolder, TokenText } from './model-folder.ts'

/** All of a model but its weights: how it reads and what ends its answers. */
export interface ModelText {
  prompt: ChatPrompt
  tokens: TokenBytes
  /** Ids after which an answer is over. */
  ends: ReadonlySet<number>
  /** Longest prompt and answer together, in tokens: what fits the memory, at most `fullContext`. */
  contextLength: number
  /** What the model itself can do. */
  fullContext: number
}

/** A model in memory, ready to answer. */
export interface LoadedModel extends ModelText {
  session: DecoderSession
  rows: Batcher
}

/**
 * @param contextLength the longest prompt and answer that fit the memory
 * @throws {BrokenModelError} naming the file that is missing or cannot be used
 */
export async function loadModelText(path: string, contextLength = Infinity): Promise<ModelText> {
  const folder = await readModelFolder(path)
  const prompt = createChatPrompt(folder)
  const { tokenizer } = prompt
  const added = [...tokenizer.get_added_tokens_decoder().values()]
  let tokens: TokenBytes
  try {
    tokens = tokenBytes({
      decoder: (folder.tokenizer as { decoder?: DecoderConfig | null }).decoder ?? null,
      token: (id) => tokenizer.id_to_token(id),
      special: new Set(added.filter(({ special }) => special).map(({ id }) => id)),
      added: new Set(added.map(({ id }) => id))
    })
  } catch (err) {
    throw new BrokenModelError(`${path}/tokenizer.json cannot be used: ${reasonOf(err)}.`, { cause: err })
  }
  const fullContext = contextLengthOf(folder.config)
  const ends = endsOf(folder, prompt)
  return { prompt, tokens, ends, fullContext, contextLength: Math.min(fullContext, contextLength) }
}

/** The union of what the three files call the end: each of them is incomplete in some published model. */
function endsOf({ config, generation, tokenizerConfig }: ModelFolder, { tokenizer }: ChatPrompt): Set<number> {
  const named: TokenText = tokenizerConfig.eos_token
  const text = typeof named === 'string' ? named : named?.content
  const id = text === undefined ? undefined : tokenizer.token_to_id(text)
  return new Set(
    [generation.eos_token_id, config.eos_token_id, id].flat().filter((end): end is number => typeof end === 'number')
  )
}
