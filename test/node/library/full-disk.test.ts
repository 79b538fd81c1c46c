import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makePaddedModel } from '../../fixtures/padded-model.ts'
import { Shelf } from './shelf.ts'

const PROCESS = fileURLToPath(new URL('full-disk-process.js', import.meta.url))
/** The package once in the home and once beside it, and less than once more. */
const MEGABYTES = 7

function inOwnMounts(script: string, ...args: string[]): string {
  return execFileSync('unshare', ['--mount', 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8', stdio: 'pipe' })
}

describe('a disk that is full', () => {
  let shelf: Shelf

  before(function () {
    try {
      inOwnMounts('mount -t tmpfs none /mnt')
    } catch {
      // Needs root, Linux and unshare(1).
      this.skip()
    }
  })
  beforeEach(() => {
    shelf = new Shelf()
  })
  afterEach(() => {
    shelf.close()
  })

  it('is told before anything is copied, and in the middle keeps what came; with room again it goes on', async () => {
    const path = await shelf.package('qwen')
    const desktop = join(shelf.root, 'desktop')
    makePaddedModel({ path: join(desktop, 'models', 'big'), bytes: 4 * 2 ** 20 })
    const script = `mkdir -p "$1" && mount -t tmpfs -o size=${String(MEGABYTES)}m none "$1" && exec "$2" "$3" "$1" "$4" "$5"`
    const said = inOwnMounts(script, join(shelf.root, 'small'), process.execPath, PROCESS, path, desktop)
    assert.deepEqual(JSON.parse(said), {
      fullBefore: 'DiskFullError',
      filledMeanwhile: 'DiskFullError',
      listed: 0,
      filled: true,
      withRoom: 'imported in two tries',
      entries: ['qwen'],
      exportFilled: 'DiskFullError',
      exportWithRoom: 'exported in two tries',
      pullFullBefore: 'DiskFullError',
      pullFilled: 'DiskFullError',
      pullListed: 0,
      pullWithRoom: 'pulled in two tries'
    })
  })
})
