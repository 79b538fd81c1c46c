import assert from 'node:assert/strict'
import {
  decodeInvite,
  encodeInvite,
  Invites,
  memberProof,
  newcomerProof,
  ticketId,
  type InviteTicket,
  type ProofParties
} from '../../src/trust/index.ts'
import { MEMBER, MESH, NEWCOMER, SESSION } from './pairing-side.ts'
import { randomFrom, randomHex } from './random.ts'

const MINUTE = 60_000
const OTHER = 'e5'.repeat(32)
const ADDRESSES = ['/ip4/192.168.1.20/tcp/4001']
const PARTIES: ProofParties = { newcomer: NEWCOMER, member: MEMBER, mesh: MESH, session: SESSION }

function seeded(seed = 1): Invites {
  const random = randomFrom(seed)
  return new Invites({ random: (bytes) => Buffer.from(randomHex(bytes, random), 'hex') })
}

/** What an honest newcomer says. */
function redemption({ seed }: InviteTicket, parties: Partial<ProofParties> = {}) {
  const all = { ...PARTIES, ...parties }
  return { id: ticketId(seed), proof: newcomerProof(seed, all), ...all }
}

describe('the invites made here', () => {
  it('let in the first newcomer that knows the seed, and prove to it that this device knows it too', () => {
    const invites = seeded()
    const ticket = invites.make(MESH, MEMBER, ADDRESSES, 0)
    assert.deepEqual([ticket.mesh, ticket.inviter, ticket.addresses], [MESH, MEMBER, ADDRESSES])
    assert.deepEqual(invites.redeem(redemption(ticket), 5), { proof: memberProof(ticket.seed, PARTIES) })
  })

  it('name the addresses that there is room for, the first ones', () => {
    const many = Array.from({ length: 40 }, (_, index) => `/ip4/10.0.0.${index}/tcp/1`)
    const ticket = seeded().make(MESH, MEMBER, ['nonsense', `/dns4/${'x'.repeat(300)}`, ...many], 0)
    assert.deepEqual(ticket.addresses, many.slice(0, 16))
    assert.deepEqual(decodeInvite(encodeInvite(ticket)), ticket)
  })

  it('have a seed each, of 128 bits', () => {
    const invites = new Invites()
    const seeds = Array.from({ length: 100 }, () => invites.make(MESH, MEMBER, [], 0).seed)
    assert.ok(seeds.every(({ length }) => length === 16))
    assert.equal(new Set(seeds.map((seed) => Buffer.from(seed).toString('hex'))).size, 100)
  })

  it('let the same newcomer come again until the end, for an answer may be lost', () => {
    const invites = seeded()
    const ticket = invites.make(MESH, MEMBER, [], 0)
    for (const [session, now] of [
      ['aa'.repeat(16), 1],
      ['bb'.repeat(16), 2],
      ['bb'.repeat(16), 10 * MINUTE - 1]
    ] as const) {
      const answer = invites.redeem(redemption(ticket, { session }), now)
      assert.deepEqual(answer, { proof: memberProof(ticket.seed, { ...PARTIES, session }) })
    }
    assert.deepEqual(invites.redeem(redemption(ticket), 10 * MINUTE), { refused: 'expired' })
  })

  it('let no second newcomer in', () => {
    const invites = seeded()
    const ticket = invites.make(MESH, MEMBER, [], 0)
    invites.redeem(redemption(ticket), 1)
    assert.deepEqual(invites.redeem(redemption(ticket, { newcomer: OTHER }), 2), { refused: 'used' })
    assert.ok('proof' in invites.redeem(redemption(ticket), 3))
  })

  it('expire after ten minutes, to the millisecond, by the clock that is given', () => {
    const invites = seeded()
    const ticket = invites.make(MESH, MEMBER, [], 12_345)
    assert.deepEqual(invites.redeem(redemption(ticket), 12_345 + 10 * MINUTE), { refused: 'expired' })
    assert.ok('proof' in invites.redeem(redemption(ticket), 12_345 + 10 * MINUTE - 1))
  })

  it('are unknown after a restart', () => {
    const ticket = seeded().make(MESH, MEMBER, [], 0)
    assert.deepEqual(seeded(2).redeem(redemption(ticket), 1), { refused: 'unknown-ticket' })
    assert.deepEqual(new Invites().redeem(redemption(ticket), 1), { refused: 'unknown-ticket' })
  })

  it('refuse a proof that was made for another newcomer, member, mesh or session, and are not used up by it', () => {
    const invites = seeded()
    const ticket = invites.make(MESH, MEMBER, [], 0)
    const right = redemption(ticket)
    for (const parties of [
      { newcomer: OTHER },
      { member: OTHER },
      { mesh: OTHER },
      { session: 'ff'.repeat(16) },
      { newcomer: MEMBER, member: NEWCOMER }
    ]) {
      const { proof } = redemption(ticket, parties)
      assert.deepEqual(invites.redeem({ ...right, proof }, 1), { refused: 'mismatch' }, JSON.stringify(parties))
    }
    for (const proof of ['', 'x', right.proof.slice(1), `${right.proof}0`, right.proof.toUpperCase(), 'é'.repeat(32)]) {
      assert.deepEqual(invites.redeem({ ...right, proof }, 1), { refused: 'mismatch' }, proof)
    }
    // Somebody that heard the proof has another key, and the member's own proof is none of a newcomer.
    assert.deepEqual(invites.redeem({ ...right, newcomer: OTHER }, 1), { refused: 'mismatch' })
    const proof = memberProof(ticket.seed, PARTIES)
    assert.deepEqual(invites.redeem({ ...right, proof }, 1), { refused: 'mismatch' })
    assert.ok('proof' in invites.redeem(redemption(ticket, { newcomer: OTHER }), 2))
  })

  it('tell whoever cannot prove that it knows the seed neither that they expired nor that they were used', () => {
    const invites = seeded()
    const ticket = invites.make(MESH, MEMBER, [], 0)
    invites.redeem(redemption(ticket), 1)
    const guess = { ...redemption(ticket, { newcomer: OTHER }), proof: 'ab'.repeat(32) }
    assert.deepEqual(invites.redeem(guess, 2), { refused: 'mismatch' })
    assert.deepEqual(invites.redeem(guess, 11 * MINUTE), { refused: 'mismatch' })
  })

  it('are void in another mesh, and under another key of this device', () => {
    const invites = seeded()
    const ticket = invites.make(MESH, MEMBER, [], 0)
    assert.deepEqual(invites.redeem(redemption(ticket, { mesh: OTHER }), 1), { refused: 'unknown-ticket' })
    assert.deepEqual(invites.redeem(redemption(ticket, { member: OTHER }), 1), { refused: 'unknown-ticket' })
  })

  it('refuse a ticket that was never made', () => {
    const invites = seeded()
    const ticket = invites.make(MESH, MEMBER, [], 0)
    const other = { ...ticket, seed: Uint8Array.from(ticket.seed, (byte) => byte ^ 1) }
    assert.deepEqual(invites.redeem(redemption(other), 1), { refused: 'unknown-ticket' })
    const { id } = redemption(ticket)
    // The right id with the proof of another seed.
    assert.deepEqual(invites.redeem({ ...redemption(other), id }, 1), { refused: 'mismatch' })
    for (const wrong of ['', id.slice(1), id.toUpperCase(), '__proto__']) {
      assert.deepEqual(invites.redeem({ ...redemption(ticket), id: wrong }, 1), { refused: 'unknown-ticket' })
    }
  })

  it('are at most sixteen: the oldest goes', () => {
    const invites = seeded()
    const tickets = Array.from({ length: 20 }, (_, index) => invites.make(MESH, MEMBER, [], index))
    assert.equal(invites.outstanding(20), 16)
    const answers = tickets.map((ticket) => invites.redeem(redemption(ticket), 20))
    assert.ok(answers.slice(0, 4).every((answer) => 'refused' in answer && answer.refused === 'unknown-ticket'))
    assert.ok(answers.slice(4).every((answer) => 'proof' in answer))
  })

  it('tell how many are out, and until when', () => {
    const invites = seeded()
    assert.deepEqual([invites.outstanding(0), invites.untilMs(0)], [0, 0])
    invites.make(MESH, MEMBER, [], 0)
    const second = invites.make(MESH, MEMBER, [], MINUTE)
    assert.deepEqual([invites.outstanding(MINUTE), invites.untilMs(MINUTE)], [2, 11 * MINUTE])
    // A used one is still out for its own device.
    invites.redeem(redemption(second), 2 * MINUTE)
    assert.deepEqual([invites.outstanding(10 * MINUTE), invites.untilMs(10 * MINUTE)], [1, 11 * MINUTE])
    assert.deepEqual([invites.outstanding(11 * MINUTE), invites.untilMs(11 * MINUTE)], [0, 0])
  })

  it('live as long, and are as many, as they are told to', () => {
    const invites = new Invites({ lifetimeMs: 5, most: 1 })
    const first = invites.make(MESH, MEMBER, [], 0)
    const second = invites.make(MESH, MEMBER, [], 0)
    assert.deepEqual(invites.redeem(redemption(first), 1), { refused: 'unknown-ticket' })
    assert.ok('proof' in invites.redeem(redemption(second), 4))
    assert.deepEqual(invites.redeem(redemption(second), 5), { refused: 'expired' })
  })
})
