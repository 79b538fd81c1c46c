import { detokenizer } from './detokenizer.ts'
import type { TokenBytes } from './detokenizer.ts'
import { stopStrings } from './stop-strings.ts'

/** From token ids to what the reader sees: characters are never split, stop strings never shown. */
export interface AnswerText {
  push(ids: readonly number[]): { text: string; stopped: boolean }
  /** The end of the text, when the answer ended otherwise than by a stop string. */
  finish(): string
}

export interface AnswerTextOptions {
  stop: readonly string[]
  /** False when the answer carries on behind text that the reader already has. @default true */
  atStart?: boolean
}

export function answerText(tokens: TokenBytes, { stop, atStart = true }: AnswerTextOptions): AnswerText {
  const characters = detokenizer(tokens, { atStart })
  const stops = stopStrings(stop)
  return {
    push: (ids) => stops.push(characters.push(ids)),
    finish() {
      const { text, stopped } = stops.push(characters.flush())
      return stopped ? text : text + stops.flush()
    }
  }
}
