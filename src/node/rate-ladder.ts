/**
 * A device publishes its rates on a ladder, so that the noise of measuring never moves asks from one device to another.
 */

/** Neighbouring steps differ by this factor: less is no difference that a person would notice in an answer. */
export const LADDER_FACTOR = 1.5
/**
 * A step is left only when the measurement is at least a whole step away. Noise of ±30 % around a step stays
 * (log₁.₅ 0.7 = −0.88), and noise of ±20 % around any rate can move it, but never back and forth: its width is one step.
 */
const LEFT_BEYOND = 1
/** 1.5^-6 is about 0.09 tokens a second: nothing slower is worth telling apart. */
const LOWEST_STEP = -6
/** 1.5^34 is about a million tokens a second: faster than any device. */
const HIGHEST_STEP = 34

export interface PublishedRate {
  /** What to hand in as `previousStep` next time. */
  step: number
  /** Tokens a second. */
  rate: number
}

/** The rate to publish after a measurement in tokens a second. A measurement that is no number changes nothing. */
export function publishRate(previousStep: number | null, measured: number): PublishedRate {
  const step = stepAfter(previousStep, measured)
  return { step, rate: LADDER_FACTOR ** step }
}

function stepAfter(previousStep: number | null, measured: number): number {
  if (Number.isNaN(measured)) return previousStep ?? LOWEST_STEP
  const exact = Math.log(Math.max(measured, Number.MIN_VALUE)) / Math.log(LADDER_FACTOR)
  if (previousStep !== null && Math.abs(exact - previousStep) <= LEFT_BEYOND) return previousStep
  return Math.min(Math.max(Math.round(exact), LOWEST_STEP), HIGHEST_STEP)
}
