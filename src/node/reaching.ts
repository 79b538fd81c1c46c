import { multiaddr } from '@multiformats/multiaddr'
import { PeerUnreachableError } from '../errors.ts'
import type { Clock } from '../protocols/clock.ts'
import type { Network } from './network.ts'
import { addressesOf, type PeerRecord, type Peers } from './peers.ts'

/** A LAN answers in milliseconds; a suspended device takes the connection and never speaks. */
export const DIAL_TIMEOUT_MS = 3000

export interface ReachingInit {
  network: Pick<Network, 'dial'>
  peers: Peers
  clock: Pick<Clock, 'after'>
}

/** Connects with a device of which others have told, and waits until it has said itself what it runs. */
export class Reaching {
  readonly #init: ReachingInit
  /** Who waits for the first word of a device that is being dialled. */
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(init: ReachingInit) {
    this.#init = init
  }

  /** A device has said something, on a connection. */
  spoke(id: string): void {
    for (const hear of this.#waiting.get(id) ?? []) hear()
  }

  /** @throws {PeerUnreachableError} or libp2p's own error, within three seconds */
  async reach(record: PeerRecord, signal?: AbortSignal): Promise<void> {
    const { id } = record
    const { network, peers, clock } = this.#init
    const patience = new AbortController()
    const cancel = clock.after(DIAL_TIMEOUT_MS, () => {
      patience.abort(new PeerUnreachableError('It took the connection, or not even that, and said nothing.'))
    })
    const either = signal === undefined ? patience.signal : AbortSignal.any([signal, patience.signal])
    const word = this.#firstWord(id, either)
    // Where the dial fails nobody waits for it.
    word.catch(() => undefined)
    try {
      await network.dial(
        addressesOf(record).map((address) => multiaddr(`${address}/p2p/${id}`)),
        { signal: either }
      )
      await word
    } catch (err) {
      // It may have dialled this device in the same moment.
      if (peers.get(id)?.state !== 'connected') throw err
    } finally {
      cancel()
      patience.abort(new PeerUnreachableError('Nobody waits any more.'))
    }
  }

  #firstWord(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(id) ?? new Set()
      const leave = () => {
        waiting.delete(hear)
        if (waiting.size === 0) this.#waiting.delete(id)
        signal.removeEventListener('abort', onAbort)
      }
      const hear = () => {
        leave()
        resolve()
      }
      const onAbort = () => {
        leave()
        // The reason of a signal, as it is.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal.reason)
      }
      waiting.add(hear)
      this.#waiting.set(id, waiting)
      signal.addEventListener('abort', onAbort)
      if (this.#init.peers.get(id)?.state === 'connected') hear()
    })
  }
}
