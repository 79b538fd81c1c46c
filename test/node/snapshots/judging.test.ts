import assert from 'node:assert/strict'
import { boxPublicOf, newSeed, signerOf, verifySignature } from '../../../src/node/membership/keys.ts'
import { judge, type Circumstances, type Knowledge } from '../../../src/node/snapshots/judging.ts'
import type { ExaminedSnapshot } from '../../../src/snapshots/index.ts'
import { Roster, type Signer } from '../../../src/trust/index.ts'

const OWN_KEY: Circumstances = { openedBy: 'own-key', recoveryKey: null, accept: [] }
const PASSPHRASE: Circumstances = { ...OWN_KEY, openedBy: 'passphrase' }

describe('whether the word of a snapshot counts', () => {
  let laptop: Signer
  let desktop: Signer
  let stranger: Signer
  let recovery: Signer
  let roster: Roster
  let known: Knowledge

  beforeEach(() => {
    const [one, two, three, four] = Array.from({ length: 4 }, () => signerOf(newSeed('ed25519')))
    ;[laptop, desktop, stranger, recovery] = [one!, two!, three!, four!]
    roster = Roster.start({
      ...{ signer: laptop, verify: verifySignature, box: boxPublicOf(newSeed('x25519')), name: 'laptop' },
      recovery: recovery.key
    })
    roster.admit(laptop, { device: desktop.key, box: boxPublicOf(newSeed('x25519')), name: 'desktop' })
    known = { self: laptop.key, mesh: roster.mesh, records: roster.records(), verify: verifySignature }
  })

  function snapshot(device: string | null, mesh: string | null = roster.mesh): ExaminedSnapshot {
    const counts = { documents: 0, updates: 0, entries: 0, bytes: 0, pieces: new Uint8Array() }
    return {
      manifest: { mesh, device, time: 1, since: null, conversation: null, ...counts },
      records: mesh === null ? [] : roster.records()
    }
  }

  it('is that of a member as both rosters know it', () => {
    assert.deepEqual(judge(snapshot(desktop.key), known, OWN_KEY), { from: desktop.key, isOwnMesh: true })
    // The file's roster is behind; what is known here counts as well.
    const behind = { ...snapshot(desktop.key), records: roster.records().slice(0, 1) }
    assert.equal(judge(behind, known, OWN_KEY).from, desktop.key)
    // And the other way round.
    assert.equal(judge(snapshot(desktop.key), { ...known, records: behind.records }, OWN_KEY).from, desktop.key)
    roster.remove(laptop, desktop.key)
    assert.throws(() => judge(snapshot(desktop.key), known, OWN_KEY), { name: 'RemovedSignerError' })
    assert.throws(() => judge(behind, { ...known, records: roster.records() }, OWN_KEY), { name: 'RemovedSignerError' })
    const accepted = judge(snapshot(desktop.key), known, { ...OWN_KEY, accept: ['removed'] })
    assert.deepEqual(accepted, { from: null, isOwnMesh: true })
  })

  it('is nobody’s where no roster names its signer, or the roster is none, whatever its owner allows', () => {
    for (const circumstances of [OWN_KEY, PASSPHRASE, { ...PASSPHRASE, accept: ['removed', 'foreign'] as const }]) {
      assert.throws(() => judge(snapshot(stranger.key), known, circumstances), { name: 'InvalidSnapshotError' })
      const nothing = { ...snapshot(desktop.key), records: [new Uint8Array(9)] }
      assert.throws(() => judge(nothing, known, circumstances), { name: 'InvalidSnapshotError' })
      const other = { ...known, mesh: null, records: [] }
      assert.throws(() => judge(snapshot(stranger.key), other, circumstances), { name: 'InvalidSnapshotError' })
      const half = { ...snapshot(desktop.key), records: roster.records().slice(1) }
      assert.throws(() => judge(half, other, circumstances), { name: 'InvalidSnapshotError' })
    }
  })

  it('is the owner’s own where a passphrase opens it, or the phrase of that very mesh', () => {
    const outside = { ...known, self: null, mesh: null, records: [] }
    assert.deepEqual(judge(snapshot(null, null), known, PASSPHRASE), { from: null, isOwnMesh: false })
    assert.deepEqual(judge(snapshot(desktop.key), outside, PASSPHRASE), { from: null, isOwnMesh: false })
    const phrase = { ...OWN_KEY, openedBy: 'phrase', recoveryKey: recovery.key } as const
    assert.deepEqual(judge(snapshot(desktop.key), outside, phrase), { from: null, isOwnMesh: false })
    // Somebody who knows the public half closes a mesh of their own to it.
    const forged = { ...phrase, recoveryKey: stranger.key }
    assert.throws(() => judge(snapshot(desktop.key), outside, forged), { name: 'RecoveryError' })
    assert.throws(() => judge(snapshot(desktop.key), { ...outside, mesh: 'ab'.repeat(32) }, phrase), {
      name: 'ForeignSnapshotError'
    })
    const accepted = { ...phrase, accept: ['foreign'] as const }
    assert.equal(judge(snapshot(desktop.key), { ...outside, mesh: 'ab'.repeat(32) }, accepted).from, null)
    // A key that opens it is not enough: anybody can close a file to it.
    const withKey = { ...OWN_KEY, accept: ['foreign'] as const }
    assert.throws(() => judge(snapshot(desktop.key), { ...outside, mesh: 'ab'.repeat(32) }, withKey), {
      name: 'ForeignSnapshotError'
    })
    assert.throws(() => judge(snapshot(desktop.key), outside, OWN_KEY), { name: 'NotMemberError' })
  })

  it('is one’s own where this device has signed it in a mesh that it has left, and not where it was put out', () => {
    const elsewhere = { ...known, self: desktop.key, mesh: 'ab'.repeat(32), records: [] }
    assert.deepEqual(judge(snapshot(desktop.key), elsewhere, OWN_KEY), { from: null, isOwnMesh: false })
    roster.remove(laptop, desktop.key)
    assert.throws(() => judge(snapshot(desktop.key), elsewhere, OWN_KEY), { name: 'ForeignSnapshotError' })
  })
})
