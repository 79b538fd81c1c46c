/** Whether the device at the other end of a stream lives, decided from heartbeats. Pure: all times are given. */

/** Every frame counts as heard, a heartbeat is only what is sent when there is nothing else to say. */
export const HEARTBEAT_MS = 2000
/** Two lost in a row and half a one for jitter; with a tick it stays within the 6 s that bench/README.md promises. */
export const SILENT_MS = 2.5 * HEARTBEAT_MS
/** Fine enough to notice silence, and our own waking, half a second late at most. */
export const TICK_MS = HEARTBEAT_MS / 4
/**
 * A suspended device is not sent heartbeats without end, which it would all have to read on waking. TCP loses none of
 * these, so when it wakes or the cable is plugged in again they arrive and it answers.
 */
export const MAX_UNANSWERED = 8

export interface Pulse {
  silent: boolean
  heardAt: number
  /** When the last silence ended, theirs or ours. An answer to an older heartbeat tells how long that was. */
  awakeSince: number
  /** When our last heartbeat was sent. */
  beatAt: number
  /** Its number; 0 before the first. */
  beat: number
  /** Heartbeats of ours that no echo has answered, oldest first. */
  unanswered: readonly { beat: number; at: number }[]
}

/** A stream that was opened now counts as heard. */
export function newPulse(now: number): Pulse {
  return { silent: false, heardAt: now, awakeSince: now, beatAt: -Infinity, beat: 0, unanswered: [] }
}

export interface Ticked {
  pulse: Pulse
  /** The heartbeat to send, or null. */
  beat: number | null
  /** True when the silence has just become too long. */
  fellSilent: boolean
}

/** Time goes by. */
export function tick(pulse: Pulse, now: number): Ticked {
  const fellSilent = !pulse.silent && now - pulse.heardAt > SILENT_MS
  const silent = pulse.silent || fellSilent
  if (now - pulse.beatAt < HEARTBEAT_MS || pulse.unanswered.length >= MAX_UNANSWERED) {
    return { pulse: { ...pulse, silent }, beat: null, fellSilent }
  }
  // Heartbeats are numbered in 32 bits: at one in two seconds they last 272 years.
  const beat = pulse.beat + 1
  const unanswered = [...pulse.unanswered, { beat, at: now }]
  return { pulse: { ...pulse, silent, beat, beatAt: now, unanswered }, beat, fellSilent }
}

/** A frame came, with the number of a heartbeat of ours that it answers or without. */
export function heard(
  pulse: Pulse,
  echo: number | undefined,
  now: number
): { pulse: Pulse; roundTripMs: number | null } {
  const answered = pulse.unanswered.find(({ beat }) => beat === echo)
  const unanswered = pulse.unanswered.filter(({ beat }) => beat > (answered?.beat ?? 0))
  const awakeSince = pulse.silent ? now : pulse.awakeSince
  return {
    pulse: { ...pulse, silent: false, heardAt: now, awakeSince, unanswered },
    roundTripMs: answered === undefined || answered.at < awakeSince ? null : now - answered.at
  }
}

/**
 * This device itself slept: the silence was its own, so the other one gets a new chance, and a heartbeat at once tells
 * it that we are back.
 */
export function awoken(pulse: Pulse, now: number): Pulse {
  return {
    ...pulse,
    heardAt: now,
    awakeSince: now,
    beatAt: -Infinity,
    unanswered: pulse.unanswered.slice(-MAX_UNANSWERED + 1)
  }
}

/** Two clocks, because a sleeping laptop stops the monotonic one and a suspended process does not. */
export interface Instant {
  monotonic: number
  wall: number
}

/**
 * Whether this process slept between two ticks: either clock went on for much longer than a tick takes. A wall clock
 * that somebody set forward looks the same and costs one heartbeat.
 */
export function slept(before: Instant, now: Instant): boolean {
  const limit = TICK_MS + HEARTBEAT_MS
  return now.monotonic - before.monotonic > limit || now.wall - before.wall > limit
}
