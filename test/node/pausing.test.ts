import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pauseFile } from '../../src/node/pause-file.ts'
import { Pausing, type PauseStore } from '../../src/node/pausing.ts'
import { ManualClock } from '../protocols/manual-clock.ts'

const HOUR = 3_600_000

describe('a pause', () => {
  let left: ReturnType<PauseStore['read']>
  let clock: ManualClock
  let changes: number
  const store: PauseStore = { read: () => left, write: (next) => (left = next) }

  beforeEach(() => {
    left = null
    clock = new ManualClock()
    changes = 0
  })

  function start(): Pausing {
    return new Pausing({ store, clock, changed: () => changes++ })
  }

  it('lasts until it is ended where no time was given, over a restart too', () => {
    const first = start()
    first.pause()
    clock.advance(100 * HOUR)
    assert.deepEqual([first.isPaused, first.resumesInMs, left], [true, null, 'for good'])
    first.stop()
    const second = start()
    assert.equal(second.isPaused, true)
    second.resume()
    assert.deepEqual([second.isPaused, left], [false, null])
    assert.equal(start().isPaused, false)
  })

  it('ends by itself, once, and says so', () => {
    const pausing = start()
    pausing.pause(2 * HOUR)
    clock.advance(2 * HOUR - 1)
    assert.deepEqual([pausing.isPaused, pausing.resumesInMs, changes], [true, 1, 1])
    clock.advance(1)
    assert.deepEqual([pausing.isPaused, pausing.resumesInMs, changes, left], [false, null, 2, null])
    clock.advance(HOUR)
    assert.equal(changes, 2)
    assert.equal(pausing.pausedMs, 2 * HOUR)
  })

  it('goes on with what was left after a restart, a minute more at most where the process was killed', () => {
    start().pause(2 * HOUR)
    clock.advance(HOUR + 30_000)
    // Killed: nothing is written any more. Whether the machine is off for a night does not count.
    const kept = left
    clock.advance(10 * HOUR)
    left = kept
    assert.equal(kept, HOUR)
    const pausing = start()
    assert.equal(pausing.resumesInMs, HOUR)
    clock.advance(HOUR / 2 + 10)
    pausing.stop()
    assert.equal(left, HOUR / 2 - 10)
  })

  it('can be made shorter and longer', () => {
    const pausing = start()
    pausing.pause()
    pausing.pause(HOUR)
    clock.advance(HOUR / 2)
    pausing.pause(HOUR)
    clock.advance(HOUR - 1)
    assert.equal(pausing.isPaused, true)
    clock.advance(1)
    assert.equal(pausing.isPaused, false)
    assert.equal(pausing.pausedMs, 1.5 * HOUR)
  })

  describe('in its file', () => {
    let folder: string
    let warnings: string[]
    const file = (name = 'pause.json') => pauseFile(join(folder, name), (message) => warnings.push(message))

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'ownmesh-'))
      warnings = []
    })

    afterEach(() => {
      rmSync(folder, { recursive: true, force: true })
    })

    it('is what was written', () => {
      assert.equal(file().read(), null)
      for (const each of [1234, 'for good', null] as const) {
        file().write(each)
        assert.equal(file().read(), each)
      }
    })

    it('is none where the file is damaged, and a warning where it cannot be written', () => {
      for (const text of ['', '{', '{}', '{"leftMs":"soon"}', '{"leftMs":-1}', '[]']) {
        writeFileSync(join(folder, 'pause.json'), text)
        assert.equal(file().read(), null, text)
      }
      file('no/such/folder').write(5)
      assert.match(warnings.join(), /a restart forgets it/)
    })
  })
})
