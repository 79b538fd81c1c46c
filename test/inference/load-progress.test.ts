import assert from 'node:assert/strict'
import { LoadProgress } from '../../src/inference/load-progress.ts'
import { Runs } from '../../src/inference/runs.ts'

describe('the progress of loading', () => {
  it('is the bytes that were read, then the growth of the process; it never goes back and is never whole', () => {
    let resident: number | null = 100
    const progress = new LoadProgress(() => resident)
    assert.equal(progress.fraction(), 0)
    progress.take({ step: 'reading', fraction: 0.5 })
    assert.equal(progress.fraction(), 0.4)
    progress.take({ step: 'reading', fraction: 1 })
    progress.take({ step: 'creating', growth: 400 })
    assert.equal(progress.fraction(), 0.8)
    resident = 300
    assert.equal(progress.fraction(), 0.9)
    resident = 200
    assert.equal(progress.fraction(), 0.9)
    resident = 5000
    assert.equal(progress.fraction(), 0.99)
  })

  it('stands still where the system does not tell how large another process is', () => {
    const progress = new LoadProgress(() => null)
    progress.take({ step: 'reading', fraction: 0.25 })
    assert.equal(progress.fraction(), 0.2)
    progress.take({ step: 'creating', growth: 400 })
    assert.equal(progress.fraction(), 0.8)
  })

  it('is told to all who wait for the model, and to nobody else', async () => {
    const runs = new Runs()
    const progress = new LoadProgress(() => null)
    progress.take({ step: 'reading', fraction: 0.5 })
    const [first, second, other] = [runs.begin('1', 'm', 1), runs.begin('2', 'm', 1), runs.begin('3', 'x', 1)]
    runs.load('m', progress)
    assert.equal(runs.loading, true)
    try {
      const said = await Promise.all([first, second, other].map((events) => events.next()))
      assert.deepEqual(
        said.map((event) => event.type === 'waiting' && [event.place, event.loaded]),
        [
          [0, 0.4],
          [1, 0.4],
          [0, null]
        ]
      )
      runs.load('m', null)
      const next = await first.next()
      assert.ok(next.type === 'waiting' && next.loaded === null)
    } finally {
      runs.failAll(new Error('over'))
    }
  })
})
