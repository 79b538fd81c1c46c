import type { Tokens } from '../interface.ts'

/** Pieces of an answer on their way out. */
export interface Gathering {
  add(piece: Tokens): void
  /** Sends what is held back. */
  flush(): void
}

/**
 * Whether what was gathered goes out now: with the first token of each span of `gatherMs`. The spans are the same for
 * all answers, so that those that run beside each other are sent in the same turn, as one message and one packet.
 */
export function isDue(now: number, sentAt: number, gatherMs: number): boolean {
  return gatherMs <= 0 || Math.floor(now / gatherMs) > Math.floor(sentAt / gatherMs)
}

/**
 * Sends tokens that come in quick succession together: the first at once, then one event in each span of `gatherMs`.
 * Every event costs this process a message, the node a frame and the asker an acknowledgement, which together take
 * longer than a small model takes for a token. It needs no timer: what is held back goes with the next token after the
 * span is over, so a model that is slower than that has each of its tokens sent as it comes.
 */
export function gathering(
  send: (piece: Tokens) => void,
  { gatherMs, now = () => performance.now() }: { gatherMs: () => number; now?: () => number }
): Gathering {
  let held: Tokens | null = null
  let sentAt = -Infinity
  const flush = (): void => {
    if (held === null) return
    send(held)
    held = null
    sentAt = now()
  }
  return {
    add({ tokens, text }) {
      held ??= { type: 'tokens', tokens: [], text: '' }
      held.tokens.push(...tokens)
      held.text += text
      if (isDue(now(), sentAt, gatherMs())) flush()
    },
    flush
  }
}
