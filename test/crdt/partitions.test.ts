import { simulate } from './simulation.ts'

/** In CI as many as fit, up to the number that a quiet machine manages well within the time. */
const SCHEDULES = process.env.MESH_SOAK === undefined ? 1000 : 10_000
const ENOUGH_MS = process.env.MESH_SOAK === undefined ? 30_000 : Infinity
const LEAST = 50

describe('five devices that part and meet', () => {
  it('are the same in the end, and nothing is lost that was not forgotten', async () => {
    const { MESH_SEED: only } = process.env
    if (only !== undefined) {
      await simulate(Number(only))
      return
    }
    const start = performance.now()
    let seed = 1
    for (; seed <= SCHEDULES; seed++) {
      if (seed > LEAST && performance.now() - start > ENOUGH_MS) break
      await simulate(seed)
    }
    process.stdout.write(`      ${String(seed - 1)} schedules\n`)
  }).timeout(process.env.MESH_SOAK === undefined ? 100_000 : 0)
})
