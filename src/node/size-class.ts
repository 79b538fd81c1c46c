import type { ModelOffer } from '../interface.ts'
import type { Candidate } from './candidate.ts'
import { rate } from './expected-time.ts'

/** The built-in model can do sums and explain mesh; it stands below every other, however fast. */
const BUILT_IN_CLASS = -1
/** A model whose size nobody tells: above the built-in one, below every known size. */
const UNKNOWN_CLASS = 0

/** Sizes compare in classes of 2 ×: floor(log₂ of the number of weights). */
export function sizeClass({ parameters, builtIn }: Pick<ModelOffer, 'parameters' | 'builtIn'>): number {
  if (builtIn) return BUILT_IN_CLASS
  if (parameters === null || !Number.isFinite(parameters) || parameters < 1) return UNKNOWN_CLASS
  return Math.floor(Math.log2(parameters))
}

/** For sorting: real models before the built-in one, then the most parameters. */
export function byStrength(
  one: Pick<ModelOffer, 'parameters' | 'builtIn'>,
  other: Pick<ModelOffer, 'parameters' | 'builtIn'>
): number {
  return Number(one.builtIn) - Number(other.builtIn) || (other.parameters ?? 0) - (one.parameters ?? 0)
}

/** About the speed of reading: below it a person waits for every word. Tokens a second. */
const USABLE_ABOVE = 10
/** A model that was usable stays so down to here, and one that was not has to reach `REGAINED_ABOVE`. */
const LEFT_BELOW = 8
export const REGAINED_ABOVE = 12

/** Which models run usably on which device, as last decided; by `usableKey`. JSON. */
export type UsableModels = Readonly<Record<string, boolean>>

export function usableKey(peerId: string, hash: string): string {
  return `${peerId} ${hash}`
}

/** Decides anew with hysteresis. The same rates twice give the same; models that are gone are forgotten. */
export function usableModels(candidates: readonly Candidate[], previous: UsableModels): UsableModels {
  return Object.fromEntries(
    candidates.flatMap(({ peer, capability }) =>
      (capability?.models ?? []).map((model) => {
        const key = usableKey(peer.id, model.hash)
        return [key, isUsable(rate(model.decodeRate), Object.hasOwn(previous, key) ? previous[key] : undefined)]
      })
    )
  )
}

function isUsable(decodeRate: number, before: boolean | undefined): boolean {
  switch (before) {
    case true:
      return decodeRate >= LEFT_BELOW
    case false:
      return decodeRate > REGAINED_ABOVE
    case undefined:
      return decodeRate > USABLE_ABOVE
  }
}
