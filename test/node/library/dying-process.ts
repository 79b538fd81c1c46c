/**
 * Runs one thing of a library and is killed, as by SIGKILL, before the operation on the disk of that number; a write
 * is torn in the middle. Without a number it runs to its end and prints how many operations there were.
 *
 *   node dying-process.js ROOT import|replace|export|pull PATH [NUMBER]
 *
 * A pull is from a device whose home is PATH.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [root = '', action = '', path = '', dieAt = 'never'] = process.argv.slice(2)
let operations = 0

function isLast(): boolean {
  return ++operations === Number(dieAt)
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  for (;;);
}

type Operation = (this: unknown, ...args: unknown[]) => unknown

function watch(owner: object, name: string, torn?: (self: unknown, args: unknown[]) => void): void {
  const operations = owner as Record<string, Operation>
  const original = operations[name]!
  operations[name] = function (...args) {
    if (isLast()) {
      torn?.(this, args)
      die()
    }
    return original.apply(this, args)
  }
}

const probe = await fs.promises.open(process.execPath)
const handles = Object.getPrototypeOf(probe) as object
await probe.close()
for (const name of ['open', 'mkdir', 'rename', 'rm']) watch(fs.promises, name)
for (const name of ['renameSync', 'rmSync', 'openSync', 'fsyncSync', 'writeSync']) watch(fs, name)
for (const name of ['sync', 'datasync', 'truncate', 'writeFile']) watch(handles, name)
watch(handles, 'write', (self, [bytes, start, length, position]) => {
  const { fd } = self as { fd: number }
  fs.writeSync(fd, bytes as Buffer, start as number, Math.floor((length as number) / 2), position as number)
})
syncBuiltinESMExports()

const { Shelf, done } = await import('./shelf.ts')
const shelf = new Shelf(root)
operations = 0
const { library } = shelf
if (action === 'pull') shelf.devices.add('desktop', new Shelf(path).share())
const copy = {
  export: () => library.export({ name: 'qwen', path }),
  import: () => library.import({ path, name: 'qwen' }),
  replace: () => library.import({ path, name: 'qwen', replace: true }),
  pull: () => library.pull({ name: 'qwen' })
}[action as 'export' | 'import' | 'replace' | 'pull']
await done(copy())
process.stdout.write(String(operations))
