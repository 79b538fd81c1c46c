import type { ModelOffer, PlacementRow } from '../interface.ts'
import type { Candidate, Placed } from './candidate.ts'
import { eligibilityOf } from './eligibility.ts'
import { asksAhead, expectedMs, rate } from './expected-time.ts'
import { consequenceOf } from './failure.ts'
import type { Consequence } from './failure.ts'
import { compareText } from './names.ts'
import type { WantedModel } from './names.ts'
import { REGAINED_ABOVE, sizeClass, usableKey, usableModels } from './size-class.ts'
import type { UsableModels } from './size-class.ts'
import { knownTokens } from './warmth.ts'
import type { Warm } from './warmth.ts'

/** A failure within this ask, and what it rules out for the rest of it. */
export interface Failed {
  peerId: string
  /** Hash of the model that was asked. */
  model: string
  excludes: Consequence['excludes']
  /** In words. */
  reason: string
}

export interface PlacementRequest {
  /** An estimate; `estimateTokens`. */
  promptTokens: number
  /** How long the answer will probably be. */
  expectedTokens: number
  prefer: 'quality' | 'speed'
  /** PeerId of the only device that may answer. @default any */
  peer?: string
  /** @default the strongest */
  model?: WantedModel
  /** @default none */
  failures?: readonly Failed[]
  /** Who has read the conversation up to here. @default nobody */
  warm?: Warm | undefined
  /** An answer that broke off: hash and size class of its model. @default none */
  continues?: { hash: string; sizeClass: number }
}

/**
 * What is compared, from the left, smaller first; the last two make any two candidates differ. Sizes, speeds and times
 * of peers may be nonsense, so each number comes from a function that always gives a finite one.
 */
interface Key {
  numbers: readonly number[]
  peerId: string
  hash: string
}

export interface Ranked {
  candidate: Candidate
  /** The model that it would answer with; null when it is not eligible. */
  model: ModelOffer | null
  eligible: boolean
  key: Key
  /** Expected milliseconds to the end of the answer; null when not eligible. */
  expectedMs: number | null
  /** In words, for a person. */
  reason: string
  /** Not eligible only because the prompt is too long for its models. */
  tooLong: boolean
}

/**
 * Expected times compare on a ladder of this factor, not by a tolerance, because "about equal" is not transitive.
 * So a few milliseconds of round trip move nothing, and a queue that is 10 % longer does.
 */
const EQUAL_WITHIN = 1.1

/**
 * Who should answer, best first. Pure: the same candidates in any order give the same ranking, and a device that gets
 * faster, or has its model loaded, never gets a worse rank. With `prefer: 'quality'` the largest class of sizes that its device runs usably wins,
 * then the shortest expected time to the end; with `'speed'` the time comes first. A model that is too slow to be usable
 * stands below every usable one, and the built-in one below all others. Equal candidates: the asking device, then by id.
 *
 * @param previous what `usableModels` gave last time, so that a model at the limit of being usable does not flap
 * @param now this device's monotonic clock in milliseconds
 */
export function place(
  request: PlacementRequest,
  candidates: readonly Candidate[],
  previous: UsableModels,
  now: number
): Ranked[] {
  const usable = usableModels(candidates, previous)
  const found = candidates.map((candidate) => ({ candidate, ...eligibilityOf(request, candidate, now) }))
  // Better a device that failed a moment ago than no answer at all.
  const lastResort = found.every(({ state }) => state !== 'eligible')
  const rows = found.map((row): Ranked => {
    if (row.state === 'hindered' || (row.state === 'aside' && !lastResort))
      return notEligible(row.candidate, row.reason, row.state === 'hindered' && row.tooLong)
    const choices = row.models.map((model) => eligible(request, { candidate: row.candidate, model }, usable))
    const best = choices.reduce((a, b) => (compareKeys(b.key, a.key) < 0 ? b : a))
    return row.state === 'aside' ? { ...best, reason: `${best.reason}; ${row.reason}, but nobody else is there` } : best
  })
  const sorted = rows.toSorted((a, b) => compareKeys(a.key, b.key))
  const [first] = sorted
  return sorted.map((row) =>
    row === first || first === undefined ? row : { ...row, reason: beside(request, row, first) }
  )
}

/** As `mesh why` prints it. */
export function placementRow({ candidate, model, eligible, expectedMs, reason }: Ranked): PlacementRow {
  const { peer, here } = candidate
  return { peer, here, model: model?.name ?? null, eligible, expectedMs, reason }
}

