import type { ConnectionGater, PeerId, Stream } from '@libp2p/interface'
import { ROSTER_PROTOCOL } from '../../protocols/roster/index.ts'
import { isDevice } from './keys.ts'

export interface GateInit {
  isMember: (id: string) => boolean
  /** As `isMember`, but also for a device that was removed: whom it would still believe. */
  knows: (id: string) => boolean
  /** Whether newcomers may speak now: a door or an invite is open. */
  isOpen: () => boolean
}

/**
 * Who may be connected: members always; strangers only while a door is open here, or while this device itself asks
 * to be let in somewhere. What a stranger may then say is `guard`'s matter: nothing but `pair`. A device that was removed
 * takes records from the members that it knows, and nothing else: the recovery phrase may have brought it back.
 */
export class Gate {
  readonly #init: GateInit
  readonly #farewells = new Set<string>()
  #visits = 0

  constructor(init: GateInit) {
    this.#init = init
  }

  readonly gater: ConnectionGater = {
    denyDialPeer: (peer) => !this.#mayDial(peer),
    denyOutboundEncryptedConnection: (peer) => !this.#mayDial(peer),
    denyInboundEncryptedConnection: (peer) => !this.#mayCall(peer)
  }

  readonly isMember = (peer: PeerId): boolean => this.#init.isMember(peer.toString())

  readonly knows = (peer: PeerId): boolean => this.#init.knows(peer.toString())

  /** Whether a stream may be opened: with members; for records also by us to tell one that it is no member any more. */
  readonly mayPass = (peer: PeerId, { protocol, direction }: Pick<Stream, 'protocol' | 'direction'>): boolean =>
    this.isMember(peer) ||
    (protocol === ROSTER_PROTOCOL &&
      (this.knows(peer) || (direction === 'outbound' && this.#farewells.has(peer.toString()))))

  /** While this runs, the records that end a membership may be sent to the device whose it was. */
  async farewell(id: string, work: () => Promise<void>): Promise<void> {
    this.#farewells.add(id)
    try {
      await work()
    } finally {
      this.#farewells.delete(id)
    }
  }

  /** Whether a device that is no member any more is being told so. */
  isParting(id: string): boolean {
    return this.#farewells.has(id)
  }

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
    return (this.#visits > 0 && isDevice(peer)) || this.knows(peer)
  }

  #mayCall(peer: PeerId): boolean {
    return (this.#init.isOpen() && isDevice(peer)) || this.knows(peer)
  }
}
