import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { decodeRecord, fingerprintOf, Roster, wordsOf, type RosterStore } from '../../src/trust/index.ts'
import { signerOf, verify } from './signing.ts'
import { headsOf, keyOf } from './writing.ts'

const founder = signerOf(1)
const anna = signerOf(2)
const ben = signerOf(3)
const recovery = signerOf(4)
const phrase = signerOf(5)

function started(store?: RosterStore): Roster {
  const own = { signer: founder, verify, box: keyOf('founder box'), name: 'founder', recovery: recovery.key }
  return Roster.start({ ...own, ...(store && { store }) })
}

function device({ key }: { key: string }, name: string) {
  return { device: key, box: keyOf(`${name} box`), name }
}

/** A second device that knows what the first does. */
function copyOf(roster: Roster): Roster {
  return Roster.from({ mesh: roster.mesh, verify, records: roster.records() })
}

function namesIn(roster: Roster): string[] {
  return [...roster.state.members.values()].map(({ name }) => name)
}

class MemoryStore implements RosterStore {
  rows: Uint8Array[] = []
  isFull = false

  all(): Uint8Array[] {
    return this.rows
  }

  add(records: Uint8Array[]): void {
    if (this.isFull) throw new Error('disk full')
    this.rows.push(...records)
  }
}

