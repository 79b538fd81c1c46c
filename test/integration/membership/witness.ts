import '../../../src/polyfill.ts'
import type { PeerId, Stream, StreamHandler } from '@libp2p/interface'

/** libp2p's own, which it does not export. */
interface Registrar {
  components: { peerId: PeerId }
  handle(protocol: string, handler: StreamHandler, options?: object): Promise<void>
}

export interface Handled {
  /** PeerIds: whose handler was called, and by whom. */
  by: string
  from: string
  protocol: string
}

/**
 * Sees every call of a protocol's handler in every libp2p node of this process, from `begin` to `end`; whether it is one
 * of ours or one of the library. Nodes have to be made in between.
 */
export class Witness {
  readonly handled: Handled[] = []
  /** Of those calls, what came over their streams. */
  bytes = 0
  readonly #protocols = new Map<string, Set<string>>()
  readonly #prototype: Registrar
  readonly #handle: Registrar['handle']

  private constructor(prototype: Registrar) {
    this.#prototype = prototype
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called below with the registrar that it belongs to
    this.#handle = prototype.handle
  }

  static async begin(): Promise<Witness> {
    const file = new URL('registrar.js', import.meta.resolve('libp2p')).href
    const { Registrar } = (await import(file)) as { Registrar: { prototype: Registrar } }
    const witness = new Witness(Registrar.prototype)
    witness.#stand()
    return witness
  }

  end(): void {
    this.#prototype.handle = this.#handle
  }

  /** What a node of this process handles. */
  protocolsOf(id: string): string[] {
    return [...(this.#protocols.get(id) ?? [])].sort()
  }

  calls(by: string, from: string): string[] {
    return this.handled.filter((each) => each.by === by && each.from === from).map(({ protocol }) => protocol)
  }

  #stand(): void {
    const { handled, counted, protocols, handle } = {
      handled: this.handled,
      counted: (stream: Stream) => {
        stream.addEventListener('message', ({ data }) => {
          this.bytes += data.byteLength
        })
      },
      protocols: this.#protocols,
      handle: this.#handle
    }
    this.#prototype.handle = function (this: Registrar, protocol, handler, options) {
      const by = this.components.peerId.toString()
      protocols.set(by, (protocols.get(by) ?? new Set()).add(protocol))
      const watched: StreamHandler = (stream, connection) => {
        handled.push({ by, from: connection.remotePeer.toString(), protocol })
        counted(stream)
        return handler(stream, connection)
      }
      return handle.call(this, protocol, watched, options)
    }
  }
}
