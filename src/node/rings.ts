import { createHash } from 'node:crypto'
import { compareText } from './names.ts'

/**
 * Who is whose neighbour in a mesh too large for everybody to be connected with everybody. Pure, but for a memory of
 * hashes.
 *
 * Each of several rings holds all devices, sorted by a hash of the ring's number and their id; in each ring a device is
 * the neighbour of the one before it and the one after it. The union of a few such rings, each in a random order, is with
 * high probability an expander (Law and Siu, Distributed Construction of Random Expander Networks, INFOCOM 2003):
 * every device is a few steps from every other one, and stays so when many fall out at once.
 *
 * Invariants, for all who know the same devices:
 * 1. a device has at most `2 × RINGS` neighbours, and at least 2 where there are 3 devices or more
 * 2. whoever has a neighbour is its neighbour
 * 3. the graph is connected, because each ring alone is
 * 4. a device that comes or goes changes at most one link of its neighbours in each ring: `3 × RINGS` links in all
 */
export class Rings {
  readonly #places = new Map<string, readonly number[]>()

  /** The neighbours of a device among the others. */
  neighbours(self: string, others: Iterable<string>): Set<string> {
    const own = this.#placesOf(self)
    const after: (Step | undefined)[] = []
    const before: (Step | undefined)[] = []
    for (const id of others) {
      if (id === self) continue
      const places = this.#placesOf(id)
      for (let ring = 0; ring < RINGS; ring++) {
        // Places are whole numbers below 2^48, so that differences are exact; equal places go by id.
        const ahead = (places[ring] ?? 0) - (own[ring] ?? 0) || (compareText(id, self) < 0 ? -0.5 : 0.5)
        const forth = { id, distance: ahead > 0 ? ahead : ahead + CIRCLE }
        const back = { id, distance: ahead > 0 ? CIRCLE - ahead : -ahead }
        after[ring] = nearer(after[ring], forth, 1)
        before[ring] = nearer(before[ring], back, -1)
      }
    }
    return new Set([...after, ...before].flatMap((step) => (step === undefined ? [] : [step.id])))
  }

  forget(id: string): void {
    this.#places.delete(id)
  }

  #placesOf(id: string): readonly number[] {
    let places = this.#places.get(id)
    if (places === undefined) {
      places = Array.from({ length: RINGS }, (_, ring) =>
        createHash('sha256').update(`ownmesh ring ${ring} ${id}`).digest().readUIntBE(0, PLACE_BYTES)
      )
      this.#places.set(id, places)
    }
    return places
  }
}

/**
 * Half of all devices may fall out in one moment, and each of 500 that stay keeps a neighbour with 88 %: 500 × 2^-12.
 * Whoever lost all dials the next ones that it knows.
 */
export const RINGS = 6
const PLACE_BYTES = 6
const CIRCLE = 2 ** (8 * PLACE_BYTES)

interface Step {
  id: string
  distance: number
}

/** Of two at the same place, the one that comes first on the way. */
function nearer(best: Step | undefined, step: Step, way: 1 | -1): Step {
  if (best === undefined || step.distance < best.distance) return step
  return step.distance === best.distance && way * compareText(step.id, best.id) < 0 ? step : best
}
