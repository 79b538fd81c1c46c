import assert from 'node:assert/strict'
import type { PairMessage, PairRefusal } from '../../src/interface.ts'
import { commitmentOf } from '../../src/trust/index.ts'
import {
  assertRefused,
  BOX,
  meet,
  memberSide,
  MESH,
  NEWCOMER,
  newcomerSide,
  SESSION,
  type Side
} from './pairing-side.ts'

const OTHER = 'e5'.repeat(32)

describe('a device that does not keep to the protocol', () => {
  const hello: PairMessage = { type: 'hello', session: SESSION, ticket: null }
  const commitment: PairMessage = { type: 'commitment', commitment: 'f0'.repeat(32), mesh: null }
  const memberCommitment: PairMessage = { ...commitment, mesh: MESH }
  const reveal: PairMessage = { type: 'reveal', nonce: '44'.repeat(16) }
  const confirmed: PairMessage = { type: 'confirmed', name: 'phone', box: BOX }
  const records: PairMessage = { type: 'records', records: [] }
  const admitted: PairMessage = { type: 'admitted', mesh: MESH, proof: null }
  const all = [hello, commitment, memberCommitment, reveal, confirmed, records, admitted]

  /** Each point of a pairing, and what may be heard there of a well-behaved device. */
  const points: [string, () => Side, PairMessage['type'][]][] = [
    ['a member before the hello', () => meet('hello').member, ['hello']],
    ['a member that waits for the commitment', () => meet('commitments').member, ['commitment']],
    ['a member that waits for the reveal', () => meet('member revealed').member, ['reveal']],
    ['a member that waits for people', () => meet('codes').member, ['confirmed']],
    ['a newcomer that waits for the commitment', () => meet('hello').newcomer, ['commitment']],
    ['a newcomer that waits for the reveal', () => meet('commitments').newcomer, ['reveal']],
    ['a newcomer that waits for its person', () => meet('codes').newcomer, []],
    [
      'a newcomer whose person said yes',
      () => {
        const { newcomer } = meet('codes')
        newcomer.yes()
        return newcomer
      },
      ['records', 'admitted']
    ]
  ]
  for (const [where, arrive, allowed] of points) {
    it(`is refused by ${where} for a message too early, too late, or of the other side`, () => {
      for (const message of all.filter(({ type }) => !allowed.includes(type))) {
        const side = arrive()
        side.hear(message)
        assertRefused(side, 'malformed')
      }
    })
  }

  it('is refused when it says the same twice', () => {
    const first = meet('commitments')
    first.member.hear(hello)
    assertRefused(first.member, 'malformed')

    const second = meet('member revealed')
    second.member.hear(second.newcomer.said.find(({ type }) => type === 'commitment')!)
    assertRefused(second.member, 'malformed')

    const third = meet('codes')
    third.member.hear(third.pending)
    assertRefused(third.member, 'malformed')
    third.newcomer.hear(third.member.said.find(({ type }) => type === 'reveal')!)
    assertRefused(third.newcomer, 'malformed')

    const fourth = meet('codes')
    const [said] = fourth.newcomer.yes()
    fourth.member.hear(said!)
    fourth.member.hear(said!)
    assertRefused(fourth.member, 'malformed')
  })

  it('is refused when it reveals before we committed, and gets no nonce of ours', () => {
    const { member } = meet('hello')
    member.hear(hello)
    member.hear(reveal)
    assertRefused(member, 'malformed')
    assert.ok(!member.said.some(({ type }) => type === 'reveal'))
    const { newcomer } = meet('hello')
    newcomer.hear(reveal)
    assertRefused(newcomer, 'malformed')
    assert.ok(!newcomer.said.some(({ type }) => type === 'reveal'))
  })

  it('is refused when it opens another nonce than it committed to', () => {
    const { member } = meet('member revealed')
    const changed = (nonce: string, at: number) =>
      nonce.slice(0, at) + (nonce[at] === '0' ? '1' : '0') + nonce.slice(at + 1)
    for (let at = 0; at < 32; at++) {
      const side = meet('member revealed').member
      side.hear({ type: 'reveal', nonce: changed('11'.repeat(16), at) })
      assertRefused(side, 'mismatch')
      assert.deepEqual(side.codes, [])
    }
    assert.equal(member.end, undefined)
    const { newcomer } = meet('commitments')
    newcomer.hear({ type: 'reveal', nonce: changed('22'.repeat(16), 5) })
    assertRefused(newcomer, 'mismatch')
    assert.ok(!newcomer.said.some(({ type }) => type === 'reveal'))
  })

  it('is refused when it sends back our own commitment', () => {
    const { member } = meet('commitments')
    const own = member.said[0] as Extract<PairMessage, { type: 'commitment' }>
    member.hear({ ...own, mesh: null })
    assertRefused(member, 'mismatch')
    assert.ok(!member.said.some(({ type }) => type === 'reveal'))

    const { newcomer } = meet('hello')
    const said = { side: 'newcomer', key: NEWCOMER, mesh: MESH, session: SESSION, nonce: '11'.repeat(16) } as const
    newcomer.hear({ type: 'commitment', commitment: commitmentOf(said), mesh: MESH })
    assertRefused(newcomer, 'mismatch')
  })

  it('cannot open our commitment as its own, not even with our key', () => {
    // Both commit to the same nonce under the same key; the side that is hashed with it keeps them apart.
    const same = { self: NEWCOMER, other: NEWCOMER, nonce: '55'.repeat(16) }
    const member = memberSide(same)
    const [own] = member.hear(hello)
    const { commitment: mine } = own as Extract<PairMessage, { type: 'commitment' }>
    assert.notEqual(
      mine,
      commitmentOf({ side: 'newcomer', key: NEWCOMER, mesh: MESH, session: SESSION, nonce: same.nonce })
    )
  })

  it('is refused when it plays back another session', () => {
    const earlier = meet('codes')
    const session = '99'.repeat(16)
    const [earlierCommitment, earlierReveal] = earlier.newcomer.said
    // The newcomer's words of before, under a new hello.
    const member = memberSide({ nonce: '77'.repeat(16) })
    member.hear({ ...hello, session })
    member.hear(earlierCommitment!)
    member.hear(earlierReveal!)
    assertRefused(member, 'mismatch')
    assert.deepEqual(member.codes, [])
    // The member's words of before, to a newcomer that comes again.
    const newcomer = newcomerSide({ session, nonce: '77'.repeat(16) })
    const [first, second] = earlier.member.said
    newcomer.hear(first!)
    newcomer.hear(second!)
    assertRefused(newcomer, 'mismatch')
    assert.ok(!newcomer.said.some(({ type }) => type === 'reveal'))
  })

  it('makes other digits when it plays back all of a session, for our nonce is new', () => {
    const earlier = meet('codes')
    const member = memberSide({ nonce: '77'.repeat(16) })
    member.hear(hello)
    for (const message of earlier.newcomer.said) member.hear(message)
    assert.equal(member.codes.length, 1)
    assert.notDeepEqual(member.codes, earlier.newcomer.codes)
  })

  it('is refused when its mesh is another than the one expected, or changes', () => {
    const expecting = newcomerSide({ mesh: OTHER })
    expecting.hear(memberCommitment)
    assertRefused(expecting, 'mismatch')
    // A newcomer has no mesh to name.
    const { member } = meet('commitments')
    member.hear(memberCommitment)
    assertRefused(member, 'malformed')

    const { newcomer } = meet('codes')
    newcomer.yes()
    newcomer.hear({ ...admitted, mesh: OTHER })
    assertRefused(newcomer, 'mismatch')
  })

  it('is refused when somebody between the two names another mesh', () => {
    const newcomer = newcomerSide()
    const member = memberSide()
    const said = member.answer(hello) as Extract<PairMessage, { type: 'commitment' }>
    member.hear(newcomer.answer({ ...said, mesh: OTHER }))
    // Its commitment was made for the other mesh, so that neither opens.
    newcomer.hear(member.said[1]!)
    assertRefused(newcomer, 'mismatch')
  })

  it('is refused for keys, nonces and sessions of the wrong length or alphabet', () => {
    for (const word of ['', '0', 'f0'.repeat(31), 'F0'.repeat(32), 'zz'.repeat(32), `${'f0'.repeat(32)}\n`]) {
      const { member } = meet('hello')
      member.hear({ ...hello, session: word })
      assertRefused(member, 'malformed')
      const second = meet('commitments').member
      second.hear({ type: 'commitment', commitment: word, mesh: null })
      assertRefused(second, 'malformed')
      const third = meet('member revealed')
      third.member.hear({ type: 'reveal', nonce: word })
      assertRefused(third.member, 'malformed')
      third.newcomer.hear({ type: 'reveal', nonce: word })
      assertRefused(third.newcomer, 'malformed')
      const { newcomer } = meet('hello')
      newcomer.hear({ type: 'commitment', commitment: 'f0'.repeat(32), mesh: word })
      assertRefused(newcomer, 'malformed')
    }
  })

  it('is refused when it brings a ticket, or a proof, where codes are compared', () => {
    const { member } = meet('hello')
    member.hear({ type: 'hello', session: SESSION, ticket: { id: 'aa'.repeat(32), proof: 'bb'.repeat(32) } })
    assertRefused(member, 'malformed')
    const { newcomer } = meet('codes')
    newcomer.yes()
    newcomer.hear({ type: 'admitted', mesh: MESH, proof: 'bb'.repeat(32) })
    assertRefused(newcomer, 'malformed')
  })

  it('is refused when its hello is not the one that was read before', () => {
    const member = memberSide({ session: '88'.repeat(16) })
    member.hear(hello)
    assertRefused(member, 'malformed')
    const expecting = memberSide({ session: SESSION })
    assert.equal(expecting.hear(hello).length, 1)
  })

  it('ends it by a refusal, which is not answered', () => {
    for (const point of ['hello', 'commitments', 'member revealed', 'codes'] as const) {
      const { newcomer, member } = meet(point)
      for (const side of [newcomer, member]) {
        assert.deepEqual(side.hear({ type: 'refused', reason: 'busy' }), [])
        assert.deepEqual(side.end, { ok: false, reason: 'busy' })
      }
    }
    const { member } = meet('hello')
    // A reason of a later release.
    member.hear({ type: 'refused', reason: 'out-of-cheese' as PairRefusal })
    assert.deepEqual(member.end, { ok: false, reason: 'malformed' })
  })

  it('ends it by silence', () => {
    for (const point of ['hello', 'commitments', 'member revealed', 'codes'] as const) {
      const { newcomer, member } = meet(point)
      newcomer.step({ type: 'timeout' })
      assertRefused(newcomer, 'timeout')
      member.step({ type: 'timeout' })
      assertRefused(member, 'timeout')
    }
  })

  it('is not heard after the end', () => {
    const { newcomer, member } = meet('codes')
    member.hear(newcomer.yes()[0]!)
    member.yes()
    newcomer.step({ type: 'timeout' })
    for (const side of [newcomer, member]) {
      const { state, end, said } = side
      const saidBefore = said.length
      for (const message of [...all, { type: 'refused', reason: 'busy' } as const]) side.hear(message)
      side.yes()
      side.no()
      side.step({ type: 'timeout' })
      assert.deepEqual([side.state, side.end, side.said.length], [state, end, saidBefore])
    }
  })
})
