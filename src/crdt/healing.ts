import * as Y from 'yjs'
import type { Document } from './document.ts'
import { againValue, isFor, isForAnother, isGone, isLater, type Get } from './entries.ts'
import { entryOf } from './keys.ts'

/**
 * Generations. A writer's number that two processes used (a cloned machine that kept running, a forged update) makes a
 * document that can never again be the same everywhere: equal state vectors, and different writes behind them. A damaged
 * log is alike: what follows the gap cannot be integrated. Then every device that has any variant brings what it sees into
 * the next generation, under numbers of its own, and only that generation is synced from then on.
 */

/**
 * What has to be written so that a generation holds all of an earlier one. Doing it again, in any order and on any device,
 * ends in the same: what is forgotten stays so, and of two values of a key the one that was rewritten more often stays.
 */
export function* carriedWrites(
  pairs: Iterable<readonly [string, string]>,
  get: Get
): Generator<readonly [string, string]> {
  const latest = new Map<string, string>()
  for (const [key, value] of pairs) {
    // What was written for another key and landed on this one is there too; written again it would be this one's.
    if (!isForAnother(key, value) && isLater(key, value, latest.get(key))) latest.set(key, value)
  }
  const after: Get = (key) => {
    const carried = latest.get(key)
    const there = get(key)
    return carried !== undefined && isLater(key, carried, there) ? carried : there
  }
  for (const [key, value] of latest) {
    if (!key.startsWith('!') && (isGone(after, entryOf(key)) || isGone(after, '@'))) continue
    if (isLater(key, value, get(key))) yield [key, againValue(key, value)]
  }
}

/**
 * What an update took away and had no right to. Nothing of ours deletes a value but of an entry that is forgotten, and says
 * so in the same update; and what replaces a value names its key. Where it is otherwise, two processes wrote under one
 * number, or somebody means harm.
 */
export function* wronglyTaken(changed: ReadonlyMap<string, string | undefined>, get: Get): Generator<[string, string]> {
  for (const [key, before] of changed) {
    if (before === undefined || !isFor(key, before)) continue
    if (!key.startsWith('!') && (isGone(get, entryOf(key)) || isGone(get, '@'))) continue
    const after = get(key)
    if (after === undefined || !isFor(key, after)) yield [key, before]
  }
}

/** The values in updates that follow a gap, as far as their keys can be told. */
export function salvage(document: Document, updates: readonly Uint8Array[]): [string, string][] {
  const keys = new Map<string, string>()
  const found: [string, string][] = []
  for (const update of updates) {
    for (const struct of Y.decodeUpdate(update).structs) {
      if (!(struct instanceof Y.Item)) continue
      const { client, clock } = struct.id
      const { origin } = struct
      const key =
        origin === null
          ? struct.parentSub
          : (keys.get(`${origin.client}:${origin.clock}`) ?? document.keyAt(origin.client, origin.clock))
      if (key === null) continue
      for (let index = 0; index < struct.length; index++) keys.set(`${client}:${clock + index}`, key)
      if (struct.content instanceof Y.ContentAny) found.push([key, String(struct.content.arr[0])])
    }
  }
  return found
}
