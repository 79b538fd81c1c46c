import { simulate } from './simulation.ts'

const SOAK = process.env.MESH_SOAK !== undefined
const SCHEDULES = SOAK ? 10_000 : 1000
/** Beyond those, what failed once: a rewriting of one key that landed on another's mark, and was carried on as that. */
const FAILED = [9492]

describe('five devices that part and meet', () => {
  it(`are the same in the end, and nothing is lost that was not forgotten, ${SCHEDULES} times`, async () => {
    const { MESH_SEED: only } = process.env
    if (only !== undefined) {
      await simulate(Number(only))
      return
    }
    for (const seed of FAILED) await simulate(seed)
    for (let seed = 1; seed <= SCHEDULES; seed++) await simulate(seed)
  }).timeout(SOAK ? 0 : 400_000)
})