describe('Roster', () => {
  it('starts a mesh that is like no other', () => {
    const [one, other] = [started(), started()]
    assert.notEqual(one.mesh, other.mesh)
    assert.match(one.mesh, /^[0-9a-f]{64}$/)
    assert.equal(one.words, wordsOf(one.mesh))
    assert.equal(one.fingerprint, fingerprintOf(one.mesh))
    assert.deepEqual(one.hashes(), [one.mesh])
    assert.equal(one.state.recoveryKey, recovery.key)
  })

  it('comes to the same on two devices that were apart', () => {
    const one = started()
    one.admit(founder, device(anna, 'anna'))
    const other = copyOf(one)
    one.rename(founder, anna.key, 'laptop')
    other.admit(anna, device(ben, 'ben'))
    assert.notEqual(one.digest, other.digest)
    assert.equal(one.merge(other.records()).added.length, 1)
    assert.equal(other.merge(one.records()).added.length, 1)
    assert.equal(one.digest, other.digest)
    assert.deepEqual(one.state, other.state)
    assert.deepEqual(namesIn(one).sort(), ['ben', 'founder', 'laptop'])
    assert.deepEqual(one.merge(other.records()), { added: [], refused: [] })
  })

  it('gives its records parents first, and only those that are asked for', () => {
    const roster = started()
    roster.admit(founder, device(anna, 'anna'))
    const rename = roster.rename(anna, founder.key, 'desktop')
    assert.equal(roster.hashes()[0], roster.mesh)
    assert.deepEqual(roster.records([rename.hash, roster.mesh, keyOf('nobody')]), [roster.records()[0], rename.bytes])
    assert.deepEqual(roster.records([]), [])
  })

  it('lets nobody in again who was removed', () => {
    const roster = started()
    roster.admit(founder, device(anna, 'anna'))
    roster.remove(founder, anna.key)
    const before = roster.digest
    assert.throws(() => roster.admit(founder, device(anna, 'anna')), { name: 'RemovedError' })
    assert.throws(() => roster.admit(anna, device(ben, 'ben')), { name: 'RemovedError' })
    assert.equal(roster.digest, before)
    roster.admit(recovery, device(anna, 'anna'))
    assert.deepEqual(namesIn(roster), ['founder', 'anna'])
  })

  it('takes a word from members alone, about members', () => {
    const roster = started()
    assert.throws(() => roster.admit(ben, device(anna, 'anna')), { name: 'NotMemberError' })
    assert.throws(() => roster.remove(founder, anna.key), { name: 'NotMemberError' })
    assert.throws(() => roster.rename(founder, anna.key, 'laptop'), { name: 'NotMemberError' })
    assert.throws(() => roster.replaceRecovery(founder, phrase.key), { name: 'RecoveryError' })
    assert.throws(() => roster.rename(founder, founder.key, 'two\nlines'), { name: 'InvalidRecordError' })
    assert.equal(roster.hashes().length, 1)
  })

  it('follows the recovery phrase, the new one only after the old has said so', () => {
    const roster = started()
    roster.admit(founder, device(anna, 'anna'))
    assert.throws(() => roster.remove(phrase, anna.key), { name: 'NotMemberError' })
    roster.replaceRecovery(recovery, phrase.key)
    assert.equal(roster.state.phraseMade, true)
    assert.throws(() => roster.remove(recovery, anna.key), { name: 'NotMemberError' })
    roster.remove(phrase, founder.key)
    assert.deepEqual(namesIn(roster), ['anna'])
  })

  it('lets the recovery phrase make firm a removal that there is already', () => {
    const roster = started()
    roster.admit(founder, device(anna, 'anna'))
    roster.remove(founder, anna.key)
    assert.throws(() => roster.remove(founder, anna.key), { name: 'NotMemberError' })
    roster.remove(recovery, anna.key)
    assert.equal(roster.hashes().length, 4)
  })

  it('lets the last device leave', () => {
    const roster = started()
    roster.remove(founder, founder.key)
    assert.equal(roster.state.members.size, 0)
  })

  it('builds on what nobody has built on, and on no more', () => {
    const roster = started()
    const first = roster.admit(founder, device(anna, 'anna'))
    assert.deepEqual(first.parents, [roster.mesh])
    assert.deepEqual(roster.rename(anna, founder.key, 'desktop').parents, [first.hash])
  })

  it('gathers more branches than a record may have parents', () => {
    const roster = started()
    roster.admit(founder, device(anna, 'anna'))
    const base = roster.records()
    for (let i = 0; i < 40; i++) {
      const branch = Roster.from({ verify, records: base })
      branch.rename(anna, founder.key, `name ${i}`)
      roster.merge(branch.records())
    }
    const known = roster.hashes().length
    const removal = roster.remove(founder, anna.key)
    assert.equal(roster.hashes().length, known + 2)
    const records = roster.records().map((bytes) => decodeRecord(bytes, verify))
    assert.deepEqual(
      headsOf(records).map(({ hash }) => hash),
      [removal.hash]
    )
    // Had the removal not known them all, a name that anna gave would have been struck out with her.
    assert.match(namesIn(roster)[0]!, /^name \d+$/)
    assert.deepEqual(copyOf(roster).state, roster.state)
  })

  it('has records only when the store has them', () => {
    const store = new MemoryStore()
    const roster = started(store)
    store.isFull = true
    assert.throws(() => roster.admit(founder, device(anna, 'anna')), /disk full/)
    const other = copyOf(roster)
    other.admit(founder, device(anna, 'anna'))
    assert.throws(() => roster.merge(other.records()), /disk full/)
    assert.deepEqual(namesIn(roster), ['founder'])
    store.isFull = false
    assert.equal(roster.merge(other.records()).added.length, 1)
    assert.deepEqual(Roster.load({ mesh: roster.mesh, verify, store }).state, roster.state)
    assert.equal(Roster.load({ mesh: roster.mesh, verify, store }).digest, roster.digest)
  })

  it('skips damaged rows, tells of them, and mends with the next exchange', () => {
    const store = new MemoryStore()
    const roster = started(store)
    roster.admit(founder, device(anna, 'anna'))
    roster.admit(founder, device(ben, 'ben'))
    const [genesis, damaged, last] = store.rows.map((row) => Uint8Array.from(row))
    damaged![60]! ^= 1
    store.rows = [last!, damaged!, genesis!]
    const loaded = Roster.load({ mesh: roster.mesh, verify, store })
    assert.equal(loaded.skipped.length, 1)
    assert.deepEqual(namesIn(loaded), ['founder'])
    assert.equal(loaded.merge(roster.records()).added.length, 2)
    assert.equal(loaded.digest, roster.digest)
    assert.deepEqual(Roster.load({ mesh: roster.mesh, verify, store }).state, roster.state)
  })

  it('is nothing without its first record', () => {
    const store = new MemoryStore()
    const roster = started(store)
    roster.admit(founder, device(anna, 'anna'))
    store.rows.shift()
    const refused = { name: 'InvalidRecordError' }
    assert.throws(() => Roster.load({ mesh: roster.mesh, verify, store }), refused)
    assert.throws(() => Roster.from({ verify, records: store.rows }), refused)
    assert.throws(() => Roster.from({ verify, records: [] }), refused)
  })

  it('from a file has to be whole, and the mesh that was meant', () => {
    const roster = started()
    roster.admit(founder, device(anna, 'anna'))
    roster.admit(founder, device(ben, 'ben'))
    const [genesis, first, second] = roster.records()
    const refused = { name: 'InvalidRecordError' }
    assert.throws(() => Roster.from({ mesh: started().mesh, verify, records: roster.records() }), refused)
    assert.throws(() => Roster.from({ verify, records: [genesis!, second!] }), refused)
    assert.throws(() => Roster.from({ verify: () => false, records: [genesis!] }), refused)
    assert.throws(() => Roster.from({ verify, records: [genesis!, first!, started().records()[0]!] }), refused)
    assert.equal(Roster.from({ mesh: roster.mesh, verify, records: [second!, first!, genesis!] }).digest, roster.digest)
  })

  it('does not change when whoever gave it bytes changes them', () => {
    const roster = started()
    const bytes = Buffer.concat([roster.records()[0]!])
    const other = Roster.from({ verify, records: [bytes] })
    bytes.fill(0)
    assert.deepEqual(other.records(), roster.records())
    assert.equal(other.records()[0]!.buffer.byteLength, other.records()[0]!.length)
  })
})
