import type { MessageStream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * What goes out together at most. Beyond it the price of a message (a packet of Noise, a call of the kernel) weighs
 * little, and to copy it would weigh more.
 */
export const TOGETHER_BYTES = 16 * 1024

type Bytes = Uint8Array | Uint8ArrayList

/**
 * A connection that sends the small messages of one turn of the event loop as one. Where many asks are under way, the
 * frames of all of them come in the same turn, and to encrypt, write and read each by itself costs more than all else
 * that is done with it. Messages keep their order; a large one waits for nothing. What waits is copied: its bytes are
 * the caller's again.
 *
 * @param last whether the connection may be closed in the same turn, after this message: then nothing waits
 */
export function together<C extends Pick<MessageStream, 'send'>>(connection: C, last: (message: Bytes) => boolean): C {
  const send = connection.send.bind(connection)
  let waiting: Uint8Array[] = []
  let bytes = 0
  let hasRoom = true
  const flush = (): void => {
    if (bytes === 0) return
    const message = Buffer.concat(waiting, bytes)
    waiting = []
    bytes = 0
    hasRoom = send(message)
  }
  connection.send = (message) => {
    if (bytes + message.byteLength > TOGETHER_BYTES) flush()
    // Whoever must wait for room is told so with each message.
    if (message.byteLength > TOGETHER_BYTES || !hasRoom) {
      flush()
      hasRoom = send(message)
      return hasRoom
    }
    if (bytes === 0) process.nextTick(flush)
    waiting.push(message.slice())
    bytes += message.byteLength
    if (last(message)) flush()
    return hasRoom
  }
  return connection
}

/** A connection that sends each message in one piece, and so with one call of the kernel. */
export function inOnePiece<C extends Pick<MessageStream, 'send'>>(connection: C): C {
  const send = connection.send.bind(connection)
  connection.send = (message) => send(message instanceof Uint8Array ? message : message.subarray())
  return connection
}
