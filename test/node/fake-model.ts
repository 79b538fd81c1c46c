import type { GenerateEvent, GenerateRequest, ModelOffer } from '../../src/interface.ts'
import { offer } from './candidates.ts'

/** Ends an answer; it has no text and is not counted. */
const END = 0
/** Characters of one, two, three and four bytes, so that tokens end within characters. */
const LETTERS = [
  'abcdefghijklmnop',
  'äöüßéèñçàêîôûåøæ',
  '你好世界天地人山水火木金土日月年',
  '😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗'
]
const DEFAULT_MAX_TOKENS = 512

/** What no correct asker would ask for. */
export class WrongRequest extends Error {}

/** Picks from 0 to `below` − 1. */
export type Pick = (below: number) => number

/**
 * A model whose answer is known beforehand. It speaks in tokens of one to three bytes, shows only whole characters, and
 * goes on from the ids or from the text of a continuation as a real engine does, and complains when they are wrong.
 */
export class FakeModel {
  readonly offer: ModelOffer
  readonly text: string
  /** Ids of the whole answer, `END` too. */
  readonly ids: number[]
  readonly #pick: Pick
  readonly #tellsIds: boolean

  /**
   * Models with the same `layout` have characters of the same lengths, so that one can go on where another stopped.
   * `tellsIds: false`: as another engine, which gives text alone.
   */
  constructor(changes: Partial<ModelOffer>, layout: readonly number[], pick: Pick, { tellsIds = true } = {}) {
    this.offer = offer(changes)
    this.#tellsIds = tellsIds
    this.text = layout.map((kind) => Array.from(LETTERS[kind]!)[pick(16)]).join('')
    this.#pick = pick
    this.ids = this.#idsOf(this.text)
  }

  /** What the whole answer would be, with so many tokens allowed. */
  answer(maxTokens = DEFAULT_MAX_TOKENS): string {
    const decoder = new TextDecoder()
    const ids = this.ids.slice(0, maxTokens)
    return ids.map((id) => decoder.decode(bytesOf(id), { stream: true })).join('') + decoder.decode()
  }

  *generate({ sampling, continuation }: GenerateRequest): Generator<GenerateEvent> {
    const { maxTokens = DEFAULT_MAX_TOKENS, seed = 7 } = sampling
    if (maxTokens < 1) throw new WrongRequest(`asked for ${maxTokens} tokens`)
    const resolved = { maxTokens, temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1, seed, stop: [] }
    yield { type: 'accepted', model: { name: this.offer.name, hash: this.offer.hash }, sampling: resolved }
    if (this.offer.startsOnly === true && continuation !== undefined) throw new WrongRequest('asked to carry on')
    if (!this.#tellsIds && continuation !== undefined && continuation.tokens.length > 0) {
      throw new WrongRequest('asked to carry on from ids that it never gave')
    }
    const decoder = new TextDecoder()
    let ids = this.ids
    // The budget is that of the whole answer, as for the real engine.
    let counted = continuation?.tokens.length ?? 0
    if (continuation !== undefined && continuation.tokens.length > 0) {
      const known = continuation.tokens
      if (known.some((id, index) => id !== ids[index])) throw new WrongRequest('the ids to go on from are wrong')
      const shown = known.map((id) => decoder.decode(bytesOf(id), { stream: true })).join('')
      if (shown !== continuation.text) throw new WrongRequest('the ids to go on from do not give the text')
      ids = ids.slice(known.length)
    } else if (continuation !== undefined) {
      ids = this.#idsOf(this.text.slice(continuation.text.length))
      counted = 0
    }
    // All was said but `done`.
    if (ids.length === 0) yield done('stop', counted)
    else if (counted >= maxTokens) throw new WrongRequest('asked to go on beyond the budget')
    while (ids.length > 0) {
      const tokens = ids.slice(0, Math.min(1 + this.#pick(3), maxTokens - counted))
      ids = ids.slice(tokens.length)
      const ended = tokens.at(-1) === END
      counted += tokens.length - Number(ended)
      let text = tokens.map((id) => decoder.decode(bytesOf(id), { stream: true })).join('')
      const last = ended || counted === maxTokens
      if (last) text += decoder.decode()
      yield { type: 'tokens', tokens: this.#tellsIds ? tokens : [], text }
      if (!last) continue
      yield done(ended ? 'stop' : 'length', counted)
      return
    }
  }

  #idsOf(text: string): number[] {
    const bytes = [...Buffer.from(text)]
    const ids: number[] = []
    while (bytes.length > 0) ids.push(idOf(bytes.splice(0, 1 + this.#pick(3))))
    return [...ids, END]
  }
}

function done(finishReason: 'stop' | 'length', answerTokens: number): GenerateEvent {
  return { type: 'done', finishReason, promptTokens: 9, answerTokens, queueMs: 0, prefillMs: 5, decodeMs: 100 }
}

/** The number of the bytes, and they themselves. */
function idOf(bytes: number[]): number {
  return bytes.reduce((id, byte) => id * 256 + byte, bytes.length)
}

function bytesOf(id: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = id; rest > 3; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Uint8Array.from(bytes)
}
