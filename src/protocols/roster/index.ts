/**
 * @packageDocumentation
 *
 * `/mesh/roster/1.0.0`: two members tell each other the records that the other one lacks. For members only: a stranger
 * is kept away by `guard`. What a record means, and whether it is genuine, is for `merge` to say. A service for libp2p:
 *
 * ```ts
 * const node = await createLibp2p({
 *   services: { roster: roster({ mine: () => ({ digest, hashes }), records: (hashes) => …, merge: (records) => … }) }
 * })
 * const { received } = await node.services.roster.exchange(peerId, { signal })
 * ```
 *
 * The wire is in ../PROTOCOL.md.
 */
import type { PeerId, Startable } from '@libp2p/interface'
import type { AbortOptions } from '../../interface.ts'
import type { Clock } from '../clock.ts'
import type { Handlers, Streams } from '../components.ts'
import type { Log } from '../log.ts'
import { RosterService } from './roster.ts'

export { ROSTER_PROTOCOL } from './constants.ts'

export interface RosterInit {
  /**
   * What this device knows: the digest of its roster and the hashes of its records, all 64 lower-case hexadecimal
   * digits. Null outside any mesh.
   */
  mine: () => { digest: string; hashes: string[] } | null
  /** The records of these hashes, each after its parents. */
  records: (hashes: string[]) => Uint8Array[]
  /** Takes records of another member, some at a time, each after its parents. Bad ones are for it to refuse. */
  merge: (records: Uint8Array[], from: PeerId) => void
  /** For the rates. */
  clock?: Clock
  log?: Log
}

export interface RosterComponents {
  registrar: Handlers
  connectionManager: Streams
}

export interface RosterExchange extends Startable {
  /**
   * Brings both devices to the same records; resolves with how many went each way. Calls for one peer while an exchange
   * with it runs share that one; it ends early when the signals of all of them have.
   *
   * @throws {NotMemberError} when this device, or the other one, belongs to no mesh
   * @throws {PeerUnreachableError} when it cannot be dialled, or goes away
   * @throws {PeerSilentError} when it says nothing for too long
   * @throws {BusyError} when it was asked too often
   * @throws {ProtocolError} when it breaks the protocol
   */
  exchange: (peer: PeerId, options?: AbortOptions) => Promise<{ sent: number; received: number }>
}

export function roster(init: RosterInit): (components: RosterComponents) => RosterExchange {
  return (components) => new RosterService(components, init)
}
