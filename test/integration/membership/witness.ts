import '../../../src/polyfill.ts'
import type { Connection, PeerId, Stream, StreamHandler } from '@libp2p/interface'

/** libp2p's own, which it does not export. */
interface Registrar {
  components: { peerId: PeerId; connectionManager: { getConnections(): Connection[] } }
  handle: (protocol: string, handler: StreamHandler, options?: object) => Promise<void>
  /** What libp2p asks for before each stream is handled. */
  getMiddleware: (protocol: string) => unknown[]
}

/** What one node heard of another one, by protocol. */
interface Heard {
  /** PeerIds: who heard, and of whom. */
  by: string
  of: string
  protocol: string
}

/**
 * Sees every call of a protocol's handler in every libp2p node of this process, and every byte that is read of a stream
 * that came in, from `begin` to `end`; whether it is a protocol of ours or of the library. Nodes have to be made in
 * between.
 */
export class Witness {
  #handled: Heard[] = []
  #read: (Heard & { bytes: number })[] = []
  readonly #seen = new WeakSet<Stream>()
  readonly #protocols = new Map<string, Set<string>>()
  readonly #prototype: Registrar
  readonly #original: Pick<Registrar, 'handle' | 'getMiddleware'>

  private constructor(prototype: Registrar) {
    this.#prototype = prototype
    this.#original = { handle: prototype.handle, getMiddleware: prototype.getMiddleware }
  }

  static async begin(): Promise<Witness> {
    const file = new URL('registrar.js', import.meta.resolve('libp2p')).href
    const { Registrar } = (await import(file)) as { Registrar: { prototype: Registrar } }
    const witness = new Witness(Registrar.prototype)
    witness.#stand()
    return witness
  }

  end(): void {
    Object.assign(this.#prototype, this.#original)
  }

  forget(): void {
    this.#handled = []
    this.#read = []
  }

  /** What a node of this process handles. */
  protocolsOf(id: string): string[] {
    return [...(this.#protocols.get(id) ?? [])].sort()
  }

  /** Protocols by which a handler of `by` was called for `of`, each time. */
  calls(by: string, of: string): string[] {
    return this.#handled.filter((each) => each.by === by && each.of === of).map(({ protocol }) => protocol)
  }

  /** Read by `by` of streams that `of` opened, but for one protocol. */
  bytes(by: string, of: string, { but }: { but: string }): number {
    const read = this.#read.filter((each) => each.by === by && each.of === of && each.protocol !== but)
    return read.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #stand(): void {
    const { handle, getMiddleware } = this.#original
    const onHandle = (by: string, protocol: string, handler: StreamHandler): StreamHandler => {
      this.#protocols.set(by, (this.#protocols.get(by) ?? new Set()).add(protocol))
      return (stream, connection) => {
        this.#handled.push({ by, of: connection.remotePeer.toString(), protocol })
        return handler(stream, connection)
      }
    }
    const onStream = (registrar: Registrar): void => {
      this.#listenIn(registrar)
    }
    this.#prototype.handle = function (this: Registrar, protocol, handler, options) {
      return handle.call(this, protocol, onHandle(this.components.peerId.toString(), protocol, handler), options)
    }
    this.#prototype.getMiddleware = function (this: Registrar, protocol) {
      onStream(this)
      return getMiddleware.call(this, protocol)
    }
  }

  #listenIn({ components: { peerId, connectionManager } }: Registrar): void {
    for (const { remotePeer, streams } of connectionManager.getConnections()) {
      for (const stream of streams.filter(({ direction }) => direction === 'inbound')) {
        if (this.#seen.has(stream)) continue
        this.#seen.add(stream)
        stream.addEventListener('message', ({ data: { byteLength: bytes } }) => {
          this.#read.push({ by: peerId.toString(), of: remotePeer.toString(), protocol: stream.protocol, bytes })
        })
      }
    }
  }
}
