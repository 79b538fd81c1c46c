/** This device's own asks that are not finished, by the device that answers them. */
export class InFlight {
  readonly #started = new Map<string, Set<{ at: number }>>()

  /** Counts an ask from `now` until the returned function is called; calling it again changes nothing. */
  begin(peerId: string, now: number): () => void {
    const asks = this.#started.get(peerId) ?? new Set()
    this.#started.set(peerId, asks)
    const ask = { at: now }
    asks.add(ask)
    return () => {
      asks.delete(ask)
      if (asks.size === 0 && this.#started.get(peerId) === asks) this.#started.delete(peerId)
    }
  }

  count(peerId: string): number {
    return this.#started.get(peerId)?.size ?? 0
  }

  /** How many of them began after `time`. */
  countSince(peerId: string, time: number): number {
    return [...(this.#started.get(peerId) ?? [])].filter(({ at }) => at > time).length
  }
}
