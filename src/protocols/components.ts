import type {
  AbortOptions,
  Connection,
  PeerId,
  Stream,
  StreamHandler,
  StreamHandlerOptions,
  StreamMiddleware,
  Topology
} from '@libp2p/interface'

/** The part of libp2p's registrar that a protocol which answers needs. */
export interface Handlers {
  handle: (protocol: string, handler: StreamHandler, options?: StreamHandlerOptions) => Promise<void>
  unhandle: (protocol: string) => Promise<void>
}

/** The part of the registrar that tells which peers speak a protocol. */
export interface Topologies {
  register: (protocol: string, topology: Topology) => Promise<string>
  unregister: (id: string) => void
}

export interface OpenOptions extends AbortOptions {
  maxOutboundStreams?: number
}

/** The part of libp2p's connection manager that opens streams, dialling where there is no connection. */
export interface Streams {
  openStream: (peer: PeerId, protocol: string, options?: OpenOptions) => Promise<Stream>
}

/** The part of libp2p's connection manager that knows who is connected. */
export interface Connections {
  getConnections: (peer: PeerId) => Connection[]
}

/** The part of libp2p's connection manager that gives a connection, dialling where there is none. */
export interface Dials {
  openConnection: (peer: PeerId, options?: AbortOptions) => Promise<Connection>
}

/** The part of the registrar that says what runs before the handler of a stream, or before its opener gets it. */
export interface Middlewares {
  getMiddleware: (protocol: string) => StreamMiddleware[]
}
