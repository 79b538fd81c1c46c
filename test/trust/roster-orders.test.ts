import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { evaluate, Roster, type RosterRecord, type RosterState } from '../../src/trust/index.ts'
import { anyHistory } from './histories.ts'
import { below, oneOf, randomFrom } from './random.ts'
import { rulesInWords } from './rules-in-words.ts'
import { cheapVerify } from './writing.ts'

const SOAK = process.env.MESH_SOAK === undefined ? 1 : 20
const HISTORIES = 2000 * SOAK
const ORDERS = 5
/** MESH_SEED replays the history of a failure alone. */
const ONLY = process.env.MESH_SEED === undefined ? null : Number(process.env.MESH_SEED)

describe('a roster, in whatever order its records come', () => {
  it(`says what the rules say, on all devices: ${HISTORIES * ORDERS} orders of ${HISTORIES} histories`, function () {
    this.timeout(60_000 * SOAK)
    const seeds = ONLY === null ? Array.from({ length: HISTORIES }, (_, seed) => seed) : [ONLY]
    for (const seed of seeds) {
      const random = randomFrom(seed)
      const { all: history } = anyHistory(seed, random, 4 + below(12, random))
      const expected = shown(rulesInWords(history))
      assert.equal(shown(evaluate(history)), expected, `MESH_SEED=${seed}`)
      const digests = new Set<string>()
      for (let order = 0; order < ORDERS; order++) {
        const roster = delivered(history, random)
        assert.equal(shown(roster.state), expected, `MESH_SEED=${seed}, order ${order}`)
        digests.add(roster.digest)
      }
      assert.equal(digests.size, 1, `MESH_SEED=${seed}: one set, several digests`)
    }
  })
})

/** Sends the records in chunks, any chunk twice, in any order, to a device that knows only how the mesh began. */
function delivered(history: readonly RosterRecord[], random: () => number): Roster {
  const [genesis] = history
  const roster = Roster.from({ verify: cheapVerify, records: [genesis!.bytes] })
  const chunks: Uint8Array[][] = []
  const left = shuffled(history, random)
  while (left.length > 0) {
    const chunk = left.splice(0, 1 + below(6, random)).map(({ bytes }) => bytes)
    chunks.push(chunk)
    if (random() < 0.3) chunks.splice(below(chunks.length, random), 0, [...chunk, oneOf(chunk, random)])
  }
  for (const chunk of chunks) assert.deepEqual(roster.merge(chunk).refused, [])
  assert.equal(roster.hashes().length, history.length)
  return roster
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list]
  for (let last = copy.length - 1; last > 0; last--) {
    const other = below(last + 1, random)
    ;[copy[last], copy[other]] = [copy[other]!, copy[last]!]
  }
  return copy
}

function shown({ members, removed, recoveryKey, phraseMade }: RosterState): string {
  return JSON.stringify({ members: [...members], removed: [...removed], recoveryKey, phraseMade })
}
