/** Who gives a model that is being pulled: which device is asked now, and what its failure means. Pure. */
import {
  BrokenModelError,
  BusyError,
  PeerSilentError,
  PeerUnreachableError,
  ProtocolError,
  RemoteError,
  UnknownModelError,
  WrongPieceError
} from '../../errors.ts'
import type { PeerLabel } from '../../interface.ts'

/** A device that has the model, or had it. */
export interface PullSource {
  peer: PeerLabel
  /** It is not asked before; monotonic milliseconds. */
  notBefore: number
  /** One after the other. */
  failures: number
  /** It is not asked again. */
  aside: boolean
}

export type PullStep =
  | { type: 'ask'; source: PullSource }
  /** Until something changes, but so long at most. */
  | { type: 'wait'; ms: number }
  /** Nobody is left who could give it, or nobody came back in time. */
  | { type: 'give-up'; why: 'nobody' | 'time' }

export function newSource(peer: PeerLabel): PullSource {
  return { peer, notBefore: -Infinity, failures: 0, aside: false }
}

/**
 * The first of the sources, in their order, that is connected and may be asked.
 *
 * @param since when something last came, or the pull began
 */
export function nextStep(
  sources: readonly PullSource[],
  connected: ReadonlySet<string>,
  { now, since, patienceMs }: { now: number; since: number; patienceMs: number }
): PullStep {
  const left = sources.filter(({ aside }) => !aside)
  if (left.length === 0) return { type: 'give-up', why: 'nobody' }
  const here = left.filter(({ peer }) => connected.has(peer.id))
  const source = here.find(({ notBefore }) => notBefore <= now)
  const patience = since + patienceMs - now
  if (patience <= 0) return { type: 'give-up', why: 'time' }
  if (source !== undefined) return { type: 'ask', source }
  return { type: 'wait', ms: Math.min(patience, ...here.map(({ notBefore }) => notBefore - now)) }
}

/** The wait after the first failure; it doubles with each one more. */
const FIRST_WAIT_MS = 500
/** Whoever is back is asked again this soon, at the latest. */
const LONGEST_WAIT_MS = 10_000

/** What becomes of a source that failed so; null where the failure is none of a source. */
export function afterFailure(source: PullSource, error: unknown, now: number): PullSource | null {
  if (GOES_AWAY.some((ErrorClass) => error instanceof ErrorClass)) {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** source.failures)
    return { ...source, failures: source.failures + 1, notBefore: now + waitMs }
  }
  return LASTS.some((ErrorClass) => error instanceof ErrorClass) ? { ...source, aside: true } : null
}

/** Another time it may go well. */
const GOES_AWAY = [PeerUnreachableError, PeerSilentError, BusyError]
/** It lies, its disk is damaged, its model is gone or another one, or its release is. */
const LASTS = [WrongPieceError, ProtocolError, UnknownModelError, BrokenModelError, RemoteError]
