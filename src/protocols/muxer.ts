import { yamux } from '@chainsafe/libp2p-yamux'
import type { MessageStream, StreamMuxerFactory } from '@libp2p/interface'

/**
 * What may be under way to a paused reader: below its read buffer, with room for what it had not yet taken. Yamux's own
 * window grows to 16 MiB while the buffer holds 4 MiB, so that a stream which is correctly paused is aborted by the bytes
 * under way.
 */
export const WINDOW_BYTES = 2 * 1024 * 1024

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
  factory.createStreamMuxer = (connection) => create(unhurt(connection))
  return factory
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
