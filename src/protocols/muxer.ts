import { yamux } from '@chainsafe/libp2p-yamux'
import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { together } from './together.ts'

/**
 * What may be under way to a paused reader: below its read buffer, with room for what it had not yet taken. Yamux's own
 * window grows to 16 MiB while the buffer holds 4 MiB, so that a stream which is correctly paused is aborted by the bytes
 * under way.
 */
export const WINDOW_BYTES = 2 * 1024 * 1024

/** A sixteenth of the window that a stream begins with: the other side always has nearly all of it. */
const WORTH_TELLING_BYTES = 16 * 1024

const OPTIONS = {
  streamOptions: {
    maxStreamWindowSize: WINDOW_BYTES,
    maxReadBufferLength: 2 * WINDOW_BYTES,
    /** A bound for whoever forgets to wait for `write`; those who wait queue one frame at most. */
    maxWriteBufferLength: 8 * 1024 * 1024
  }
}

/**
 * Yamux that survives the end of its connection. Version 8.0.1 sends the first frame of a new stream in a microtask of
 * its own; where the connection ends in the same turn, what it throws there can be caught by nobody and ends the
 * process. So what cannot be sent goes nowhere, as if the connection were full: its end, which closes all its streams,
 * is on the way.
 */
export function muxer(): StreamMuxerFactory {
  const factory: StreamMuxerFactory = yamux(OPTIONS)()
  const create = factory.createStreamMuxer.bind(factory)
  factory.createStreamMuxer = (connection) => sparing(create(together(unhurt(connection), isOfConnection)))
  return factory
}

/** Whether a frame is of no stream: a ping, or the word that this end goes away. Bytes 4 to 7 are the stream's number. */
function isOfConnection(frame: Pick<Uint8Array, 'subarray'>): boolean {
  return frame.subarray(4, 8).every((byte) => byte === 0)
}

/** What this file uses of yamux's insides. */
interface Insides {
  _newStream: (...parts: unknown[]) => { sendFrame: SendFrame }
}
type SendFrame = (header: { type: number; flag: number; length: number }, data?: unknown) => boolean
const WINDOW_UPDATE = 1

/**
 * Yamux that gives back the room in a stream's window when there is enough of it. Version 8.0.1 does so after each frame
 * that it reads, so that every token of an answer would be answered by a frame.
 */
function sparing(made: StreamMuxer): StreamMuxer {
  const insides = made as unknown as Insides
  const newStream = insides._newStream.bind(made)
  insides._newStream = (...parts) => {
    const stream = newStream(...parts)
    const send = stream.sendFrame
    let owed = 0
    stream.sendFrame = (header, data) => {
      if (header.type !== WINDOW_UPDATE) return send(header, data)
      owed += header.length
      // With a flag it says more than how much room there is.
      if (header.flag === 0 && owed < WORTH_TELLING_BYTES) return true
      const length = owed
      owed = 0
      return send({ ...header, length }, data)
    }
    return stream
  }
  return made
}

function unhurt(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection)
  connection.send = (data) => {
    try {
      return send(data)
    } catch (error) {
      // Nothing, where it has ended already.
      connection.abort(error as Error)
      return false
    }
  }
  return connection
}
