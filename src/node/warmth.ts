import { hash } from 'node:crypto'
import type { Message } from '../interface.ts'
import type { Candidate, Placed } from './candidate.ts'
import { estimateTokens } from './expected-time.ts'

/** A device that has read the beginning of a conversation, and may go on from there. */
export interface Warm {
  peerId: string
  /** The process that read it; another one has forgotten it. */
  instance: string | undefined
  /** Hash of the model that read it. */
  model: string
  /** What it need not read again, by `estimateTokens`. */
  tokens: number
}

/** Those that were last spoken of; of each its hash is kept, and no word. */
const MOST_CONVERSATIONS = 64

/** Who answered the last turn of the conversations that were had here. */
export class Warmth {
  readonly #known = new Map<string, Warm>()

  /** Who answered the turn before, if there was one. */
  find(messages: readonly Message[]): Warm | undefined {
    const last = messages.findLastIndex(({ role }) => role === 'assistant')
    return last === -1 ? undefined : this.#known.get(keyOf(messages.slice(0, last + 1)))
  }

  /** @param reusedTokens as its engine said; one that has read everything anew keeps nothing */
  answered(messages: readonly Message[], answer: string, { candidate, model }: Placed, reusedTokens = 0): void {
    const { peer, capability } = candidate
    const before = this.find(messages)
    if (before?.peerId === peer.id && before.model === model.hash && reusedTokens === 0) return
    const all: Message[] = [...messages, { role: 'assistant', content: answer }]
    const key = keyOf(all)
    this.#known.delete(key)
    this.#known.set(key, {
      peerId: peer.id,
      instance: capability?.instance,
      model: model.hash,
      tokens: estimateTokens(all)
    })
    const [oldest] = this.#known.keys()
    if (this.#known.size > MOST_CONVERSATIONS && oldest !== undefined) this.#known.delete(oldest)
  }
}

/** What a candidate need not read again, in tokens; 0 where its process or its model is not there any more. */
export function knownTokens(warm: Warm | undefined, candidate: Candidate, model: Placed['model']): number {
  const isThere =
    warm?.peerId === candidate.peer.id &&
    warm.instance === candidate.capability?.instance &&
    warm.model === model.hash &&
    model.loadMs === undefined
  return isThere ? warm.tokens : 0
}

/** Spaces around a text may be lost where it is kept. */
function keyOf(messages: readonly Message[]): string {
  return hash('sha256', JSON.stringify(messages.map(({ role, content }) => [role, content.trim()])))
}
