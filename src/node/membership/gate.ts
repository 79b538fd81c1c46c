import type { ConnectionGater, PeerId } from '@libp2p/interface'

export interface GateInit {
  isMember: (id: string) => boolean
  /** Whether newcomers may speak now: a door or an invite is open. */
  isOpen: () => boolean
}

/**
 * Who may be connected: members always; strangers only while a door is open here, or while this device itself asks
 * to be let in somewhere. What a stranger may then say is `guard`'s matter: nothing but `pair`.
 */
export class Gate {
  readonly #init: GateInit
  #visits = 0

  constructor(init: GateInit) {
    this.#init = init
  }

  readonly gater: ConnectionGater = {
    denyDialPeer: (peer) => !this.#mayDial(peer),
    denyOutboundEncryptedConnection: (peer) => !this.#mayDial(peer),
    denyInboundEncryptedConnection: (peer) => !this.#mayCall(peer)
  }

  isMember = (peer: PeerId): boolean => this.#init.isMember(peer.toString())

  /** Strangers may be dialled while this runs. */
  async visiting<T>(work: () => Promise<T>): Promise<T> {
    this.#visits++
    try {
      return await work()
    } finally {
      this.#visits--
    }
  }

  #mayDial(peer: PeerId): boolean {
    return this.#visits > 0 || this.isMember(peer)
  }

  #mayCall(peer: PeerId): boolean {
    return this.#init.isOpen() || this.isMember(peer)
  }
}
