import type { Capability, ModelOffer, PeerLabel, PeerState } from '../interface.ts'

/**
 * A device that could answer, as placement sees it. Every time is this device's monotonic clock in milliseconds;
 * every number that came from another device may be nonsense, and is made harmless where it is used.
 */
export interface Candidate {
  peer: PeerLabel
  /** Whether it is the asking device. */
  here: boolean
  /** `reachable`: not connected, to be dialled first. */
  state: PeerState
  /** What it last said of itself. For the asking device: what it offers to its own owner. */
  capability: Capability | null
  /** When its last notice or heartbeat came in; -Infinity before the first. Not looked at for the asking device. */
  heardAt: number
  /** Null while it was never measured. */
  roundTripMs: number | null
  /** Our own asks there that are not finished. */
  inFlight: number
  /** Those of them that began after `heardAt`, which its published queue cannot hold yet. */
  inFlightUnseen: number
  /** Until when it is put aside after a failure; in the past when it is not. */
  asideUntil: number
  /** When its pause ends by itself, in milliseconds since 1970 by this device's clock: for showing. Null where it does not. */
  resumesAtWall: number | null
}

/** A candidate with the one of its models that is spoken of. */
export interface Placed {
  candidate: Candidate
  model: ModelOffer
}
