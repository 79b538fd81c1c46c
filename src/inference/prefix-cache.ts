import type { KeptCache, KeptTokens } from './batch-session.ts'

/**
 * Part of the memory for models that what was read may take. It is what goes first when anything else needs room, so it
 * takes nothing from models and answers; an eighth holds some ten conversations of a model that fills the rest.
 */
const BUDGET_SHARE = 1 / 8

/** Every chat begins with the same few tokens of the template; to take those from here saves nothing that shows. */
export const LEAST_SHARED = 16

/** What an ask has read. */
export interface Read {
  /** Prompt and answer. */
  ids: readonly number[]
  /** How many of them are the prompt's. */
  prompt: number
}

interface Entry extends Read {
  model: string
  cache: KeptCache
  /** Bytes that the model itself takes. */
  loaded: number
}

export interface TakeOptions {
  /** Only whole pieces of so many tokens are of use. */
  piece: number
  /** Tokens that it may come to. @default those that are read now */
  most?: number
}

/**
 * Keys and values of what was read and answered, so that a question whose beginning is known is read from there on.
 * Those that were used longest ago go first. All devices of an owner share it: it shows in nothing but time.
 */
export class PrefixCache {
  readonly #most: number
  #limit: number
  /** Longest unused first. */
  #entries: Entry[] = []

  /** @param budget bytes for all models together */
  constructor(budget: number) {
    this.#most = budget * BUDGET_SHARE
    this.#limit = this.#most
  }

  get bytes(): number {
    return bytesOf(this.#entries)
  }

  /**
   * The longest beginning of these tokens that is known; at least the last token is left to be read. Who goes on with the
   * same conversation takes it, to change it and to keep it with what follows, where there will be room for that. What only
   * begins alike stays for others.
   */
  take(model: string, ids: readonly number[], { piece, most = ids.length }: TakeOptions): KeptTokens | undefined {
    let best: { entry: Entry; length: number } | undefined
    for (const entry of this.#entries) {
      if (entry.model !== model) continue
      const shared = Math.min(sharedLength(entry.ids, ids), ids.length - 1)
      const length = shared - (shared % piece)
      if (length >= LEAST_SHARED && length > (best?.length ?? 0)) best = { entry, length }
    }
    if (best === undefined) return undefined
    const { entry, length } = best
    const grown = (entry.cache.bytes / entry.cache.length) * most
    const isTaken = length >= entry.prompt && this.takes(grown, entry.loaded)
    if (isTaken) this.#entries = this.#entries.filter((other) => other !== entry)
    else this.#use(entry)
    return { cache: entry.cache, length, isTaken }
  }

  /** Whether so much of a model would be kept at all: no more than it takes itself, so that small ones stay small. */
  takes(bytes: number, loaded: number): boolean {
    return bytes > 0 && bytes <= Math.min(this.#limit, loaded)
  }

  /** @param loaded bytes that the model itself takes */
  add(model: string, { ids, prompt }: Read, cache: KeptCache, loaded: number): void {
    if (ids.length < LEAST_SHARED || !this.takes(cache.bytes, loaded)) return
    const same = this.#entries.find((entry) => entry.model === model && sharedLength(entry.ids, ids) === ids.length)
    if (same !== undefined) {
      this.#use(same)
      return
    }
    // What goes on from an entry holds it.
    this.#entries = this.#entries.filter((entry) => {
      return entry.model !== model || sharedLength(entry.ids, ids) < entry.ids.length
    })
    this.#entries.push({ model, ids, prompt, cache, loaded })
    this.#shrink((entry) => entry.model === model, loaded)
    this.#shrink(() => true, this.#limit)
  }

  /** Everything else leaves so many bytes. @returns how many were given back */
  leave(spare: number): number {
    const before = this.bytes
    this.#limit = Math.max(0, Math.min(this.#most, spare))
    this.#shrink(() => true, this.#limit)
    return before - this.bytes
  }

  forget(model: string): void {
    this.#entries = this.#entries.filter((entry) => entry.model !== model)
  }

  #use(entry: Entry): void {
    this.#entries = [...this.#entries.filter((other) => other !== entry), entry]
  }

  #shrink(among: (entry: Entry) => boolean, bytes: number): void {
    let left = bytesOf(this.#entries.filter(among))
    this.#entries = this.#entries.filter((entry) => {
      if (left <= bytes || !among(entry)) return true
      left -= entry.cache.bytes
      return false
    })
  }
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { cache }) => sum + cache.bytes, 0)
}

function sharedLength(one: readonly number[], other: readonly number[]): number {
  const most = Math.min(one.length, other.length)
  let length = 0
  while (length < most && one[length] === other[length]) length++
  return length
}
