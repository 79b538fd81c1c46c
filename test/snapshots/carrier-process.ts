/**
 * Writes snapshots of a home, or takes one in, until it is killed, and says what it has done. Imports src/crdt, its store
 * and src/snapshots alone.
 *
 *   node carrier-process.js export HOME FOLDER SECRET [LINES]
 *   node carrier-process.js import HOME FILE SECRET [LINES]
 *
 * After so many lines it kills itself: in the very middle of what it does, however slow the machine is.
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { openDevice } from '../crdt/device.ts'
import { exportOf, importInto, MEMBER } from './carried.ts'

const [, , what, home = '', path = '', secret = '', lines = 'Infinity'] = process.argv
const device = openDevice({ home, key: MEMBER })
let left = Number(lines)
const say = (line: string) => {
  writeSync(1, `${line}\n`)
  if (left-- <= 0) process.kill(process.pid, 'SIGKILL')
}
say('ready')
if (what === 'export') {
  for (let count = 0; ; count++) {
    const file = join(path, `${String(process.pid)}-${String(count)}.snapshot`)
    for await (const { phase } of exportOf(device, file, Buffer.from(secret, 'hex'))) {
      say(phase === 'done' ? `+ ${file}` : `. ${phase}`)
    }
  }
} else {
  // The first one must not be over before it can be killed: a memory of its own each time.
  for (;;) {
    const { id } = device.memories.remember({ text: `Acknowledged ${String(process.pid)}` })
    say(`+ ${id}`)
    await importInto(device, path, Buffer.from(secret, 'hex'), () => {
      say('. taken')
    })
    say('. imported')
  }
}
