/** More devices than an owner has; the one that was quiet longest gives way. */
const MAX_DEVICES = 256
/** More networks than two devices share. */
const MAX_ANNOUNCEMENTS = 16
/** An unchanged announcement is passed on at most this often: it comes twice (multicast, broadcast) on each network. */
const REPEAT_MS = 1000

/** One announcement of a device. */
export interface Announcement {
  id: string
  /** Changes when the device's process restarts; null where that is not told. */
  instance: string | null
  /** All that it says, joined. */
  said: string
  source: string
}

interface Device {
  instance: string | null
  /** A device announces something else on each network, and hearing them in turn is no change. */
  said: Set<string>
  heardAt: number
  passedOnAt: number
  source: string
}

/** Who was heard, a bounded number of devices, and whether what they say is new. Times are monotonic milliseconds. */
export class HeardDevices {
  readonly #devices = new Map<string, Device>()
  readonly #forgetMs: number

  /** Who was quiet for `forgetMs` counts as new. */
  constructor(forgetMs: number) {
    this.#forgetMs = forgetMs
  }

  /** `isNew`: the device, or its process. `isNews`: worth passing on. */
  hear({ id, instance, said, source }: Announcement, now: number): { isNew: boolean; isNews: boolean } {
    const before = this.#devices.get(id)
    const known = before?.instance === instance && now - before.heardAt <= this.#forgetMs ? before : undefined
    const isRepeat = known !== undefined && known.said.has(said) && now - known.passedOnAt < REPEAT_MS
    const all = known?.said ?? new Set<string>()
    if (all.size >= MAX_ANNOUNCEMENTS) all.clear()
    all.add(said)
    // Set anew, so that the Map's order is that of the last word.
    this.#devices.delete(id)
    this.#devices.set(id, {
      instance,
      said: all,
      heardAt: now,
      passedOnAt: isRepeat ? known.passedOnAt : now,
      source
    })
    const [quietest] = this.#devices.keys()
    if (this.#devices.size > MAX_DEVICES && quietest !== undefined) this.#devices.delete(quietest)
    return { isNew: known === undefined, isNews: !isRepeat }
  }

  list(now: number): { id: string; source: string; agoMs: number }[] {
    return [...this.#devices].map(([id, { source, heardAt }]) => ({ id, source, agoMs: Math.round(now - heardAt) }))
  }

  clear(): void {
    this.#devices.clear()
  }
}
