import { isThere, type PeerRecord } from './peers.ts'
import type { Rings } from './rings.ts'

/** A connection that neither needs is closed when nothing has run on it for so long: the next ask may come soon. */
const LINGER_MS = 10_000

/** A connected device, as both ends see their connection. */
export interface Link {
  id: string
  /** What this device has told the other one. */
  isSpare: boolean
  /** What the other one has told this device. */
  isSpareThere: boolean
  /** Since when both could do without it and nothing ran; Infinity while that is not so. */
  idleSince: number
}

/** What is known when it is decided. */
interface Known {
  self: string
  /** Of the other members. */
  records: readonly PeerRecord[]
  links: readonly Link[]
  /** Whether anything but heartbeats and gossip runs with a device. */
  isBusy: (id: string) => boolean
}

export interface LinkPlan {
  /** Whom this device is to be connected with. */
  wanted: ReadonlySet<string>
  /** Wanted, not connected. */
  dial: string[]
  /** To be told that this device can, or cannot, do without their connection. */
  spare: string[]
  keep: string[]
  hangUp: string[]
  /** The links with `idleSince` as it is now. */
  links: Link[]
}

/**
 * What is to be done about the connections, of a mesh that is too large for all of them. Pure. A connection is closed
 * only when both ends have said that they can do without it, so that two with different knowledge do not open and close
 * it in turn.
 */
export function planLinks({ self, records, links, isBusy }: Known, rings: Rings, now: number): LinkPlan {
  const wanted = rings.neighbours(
    self,
    records.filter((record) => isThere(record, now)).map(({ id }) => id)
  )
  const connected = new Set(links.map(({ id }) => id))
  const next = links.map((link) => {
    const isIdle = !wanted.has(link.id) && link.isSpare && link.isSpareThere && !isBusy(link.id)
    return { ...link, idleSince: isIdle ? Math.min(link.idleSince, now) : Infinity }
  })
  return {
    wanted,
    dial: [...wanted].filter((id) => !connected.has(id)),
    spare: next.filter(({ id, isSpare }) => !isSpare && !wanted.has(id)).map(({ id }) => id),
    keep: next.filter(({ id, isSpare }) => isSpare && wanted.has(id)).map(({ id }) => id),
    hangUp: next.filter(({ idleSince }) => now - idleSince >= LINGER_MS).map(({ id }) => id),
    links: next
  }
}
