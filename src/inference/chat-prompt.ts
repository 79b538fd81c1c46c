import { Template } from '@huggingface/jinja'
import { randomUUID } from 'node:crypto'
import { BrokenModelError, InvalidRequestError } from '../errors.ts'
import type { Message } from '../interface.ts'
import { reasonOf } from './model-folder.ts'
import type { ModelFolder, TokenText } from './model-folder.ts'
import { createTokenizer } from './tokenizer.ts'
import type { Tokenizer } from './tokenizer.ts'

/** From messages to the token ids that a model reads. */
export interface ChatPrompt {
  tokenizer: Tokenizer
  /** The whole prompt, ending where the answer begins. @throws {InvalidRequestError} when the template refuses */
  encode(messages: readonly Message[]): number[]
  /** Plain text: what looks like markup in it stays text. */
  encodeText(text: string): number[]
}

/**
 * Text of a message can spell a special token, and a tokenizer would take `<|im_end|>` in a question for the end of the
 * turn: whoever writes a question could then write the assistant's part too. Such spellings are cut into pieces, each
 * tokenized by itself, so that the model reads the letters. Markup that is no token (`[INST]` of Llama 2) stays as it is.
 *
 * @throws {BrokenModelError} when tokenizer or template cannot be used
 */
export function createChatPrompt({ path, tokenizer: json, tokenizerConfig, chatTemplate }: ModelFolder): ChatPrompt {
  const tokenizer = usable(path, 'tokenizer.json', () => createTokenizer(json, tokenizerConfig))
  const template = usable(path, 'chat template', () => new Template(chatTemplate))
  const markup = markupPattern(tokenizer, chatTemplate)
  const tokens = {
    bos_token: textOf(tokenizerConfig.bos_token),
    eos_token: textOf(tokenizerConfig.eos_token)
  }

  const encode = (text: string): number[] =>
    text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids

  /** Whether a tokenizer would see markup, be it only after normalizing (full-width letters, for one). */
  const spellsMarkup = (text: string): boolean =>
    markup !== null &&
    (text.search(markup) !== -1 || (tokenizer.normalizer?.normalize(text) ?? '').search(markup) !== -1)

  const encodeText = (text: string): number[] => {
    if (!spellsMarkup(text)) return encode(text)
    const letters = Array.from(text)
    if (letters.length < 2) return encode(text)
    const middle = Math.ceil(letters.length / 2)
    return [letters.slice(0, middle), letters.slice(middle)].flatMap((half) => encodeText(half.join('')))
  }

  return {
    tokenizer,
    encodeText,
    encode(messages) {
      // Stands for a message with markup while the template is rendered; nobody can guess it.
      const mark = `\u{F0000}${randomUUID()}\u{F0000}`
      const spelled: string[] = []
      const stand = (text: string): string => `${mark}${spelled.push(text) - 1}${mark}`
      const guarded = messages.map(({ role, content }) => ({
        role,
        content: spellsMarkup(content) ? stand(content) : content
      }))
      let rendered: string
      try {
        rendered = template.render({ messages: guarded, add_generation_prompt: true, ...tokens })
      } catch (err) {
        throw new InvalidRequestError(`The model's chat template refuses these messages: ${reasonOf(err)}.`, {
          cause: err
        })
      }
      return rendered
        .split(mark)
        .flatMap((part, index) => (index % 2 === 0 ? encode(part) : encodeText(spelled[Number(part)] ?? '')))
    }
  }
}

/**
 * Spellings that must not become tokens: the special ones, and those in brackets that the template uses, since some
 * models forget to call their role markers special.
 */
function markupPattern(tokenizer: Tokenizer, chatTemplate: string): RegExp | null {
  const spellings = [...tokenizer.get_added_tokens_decoder().values()]
    .filter(({ special, content }) => special || (/^[<[].*[>\]]$/s.test(content) && chatTemplate.includes(content)))
    .map(({ content }) => content)
    .filter((content) => content !== '')
  if (spellings.length === 0) return null
  // The longest first: one spelling may begin another.
  spellings.sort((a, b) => b.length - a.length)
  return new RegExp(spellings.map((spelling) => spelling.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'gu')
}

function textOf(token: TokenText): string {
  return (typeof token === 'string' ? token : token?.content) ?? ''
}

function usable<T>(path: string, what: string, make: () => T): T {
  try {
    return make()
  } catch (err) {
    throw new BrokenModelError(`The ${what} of ${path} cannot be used: ${reasonOf(err)}.`, { cause: err })
  }
}
