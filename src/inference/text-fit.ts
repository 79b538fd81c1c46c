import { join } from 'node:path'
import { BrokenModelError } from '../errors.ts'
import { decodingSteps } from './detokenizer.ts'
import { reasonOf } from './model-folder.ts'
import type { ModelFolder } from './model-folder.ts'

/** What @huggingface/tokenizers can build; files from before the field was there leave it out. */
const MODEL_TYPES: readonly unknown[] = ['BPE', 'Unigram', 'WordPiece', undefined]

/**
 * What can be told of a tokenizer without building it, which takes a second for a large one.
 * @throws {BrokenModelError}
 */
export function checkTokenizer({ path, tokenizer: { model, decoder } }: ModelFolder): void {
  const file = join(path, 'tokenizer.json')
  const vocabulary = model?.vocab ?? null
  if (model == null || typeof vocabulary !== 'object' || vocabulary === null) {
    throw new BrokenModelError(`${file} cannot be used: it has no vocabulary; copy or download it again.`)
  }
  if (!MODEL_TYPES.includes(model.type)) {
    const type = String(model.type).slice(0, 40)
    throw new BrokenModelError(
      `${file} cannot be used: tokenizers of the type ${type} are not known here; BPE and Unigram are.`
    )
  }
  try {
    decodingSteps(decoder ?? null)
  } catch (err) {
    throw new BrokenModelError(`${file} cannot be used: ${reasonOf(err)}.`, { cause: err })
  }
}

/**
 * Jinja is loaded when there is a template to look at: a node without models of its own needs none.
 * @throws {BrokenModelError} when the chat template of a folder is none
 */
export async function checkTemplate({ path, chatTemplate }: ModelFolder): Promise<void> {
  const { Template } = await import('@huggingface/jinja')
  try {
    new Template(chatTemplate)
  } catch (err) {
    throw new BrokenModelError(
      `The chat template of ${path} (chat_template.jinja, or chat_template in tokenizer_config.json) cannot be used: ` +
        `${reasonOf(err)}. Copy or download it again.`,
      { cause: err }
    )
  }
}
