import type { Peer, PeerId, PeerStore } from '@libp2p/interface'
import { systemClock, type Clock } from './clock.ts'

/** After this long the peer is put down again, so that it is not forgotten as one who is not met any more. */
const AGAIN_MS = 60_000
/** More than are connected at a time; beyond it all are put down anew. */
const MOST_PEERS = 1024

interface Told {
  at: number
  peer: Peer
}

/**
 * Has a peer store put a protocol of a peer down once, and not with each stream: libp2p 3.3.11 does so for both ends of
 * each, which takes a lock, reads, decodes, compares, encodes and writes all that is known of the peer, and costs as much
 * as an eighth of an ask. Any other news of the peer is put down, and the next stream after it too.
 */
export function tellOnce(
  store: Pick<PeerStore, 'merge' | 'patch' | 'save' | 'delete'>,
  { monotonic }: Pick<Clock, 'monotonic'> = systemClock
): void {
  /** By peer, then by protocol. */
  const told = new Map<string, Map<string, Told>>()
  const merge = store.merge.bind(store)
  store.merge = async (peer, data, options) => {
    const { protocols: [protocol, ...more] = [], ...others } = data
    if (protocol === undefined || more.length > 0 || Object.keys(others).length > 0) {
      told.delete(peer.toString())
      return merge(peer, data, options)
    }
    const known = told.get(peer.toString())?.get(protocol)
    if (known !== undefined && monotonic() - known.at < AGAIN_MS) return known.peer
    const ofPeer = told.get(peer.toString()) ?? new Map<string, Told>()
    if (told.size >= MOST_PEERS) told.clear()
    told.set(peer.toString(), ofPeer)
    const merged = await merge(peer, data, options)
    // Nobody sees it where other news came meanwhile.
    ofPeer.set(protocol, { at: monotonic(), peer: merged })
    return merged
  }
  const forgetting =
    <Rest extends unknown[], R>(write: (peer: PeerId, ...rest: Rest) => R) =>
    (peer: PeerId, ...rest: Rest): R => {
      told.delete(peer.toString())
      return write(peer, ...rest)
    }
  store.patch = forgetting(store.patch.bind(store))
  store.save = forgetting(store.save.bind(store))
  store.delete = forgetting(store.delete.bind(store))
}
