import assert from 'node:assert/strict'
import {
  codeOf,
  commitmentOf,
  decodeInvite,
  encodeInvite,
  memberProof,
  newcomerProof,
  ticketId
} from '../../src/trust/index.ts'
import { MEMBER, MESH, NEWCOMER, SESSION } from './pairing-side.ts'

/*
 * Values computed apart from this code, from the words of PROTOCOL.md: devices of different releases have to agree on
 * every byte of them.
 */
describe('what devices of all releases agree on', () => {
  const newcomer = {
    key: NEWCOMER,
    nonce: '11'.repeat(16),
    commitment: '0e5a5a4b2b1c115f62491b91649da7decb8de6396df3fbaa986cc89a7c114a94'
  }
  const member = {
    key: MEMBER,
    nonce: '22'.repeat(16),
    commitment: 'b8e41630b09310e1a4eebc78763d672dc27451a52ce42db890e5f88a2797df1d'
  }
  const seed = Uint8Array.from({ length: 16 }, (_, index) => index)
  const parties = { newcomer: NEWCOMER, member: MEMBER, mesh: MESH, session: SESSION }

  it('is a commitment', () => {
    for (const [side, { key, nonce, commitment }] of Object.entries({ newcomer, member })) {
      const said = { side: side as 'newcomer' | 'member', key, mesh: MESH, session: SESSION, nonce }
      assert.equal(commitmentOf(said), commitment)
    }
  })

  it('is a code', () => {
    assert.equal(codeOf({ mesh: MESH, session: SESSION, newcomer, member }, 6), '327761')
  })

  it("is a ticket's id and proofs", () => {
    assert.equal(ticketId(seed), '150cb853e0fc816117598107b400f6ab864835828fc4bbddcde5f93454852455')
    assert.equal(newcomerProof(seed, parties), '262232c565d72b7585dfd9b18f84863e147aefb97f241bedfbd16731036ac57a')
    assert.equal(memberProof(seed, parties), '06d28aede6a5cc4e1b320dc588f5ab30f67b815380ac6633671016e197f761dd')
  })

  it('is an invite', () => {
    const addresses = ['/ip4/192.168.1.20/tcp/4001', '/ip6/fe80::1%25eth0/tcp/4001']
    const ticket = { seed, inviter: MEMBER, mesh: MESH, addresses }
    const text =
      'mesh://AQCQAAECAwQFBgcICQoLDA0OD7KysrKysrKysrKysrKysrKysrKysrKysrKysrKysrKyw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PD' +
      'w8PDw8MCGi9pcDQvMTkyLjE2OC4xLjIwL3RjcC80MDAxHC9pcDYvZmU4MDo6MSUyNWV0aDAvdGNwLzQwMDGBEInt'
    assert.equal(encodeInvite(ticket), text)
    assert.deepEqual(decodeInvite(text), ticket)
  })
})