/** The record of a failure for the rest of this ask. */
export function failedAttempt({ candidate, model }: Placed, error: unknown): Failed {
  const words = error instanceof Error ? error.message : String(error)
  const { excludes } = consequenceOf(error)
  return { peerId: candidate.peer.id, model: model.hash, excludes, reason: `failed in this ask: ${words}` }
}

/** A strict total order over candidates with different ids. */
export function compareKeys(a: Key, b: Key): number {
  const at = a.numbers.findIndex((number, index) => number !== b.numbers[index])
  if (at >= 0) return (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0)
  return compareText(a.peerId, b.peerId) || compareText(a.hash, b.hash)
}

const QUALITY = ['eligible', 'same model', 'real', 'usable', 'size', 'time', 'here'] as const
const SPEED = ['eligible', 'same model', 'real', 'time', 'usable', 'size', 'here'] as const
type Part = (typeof QUALITY)[number]

/** Why a row stands below the first one, by the first part in which they differ. */
const BEHIND: Readonly<Record<Part, string | null>> = {
  eligible: null,
  'same model': 'another model than the one that was answering',
  real: 'only when no other model is there',
  usable: `too slow to be usable (${REGAINED_ABOVE} tokens/s would do)`,
  size: 'a smaller model',
  time: 'takes longer',
  here: 'as good, but the asking device comes first'
}

function order({ prefer }: PlacementRequest): readonly Part[] {
  return prefer === 'speed' ? SPEED : QUALITY
}

function eligible(request: PlacementRequest, placed: Placed, usable: UsableModels): Ranked {
  const { candidate, model } = placed
  const { promptTokens, expectedTokens, continues, warm } = request
  const known = Math.min(knownTokens(warm, candidate, model), promptTokens)
  const ms = expectedMs(placed, promptTokens - known, expectedTokens)
  const tooSlow = usable[usableKey(candidate.peer.id, model.hash)] !== true
  const parts: Record<Part, number> = {
    eligible: 0,
    'same model': Number(continues !== undefined && model.hash !== continues.hash),
    real: Number(model.builtIn),
    usable: Number(tooSlow),
    // Among models that are all too slow the quickest is best, whatever its size.
    size: tooSlow ? 0 : -sizeClass(model),
    time: Math.floor(Math.log(Math.max(ms, 1)) / Math.log(EQUAL_WITHIN)),
    here: Number(!candidate.here)
  }
  const key = { numbers: order(request).map((part) => parts[part]), peerId: candidate.peer.id, hash: model.hash }
  return { candidate, model, eligible: true, key, expectedMs: ms, reason: figures(placed, known, ms), tooLong: false }
}

function notEligible(candidate: Candidate, reason: string, tooLong: boolean): Ranked {
  const numbers = QUALITY.map((part) => (part === 'eligible' ? 1 : part === 'here' ? Number(!candidate.here) : 0))
  const key = { numbers, peerId: candidate.peer.id, hash: '' }
  return { candidate, model: null, eligible: false, key, expectedMs: null, reason, tooLong }
}

function beside(request: PlacementRequest, row: Ranked, first: Ranked): string {
  if (!row.eligible) return row.reason
  const at = row.key.numbers.findIndex((number, index) => number !== first.key.numbers[index])
  const part = order(request)[at]
  return `${part === undefined ? 'as good, decided by id' : (BEHIND[part] ?? '')}: ${row.reason}`
}

function figures({ candidate, model }: Placed, known: number, ms: number): string {
  const ahead = asksAhead(candidate)
  return [
    `${sizeInWords(model)} at ${short(rate(model.decodeRate))} tokens/s`,
    ...(ahead === 0 ? [] : [ahead === 1 ? '1 ask ahead' : `${ahead} asks ahead`]),
    ...(model.loadMs === undefined ? [] : ['not loaded yet']),
    ...(known === 0 ? [] : ['has read the conversation']),
    `about ${short(ms / 1000)} s`
  ].join(', ')
}

function sizeInWords({ parameters, builtIn }: ModelOffer): string {
  if (builtIn) return 'the built-in helper'
  if (parameters === null || !(parameters > 0)) return 'a model of unknown size'
  return parameters >= 1e9
    ? `${short(parameters / 1e9)} billion parameters`
    : `${short(parameters / 1e6)} million parameters`
}

/** Two figures that a person can compare: 0.34, 4.2, 42, 640. */
function short(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Number(value.toPrecision(2)))
}
