import type { Reply } from './messages.ts'

/** Of these many come in the same turn, and each says little. */
const MANY: readonly Reply['type'][] = ['progress', 'tokens', 'done', 'failed']

/**
 * What the child says, on its way out. What it says of answers in one turn of the event loop goes as one message: the
 * rows of a run of the graph come to their tokens together, and a message for each would cost the parent more than the
 * tokens do. All else leaves at once, after what waits: a driver may take the process down with its next call.
 */
export function outbox(send: (replies: Reply[]) => void): (reply: Reply) => void {
  let waiting: Reply[] = []
  const flush = (): void => {
    if (waiting.length === 0) return
    const replies = waiting
    waiting = []
    send(replies)
  }
  return (reply) => {
    if (waiting.push(reply) === 1) process.nextTick(flush)
    if (!MANY.includes(reply.type)) flush()
  }
}
