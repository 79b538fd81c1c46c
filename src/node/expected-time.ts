import type { Message } from '../interface.ts'
import type { Placed } from './candidate.ts'

/** English has about four bytes a token, and so has Chinese (three bytes a character, a little over one a token). */
const BYTES_PER_TOKEN = 4
/** Role markers and line ends that chat templates put around each message. */
const TOKENS_PER_MESSAGE = 4

/** A guess, for choosing: the engine counts exactly. */
export function estimateTokens(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + TOKENS_PER_MESSAGE + estimateTextTokens(content), 0)
}

function estimateTextTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}

/** A peer may publish anything; between these every sum below stays finite. Tokens a second. */
const SLOWEST_RATE = 0.1
const FASTEST_RATE = 1_000_000
/** A peer whose round trip was never measured is somewhere on a home network, perhaps on Wi-Fi. */
const UNMEASURED_ROUND_TRIP_MS = 50
/** To dial a device that is not connected, prove who it is and hear what it runs: some six round trips and the keys. */
const DIAL_MS = 8 * UNMEASURED_ROUND_TRIP_MS
const LONGEST_ROUND_TRIP_MS = 60_000
/** A memory card that reads 10 MB a second, and a model of 6 GB. */
const LONGEST_LOAD_MS = 600_000
/** More than any device would take. */
const LONGEST_QUEUE = 1_000_000
/**
 * What each ask ahead adds, as a part of a lone ask. Batches of 2, 4 and 8 at 8 bit take 1.4, 1.9 and 2.8 times a lone
 * one, that is 0.3 to 0.4 for each ask ahead; an engine that takes one at a time takes 1. In between.
 */
const QUEUE_SHARE = 0.5

/**
 * Milliseconds from now to the end of the answer, always finite and at least 0:
 *
 *     dial + roundTrip + load + (1 + QUEUE_SHARE × ahead) × 1000 × (promptTokens ÷ prefillRate + expectedTokens ÷ decodeRate)
 *     ahead = max(published queue + our asks that it cannot know yet, all our asks in flight there)
 */
export function expectedMs({ candidate, model }: Placed, promptTokens: number, expectedTokens: number): number {
  const lone = count(promptTokens) / rate(model.prefillRate) + count(expectedTokens) / rate(model.decodeRate)
  return roundTrip(candidate) + load(model) + (1 + QUEUE_SHARE * asksAhead(candidate)) * lone * 1000
}

export function asksAhead({ capability, inFlight, inFlightUnseen }: Placed['candidate']): number {
  return Math.max(count(capability?.queue ?? 0) + count(inFlightUnseen), count(inFlight))
}

/** A rate that can be divided by; what is no number counts as the slowest. */
export function rate(published: number): number {
  if (!Number.isFinite(published)) return SLOWEST_RATE
  return Math.min(Math.max(published, SLOWEST_RATE), FASTEST_RATE)
}

/** A loaded model needs none; what is no time is the longest, so that nonsense wins nothing. */
function load({ loadMs }: Placed['model']): number {
  if (loadMs === undefined) return 0
  return loadMs >= 0 ? Math.min(loadMs, LONGEST_LOAD_MS) : LONGEST_LOAD_MS
}

function roundTrip({ here, state, roundTripMs }: Placed['candidate']): number {
  if (here) return 0
  if (state === 'reachable') return DIAL_MS + UNMEASURED_ROUND_TRIP_MS
  if (roundTripMs === null || !(roundTripMs >= 0)) return UNMEASURED_ROUND_TRIP_MS
  return Math.min(roundTripMs, LONGEST_ROUND_TRIP_MS)
}

function count(value: number): number {
  return value > 0 ? Math.min(value, LONGEST_QUEUE) : 0
}
