/**
 * Does with Automerge what bench/automerge.ts does with ownmesh, in memory: `node automerge.mjs` reads one line
 * `{"entries":[["id","text of a value"],…]}` and writes one, `{"writeMs":…,"mergeMs":…,"mergeBytes":…,"bytes":…}`.
 *
 * One change for each entry, as each is acknowledged by itself, and its bytes taken as they would be stored; then a second
 * device that has nothing gets all of it by Automerge's own sync.
 */
import { createInterface } from 'node:readline'
import * as Automerge from '@automerge/automerge'

for await (const line of createInterface(process.stdin)) {
  const { entries } = JSON.parse(line)
  let here = Automerge.init()
  let startedAt = performance.now()
  for (const [id, value] of entries) {
    here = Automerge.change(here, (document) => {
      document[id] = value
    })
    Automerge.saveIncremental(here)
  }
  const writeMs = performance.now() - startedAt

  startedAt = performance.now()
  let there = Automerge.init()
  let [hereState, thereState] = [Automerge.initSyncState(), Automerge.initSyncState()]
  let mergeBytes = 0
  for (let isOver = false; !isOver;) {
    const [nextHere, toThere] = Automerge.generateSyncMessage(here, hereState)
    hereState = nextHere
    if (toThere !== null) [there, thereState] = Automerge.receiveSyncMessage(there, thereState, toThere)
    const [nextThere, toHere] = Automerge.generateSyncMessage(there, thereState)
    thereState = nextThere
    if (toHere !== null) [here, hereState] = Automerge.receiveSyncMessage(here, hereState, toHere)
    mergeBytes += (toThere?.length ?? 0) + (toHere?.length ?? 0)
    isOver = toThere === null && toHere === null
  }
  const mergeMs = performance.now() - startedAt
  if (Object.keys(there).length !== entries.length) throw new Error('not all were merged')
  const bytes = Automerge.save(here).length
  process.stdout.write(`${JSON.stringify({ writeMs, mergeMs, mergeBytes, bytes })}\n`)
}
