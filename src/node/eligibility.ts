import type { Answering, ModelOffer, PeerState } from '../interface.ts'
import type { Candidate } from './candidate.ts'
import { isWanted } from './names.ts'
import type { PlacementRequest } from './placement.ts'
import { NOTICE_FRESH_MS } from './silence.ts'
import { sizeClass } from './size-class.ts'

/** What one candidate could answer with, or why it cannot, in words. */
export type Eligibility =
  | { state: 'eligible'; models: ModelOffer[] }
  /** Nothing hinders it but that it is put aside; it is the last resort. */
  | { state: 'aside'; models: ModelOffer[]; reason: string }
  /** `tooLong`: nothing but the length of the prompt is in the way. */
  | { state: 'hindered'; reason: string; tooLong: boolean }

const STATE_REASONS: Readonly<Record<PeerState, string | null>> = {
  connected: null,
  reachable: null,
  silent: 'silent: connected, but no heartbeat',
  away: 'away'
}

const ANSWERING_REASONS: Readonly<Record<Answering, string | null>> = {
  yes: null,
  no: 'set not to answer, or without an engine',
  paused: 'paused',
  draining: 'shutting down'
}

/** The checks in the order in which a person would ask. */
export function eligibilityOf(request: PlacementRequest, candidate: Candidate, now: number): Eligibility {
  const hindrance = deviceHindrance(request, candidate, now)
  if (hindrance !== null) return { state: 'hindered', reason: hindrance, tooLong: false }

  let models = candidate.capability?.models ?? []
  let reason = 'has no model'
  let tooLong = false
  for (const { fits, otherwise, isLength = false } of modelChecks(request, candidate)) {
    if (models.length === 0) break
    reason = otherwise(models)
    tooLong = isLength
    models = models.filter(fits)
  }
  // Its owner's choice, for as long as it can answer: the others are there by name, which leaves those alone above, for
  // when it cannot, and to carry on from what they have begun.
  if (request.continues === undefined && models.some(({ chosen }) => chosen === true))
    models = models.filter(({ chosen }) => chosen === true)
  if (models.length === 0) return { state: 'hindered', reason, tooLong }
  const asideMs = candidate.asideUntil - now
  if (asideMs > 0) return { state: 'aside', models, reason: `put aside for ${seconds(asideMs)} after it failed` }
  return { state: 'eligible', models }
}

function deviceHindrance(request: PlacementRequest, candidate: Candidate, now: number): string | null {
  const { peer, here, state, capability, heardAt, resumesAtWall } = candidate
  if (request.peer !== undefined && request.peer !== peer.id) return 'another device was asked for'
  const failure = request.failures?.find((failed) => failed.peerId === peer.id && failed.excludes === 'device')
  if (failure !== undefined) return failure.reason
  if (STATE_REASONS[state] !== null) return STATE_REASONS[state]
  if (capability === null) return 'has not said yet what it can run'
  const unheardMs = now - heardAt
  // Of one that is only heard of, whoever calls it reachable has looked at the time.
  if (!here && state !== 'reachable' && !(unheardMs <= NOTICE_FRESH_MS)) {
    return Number.isFinite(unheardMs) ? `no notice for ${seconds(unheardMs)}` : 'no notice yet'
  }
  // A pause is for the others: its owner may still name this device.
  if (capability.answering === 'paused' && here && request.peer === peer.id) return null
  if (capability.answering === 'paused') {
    const until = resumesAtWall === null ? 'paused' : `paused until ${clockTime(resumesAtWall)}`
    return here ? `${until}; mesh resume ends that` : until
  }
  return ANSWERING_REASONS[capability.answering]
}

/** As a clock on the wall shows it, to the minute; with the day where that is not today's. */
function clockTime(wall: number): string {
  const [date, today] = [new Date(wall), new Date()]
  const time = `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
  if (date.toDateString() === today.toDateString()) return time
  return `${date.toLocaleDateString('en', { weekday: 'short', day: 'numeric', month: 'short' })} ${time}`
}

interface ModelCheck {
  fits: (model: ModelOffer) => boolean
  otherwise: (models: ModelOffer[]) => string
  /** Whether a shorter prompt would pass. @default false */
  isLength?: boolean
}

function modelChecks(
  { model, continues, failures = [], promptTokens }: PlacementRequest,
  { peer }: Candidate
): ModelCheck[] {
  const wantedWords = model === undefined ? '' : 'name' in model ? model.name : model.hash.slice(0, 12)
  const failureOf = ({ hash }: ModelOffer) =>
    failures.find(
      (failed) =>
        failed.model === hash &&
        (failed.excludes === 'model anywhere' || (failed.excludes === 'model there' && failed.peerId === peer.id))
    )
  return [
    { fits: (offer) => isWanted(model, offer), otherwise: () => `does not have ${wantedWords}` },
    {
      fits: (offer) => continues === undefined || carriesOn(offer, continues),
      otherwise: () => 'has neither the model that was answering nor another of its size'
    },
    {
      fits: ({ startsOnly }) => continues === undefined || startsOnly !== true,
      otherwise: () => 'its engine cannot carry on from a begun answer'
    },
    {
      fits: (offer) => failureOf(offer) === undefined,
      otherwise: (models) => models.map((offer) => failureOf(offer)?.reason).join('; ')
    },
    {
      fits: ({ contextLength }) => promptTokens < contextLength,
      otherwise: (models) =>
        `its context of ${Math.max(...models.map(({ contextLength }) => contextLength))} tokens ` +
        `is too short for about ${promptTokens}`,
      isLength: true
    }
  ]
}

/** The same model, else another of its size class; and the built-in model never replaces a real one. */
function carriesOn(
  offer: ModelOffer,
  { hash, sizeClass: wanted }: NonNullable<PlacementRequest['continues']>
): boolean {
  return offer.hash === hash || sizeClass(offer) === wanted
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1000))} s`
}
