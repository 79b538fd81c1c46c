import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Documents, Memories, type MemoryStore } from '../../src/crdt/index.ts'
import { keyOf } from './device.ts'
import { link } from './link.ts'
import { mapStore, newDisk } from './memory-map-store.ts'

/** What one turn of the event loop does at most. On a fast core each of these takes some milliseconds. */
const MOST = {
  /** Documents that are opened, to be merged into or sent. */
  opened: 2,
  /** Bytes of rows that are appended: a piece, and one value over. */
  appended: 40 * 1024,
  /** Memories that change in the index. */
  indexed: 400,
  commits: 2
}

type Work = typeof MOST

/** Counts what a store does in each turn of the event loop, and keeps the most of each. */
function countedDevice(letter: string) {
  const none = (): Work => ({ opened: 0, appended: 0, indexed: 0, commits: 0 })
  let [turn, most, all] = [none(), none(), none()]
  const add = (work: Partial<Work>) => {
    for (const [what, count] of Object.entries(work) as [keyof Work, number][]) {
      turn[what] += count
      all[what] += count
      most[what] = Math.max(most[what], turn[what])
    }
  }
  const store = mapStore(newDisk())
  const counting: MemoryStore = {
    ...store,
    rows: (document) => {
      const rows = store.rows(document)
      if (rows.length > 0) add({ opened: 1 })
      return rows
    },
    commit: (commit) => {
      const appended = commit.rows.reduce((sum, { update }) => sum + update.length, 0)
      add({ appended, indexed: commit.put.length + commit.remove.length, commits: 1 })
      return store.commit(commit)
    }
  }
  const warnings: string[] = []
  const key = keyOf(letter)
  const init = { store: counting, now: Date.now, isMember: () => true, openDocuments: 2 }
  const documents = new Documents({ ...init, warn: (message) => warnings.push(message) })
  const memories = new Memories({ documents, store: counting, now: Date.now, device: () => key })
  return {
    key,
    documents,
    memories,
    warnings,
    forgetCounts: () => {
      ;[turn, most, all] = [none(), none(), none()]
    },
    newTurn: () => {
      turn = none()
    },
    counts: () => ({ most, all })
  }
}

describe('syncing ten thousand memories (invariant 7)', () => {
  it('does in one turn of the event loop no more than stated, on either side', async () => {
    const [away, here] = [countedDevice('a'), countedDevice('b')]
    const words = 'anna bob car house garden water router password table lamp winter summer'.split(' ')
    for (let count = 0; count < 10_000; count += 1000) {
      const text = (at: number) => Array.from({ length: 20 }, (_, word) => words[(at * 7 + word) % 12]).join(' ')
      away.memories.rememberAll(Array.from({ length: 1000 }, (_, at) => ({ text: text(count + at) })))
    }
    here.memories.remember({ text: 'Meanwhile here' })
    for (const { forgetCounts } of [away, here]) forgetCounts()
    const turn = new AbortController()
    const joined = link(away, here)
    const turns = (async () => {
      while (!turn.signal.aborted) {
        for (const { newTurn } of [away, here]) newTurn()
        await nextTurn()
      }
    })()
    await joined.quiet()
    turn.abort()
    await turns
    assert.equal(here.memories.count(), 10_001)
    for (const { counts } of [away, here]) {
      const { most } = counts()
      for (const what of Object.keys(MOST) as (keyof Work)[]) {
        assert.ok(most[what] <= MOST[what], `${what}: ${String(most[what])} in one turn`)
      }
    }
    // All of it was counted, and no document was read again for each of its pieces.
    const { all } = here.counts()
    assert.equal(all.indexed, 10_000)
    assert.ok(all.commits > 40 && all.opened <= 30, JSON.stringify(all))
  }).timeout(60_000)
})
