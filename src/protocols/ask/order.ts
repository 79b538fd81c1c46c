import { ProtocolError } from '../../errors.ts'
import type { GenerateEvent, Tokens } from '../../interface.ts'

/** How far an answer has come. */
export interface Progress {
  phase: 'asked' | 'accepted' | 'answering' | 'done'
  /** Tokens that may still come. */
  tokensLeft: number
}

export const ASKED: Progress = { phase: 'asked', tokensLeft: 0 }

/**
 * The order of an answer: any `waiting`, one `accepted`, any `waiting`, any `tokens`, one `done`, and no more tokens than were agreed
 * upon. Pure.
 *
 * @throws {ProtocolError} when the event may not come now
 */
export function follow({ phase, tokensLeft }: Progress, event: GenerateEvent): Progress {
  switch (event.type) {
    case 'accepted':
      if (phase !== 'asked') break
      // The token that ends the sequence is sent and not counted.
      return { phase: 'accepted', tokensLeft: event.sampling.maxTokens + 1 }
    case 'waiting':
      if (phase !== 'asked' && phase !== 'accepted') break
      return { phase, tokensLeft }
    case 'tokens':
      if (phase !== 'accepted' && phase !== 'answering') break
      if (tokensIn(event) > tokensLeft) throw new ProtocolError('The answer has more tokens than were agreed upon.')
      return { phase: 'answering', tokensLeft: tokensLeft - tokensIn(event) }
    case 'done':
      if (phase !== 'accepted' && phase !== 'answering') break
      return { phase: 'done', tokensLeft: 0 }
  }
  throw new ProtocolError(`"${event.type}" may not come when the answer is "${phase}".`)
}

/**
 * A piece of text without ids counts as one: it is what an engine gives that knows none. One that knows them gives at
 * most one such piece, the rest of its text, and no ids beside it.
 */
function tokensIn({ tokens, text }: Tokens): number {
  return tokens.length > 0 ? tokens.length : Number(text !== '')
}
