import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { decodeRecord, Roster, type RosterRecord } from '../../src/trust/index.ts'
import { hashOf } from '../../src/trust/record-encoding.ts'
import { anyHistory } from './histories.ts'
import { mutated, oneOf, randomFrom } from './random.ts'
import { cheapVerify } from './writing.ts'

const SOAK = process.env.MESH_SOAK === undefined ? 1 : 20
const INPUTS = 100_000 * SOAK

describe('decodeRecord', () => {
  it(`reads or refuses ${INPUTS} damaged records, and throws nothing else`, function () {
    this.timeout(60_000 * SOAK)
    const random = randomFrom(1)
    const { all: records } = anyHistory(1, random, 60)
    let read = 0
    for (let i = 0; i < INPUTS; i++) {
      const bytes = mutated(oneOf(records, random).bytes, random)
      // With every second one, a signature that somebody has made for just these bytes.
      const record = decoded(bytes, i % 2 === 0 ? cheapVerify : () => true, i)
      if (record === null) continue
      read++
      assert.equal(record.hash, hashOf(bytes))
      assert.deepEqual(record.bytes, new Uint8Array(bytes))
    }
    assert.ok(read > INPUTS / 100, `only ${read} got past the form`)
  })

  it('leaves a roster that is sent damaged records as it was', () => {
    const random = randomFrom(2)
    const { all: records } = anyHistory(2, random, 60)
    const roster = Roster.from({ verify: cheapVerify, records: records.map(({ bytes }) => bytes) })
    const before = roster.digest
    for (let i = 0; i < 2000; i++) {
      const { added } = roster.merge([mutated(oneOf(records, random).bytes, random)])
      assert.deepEqual(added, [])
    }
    assert.equal(roster.digest, before)
  })
})

function decoded(bytes: Uint8Array, verify: typeof cheapVerify, input: number): RosterRecord | null {
  try {
    return decodeRecord(bytes, verify)
  } catch (error) {
    assert.ok(error instanceof Error)
    assert.equal(error.name, 'InvalidRecordError', `input ${input}: ${String(error)}`)
    return null
  }
}
