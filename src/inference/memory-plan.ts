/**
 * Which model may be loaded and run beside which: a function of what is there. Invariants:
 * 1. what is loaded, being loaded and being computed stays within the budget together
 * 2. a model that runs, or is being loaded, is never unloaded for another
 * 3. of those that only stand by, the one that was used longest ago goes first, and no more go than have to
 * 4. what fits is let in at once
 */

/** A model that takes memory. Bytes. */
export interface HeldModel {
  hash: string
  /** For as long as it is loaded. */
  loaded: number
  /** More while it is being loaded; else 0. */
  loading: number
  /** What earlier answers left behind, which the next one uses again. */
  kept: number
  /** What its answers take together; null while it has none. */
  running: number | null
  /** When its last answer ended, by any clock that only grows. */
  usedAt: number
}

/** An answer that wants to begin. */
export interface MemoryRequest {
  hash: string
  /** As in `HeldModel`, for where the model is not loaded. */
  loaded: number
  loading: number
  /** What the answer takes. */
  running: number
}

export type MemoryDecision =
  | { do: 'begin' }
  /** These first, then `begin`. */
  | { do: 'unload'; hashes: string[] }
  /** Until an answer ends. */
  | { do: 'wait' }
  /** It does not fit, and would not if it were alone. */
  | { do: 'refuse'; needed: number }

export function footprint({ loaded, loading, kept, running }: Omit<HeldModel, 'hash' | 'usedAt'>): number {
  // While it loads nothing is computed yet.
  return loaded + Math.max(loading, kept, running ?? 0)
}

export function total(models: readonly HeldModel[]): number {
  return models.reduce((sum, model) => sum + footprint(model), 0)
}

export function decide(budget: number, models: readonly HeldModel[], request: MemoryRequest): MemoryDecision {
  const own = models.find(({ hash }) => hash === request.hash)
  const held = own ?? { ...request, kept: 0, running: null }
  const wanted = footprint({ ...held, running: (held.running ?? 0) + request.running })
  const alone = footprint({ ...held, running: request.running })
  const anew = footprint({ ...request, loaded: Math.max(request.loaded, own?.loaded ?? 0), kept: 0 })
  if (Math.min(alone, anew) > budget) return { do: 'refuse', needed: anew }
  const others = models.filter(({ hash }) => hash !== request.hash)
  const hashes = goingFirst(budget - wanted, others)
  if (hashes !== null) return hashes.length === 0 ? { do: 'begin' } : { do: 'unload', hashes }
  // What it left behind itself may be all that is in the way.
  const apart = own !== undefined && own.running === null && anew <= budget ? goingFirst(budget - anew, others) : null
  return apart === null ? { do: 'wait' } : { do: 'unload', hashes: [request.hash, ...apart] }
}

/** Those that have to go because more was measured than was thought: only such as stand by. */
export function excess(budget: number, models: readonly HeldModel[]): string[] {
  return goingFirst(budget, models) ?? idle(models).map(({ hash }) => hash)
}

/** Which models have to go so that the others are within `room`; null when those that run are more than that. */
function goingFirst(room: number, models: readonly HeldModel[]): string[] | null {
  let left = total(models)
  const hashes: string[] = []
  for (const model of idle(models)) {
    if (left <= room) break
    hashes.push(model.hash)
    left -= footprint(model)
  }
  if (left > room) return null
  // One that was too small to matter stays where a larger one had to go after it.
  return hashes.filter((hash) => {
    const spared = footprint(models.find((model) => model.hash === hash) as HeldModel)
    if (left + spared > room) return true
    left += spared
    return false
  })
}

function idle(models: readonly HeldModel[]): HeldModel[] {
  return models
    .filter(({ running, loading }) => running === null && loading === 0)
    .toSorted((a, b) => a.usedAt - b.usedAt || (a.hash < b.hash ? -1 : 1))
}
