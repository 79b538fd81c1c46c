import type { Continuation, ModelOffer, ResolvedSampling, SamplingOptions, Tokens } from '../interface.ts'
import { sizeClass } from './size-class.ts'

/**
 * How an attempt stands to what the reader already has:
 * - `fresh`: the reader has nothing, so nothing has to fit
 * - `exact`: the same model goes on from the token ids, and the text is as if nothing had happened
 * - `text`: another model goes on from the text; or the same, where ids are not all known
 */
export type Carrying = 'fresh' | 'exact' | 'text'

/** What has come of one answer, over all the devices that worked on it: enough for the next one to carry on. */
export class AnswerSoFar {
  /** What the reader has. */
  text = ''
  /** Tokens that the answer has taken of its budget. */
  spent = 0
  /** Every id of the answer, those whose text is still pending too; means nothing once `#exact` is false. */
  #tokens: number[] = []
  #exact = true
  #model: ModelOffer | undefined
  #sampling: ResolvedSampling | undefined
  #budget = 0

  /** Whether the budget is used up: then only `done` is missing, because the last ids come with the last text. */
  complete(): boolean {
    return this.text !== '' && this.spent >= this.#budget
  }

  /** What placement must find; undefined while the reader has nothing. */
  continues(): { hash: string; sizeClass: number } | undefined {
    if (this.text === '' || this.#model === undefined) return undefined
    return { hash: this.#model.hash, sizeClass: sizeClass(this.#model) }
  }

  carrying({ hash }: ModelOffer): Carrying {
    if (this.text === '') return 'fresh'
    return this.#exact && hash === this.#model?.hash ? 'exact' : 'text'
  }

  /**
   * The part of the next attempt's request that depends on what has come. `maxTokens` stays that of the whole answer:
   * an engine counts what it carries on from against it. The same model keeps the resolved options and the seed;
   * another one gets the asker's own, because the rest comes from each model's own defaults.
   */
  request(model: ModelOffer, asked: SamplingOptions): { sampling: SamplingOptions; continuation?: Continuation } {
    const carrying = this.carrying(model)
    if (carrying === 'fresh') return { sampling: asked }
    const options = model.hash === this.#model?.hash ? this.#sampling : asked
    return {
      sampling: { ...options, maxTokens: this.#budget },
      continuation: { tokens: carrying === 'exact' ? [...this.#tokens] : [], text: this.text }
    }
  }

  /**
   * A model's first tokens that count, unless it goes on exactly: from now on it is the one to carry on from. Until
   * then whoever fails leaves everything as it was.
   */
  startWith(model: ModelOffer, sampling: ResolvedSampling): void {
    this.#exact = this.text === ''
    if (this.#exact) {
      this.#budget = sampling.maxTokens
      this.spent = 0
    }
    this.#tokens = []
    this.#model = model
    this.#sampling = sampling
  }

  add({ tokens, text }: Tokens): void {
    // An engine that knows no ids gives about one token at a time.
    if (tokens.length === 0 && this.#tokens.length === 0) this.#exact = false
    this.spent += tokens.length === 0 && !this.#exact ? 1 : tokens.length
    this.#tokens.push(...tokens)
    this.text += text
  }
}
