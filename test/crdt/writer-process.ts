/**
 * Writes memories until it is killed, and says after each one that it was acknowledged. Now and then it compacts, edits and
 * forgets. Imports src/crdt and its store alone.
 *
 *   node writer-process.js HOME
 */
import { writeSync } from 'node:fs'
import { openDevice } from './device.ts'

/** The clock of this process runs ahead, so that every row is old enough to be compacted. */
const AHEAD_MS = 31 * 24 * 60 * 60 * 1000

const [, , home = ''] = process.argv
const device = openDevice({ home })
const compactable = () => Date.now() + AHEAD_MS
const say = (line: string) => writeSync(1, `${line}\n`)
say('ready')
for (let count = 0; ; count++) {
  const { id, text } = device.memories.remember({ text: `Acknowledged ${String(process.pid)} ${String(count)}` })
  say(`+ ${id} ${text}`)
  if (count % 7 === 3) {
    say(`? ${id}`)
    device.memories.forget([id], { now: count % 2 === 0 })
    say(`- ${id}`)
  }
  if (count % 6 === 5) {
    say('compacting')
    for (const { id: document } of device.documents.heads.all()) device.maintenance.compact(document, compactable())
  }
}
