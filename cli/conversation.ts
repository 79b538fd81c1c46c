import type { Message } from '../src/interface.ts'

/**
 * More characters than any context takes (a million tokens are about four million characters, and nobody types
 * those): bounds what a chat that is left open for weeks keeps and sends.
 */
const MAX_CHARACTERS = 512 * 1024

/** The messages of a chat, the oldest dropped where they do not fit. */
export class Conversation {
  readonly #messages: Message[] = []

  get messages(): Message[] {
    return [...this.#messages]
  }

  /** Adds a message; resolves to how many old ones had to go. */
  add(message: Message): number {
    this.#messages.push(message)
    let dropped = 0
    while (this.#characters() > MAX_CHARACTERS) {
      const gone = this.dropOldest()
      if (gone === 0) {
        break
      }
      dropped += gone
    }
    return dropped
  }

  /** Drops the oldest question with its answer, never the last question; returns how many messages went. */
  dropOldest(): number {
    const next = this.#messages.findIndex(({ role }, index) => index > 0 && role === 'user')
    return next === -1 ? 0 : this.#messages.splice(0, next).length
  }

  /** Takes back the last question, to which no answer came. */
  takeBack(): void {
    if (this.#messages.at(-1)?.role === 'user') {
      this.#messages.pop()
    }
  }

  #characters(): number {
    return this.#messages.reduce((sum, { content }) => sum + content.length, 0)
  }
}
