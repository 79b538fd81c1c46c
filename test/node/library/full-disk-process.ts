/**
 * Imports, exports and pulls, to a small disk that somebody else fills meanwhile; prints what came of it. Runs in a mount
 * namespace of its own, on a tmpfs that is gone with it.
 *
 *   node full-disk-process.js ROOT PATH HOME
 *
 *   node full-disk-process.js ROOT hub ENDPOINT
 *
 * PATH is a package, HOME that of another device; ENDPOINT is that of a hub, from which a model is pulled alone.
 */
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelCopyEvent } from '../../../src/interface.ts'
import { Shelf } from './shelf.ts'

const [root = '', path = '', home = ''] = process.argv.slice(2)
const isHub = path === 'hub'
const shelf = new Shelf(root)
if (isHub) shelf.environment = { hfEndpoint: home, hfHome: root }
const filler = join(root, 'filler')

function fill(): void {
  const file = openSync(filler, 'a')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096))
  } catch {
    // Full.
  } finally {
    closeSync(file)
  }
}

async function outcome(copy: AsyncIterable<ModelCopyEvent>, meanwhile: () => void = () => undefined): Promise<string> {
  try {
    for await (const event of copy) {
      if (event.type === 'progress') meanwhile()
      if (event.type === 'done') return `${event.outcome}${event.kept > 0 ? ' in two tries' : ''}`
    }
  } catch (err) {
    return (err as Error).name
  }
  return 'ended'
}

const results: Record<string, unknown> = {}
const { library } = shelf
const take = (): AsyncIterable<ModelCopyEvent> =>
  isHub ? library.pull({ name: 'onnx-community/Small-ONNX' }) : library.import({ path })
fill()
results.fullBefore = await outcome(take())
rmSync(filler)
results.filledMeanwhile = await outcome(take(), fill)
results.listed = (await shelf.list()).length
results.filled = statSync(filler).size > 0
rmSync(filler)
results.withRoom = await outcome(take())
results.entries = shelf.entries()
if (!isHub) await exportAndPull()
process.stdout.write(JSON.stringify(results))

async function exportAndPull(): Promise<void> {
  const to = join(root, 'qwen.tar')
  results.exportFilled = await outcome(library.export({ name: 'qwen', path: to }), fill)
  rmSync(filler)
  results.exportWithRoom = await outcome(library.export({ name: 'qwen', path: to }))
  rmSync(to)
  await library.remove({ name: 'qwen' })
  shelf.devices.add('desktop', new Shelf(home).share())
  fill()
  results.pullFullBefore = await outcome(library.pull({ name: 'big' }))
  rmSync(filler)
  results.pullFilled = await outcome(library.pull({ name: 'big' }), fill)
  results.pullListed = (await shelf.list()).length
  rmSync(filler)
  results.pullWithRoom = await outcome(library.pull({ name: 'big' }))
}
