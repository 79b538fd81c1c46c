import assert from 'node:assert/strict'
import { beginPairing, helloOf, type PairingInit } from '../../src/trust/index.ts'
import { assertRefused, BOX, MEMBER, meet, memberSide, MESH, NEWCOMER, newcomerSide, SESSION } from './pairing-side.ts'

const OTHER = 'e5'.repeat(32)

describe('two devices that pair', () => {
  it('show the same six digits, and come together after both persons said yes', () => {
    const { newcomer, member } = meet('codes')
    assert.match(newcomer.codes.join(), /^\d{6}$/)
    assert.deepEqual(newcomer.codes, member.codes)
    const [confirmed] = newcomer.yes('phone')
    assert.deepEqual(confirmed, { type: 'confirmed', name: 'phone', box: BOX })
    assert.deepEqual(member.hear(confirmed), [])
    assert.deepEqual([member.end], [undefined])
    assert.deepEqual(member.yes(), [])
    assert.deepEqual(member.end, { ok: true, name: 'phone', box: BOX, mesh: MESH })
    assert.deepEqual(newcomer.hear({ type: 'records', records: [new Uint8Array(3)] }), [])
    assert.deepEqual(newcomer.hear({ type: 'records', records: [new Uint8Array(3)] }), [])
    assert.deepEqual(newcomer.hear({ type: 'admitted', mesh: MESH, proof: null }), [])
    assert.deepEqual(newcomer.end, { ok: true, mesh: MESH })
  })

  it('come together whichever person says yes first', () => {
    const { newcomer, member } = meet('codes')
    member.yes()
    assert.deepEqual([member.end], [undefined])
    member.hear(newcomer.yes()[0]!)
    assert.deepEqual(member.end, { ok: true, name: 'phone', box: BOX, mesh: MESH })
  })

  it('say in this order what the protocol says', () => {
    const { newcomer, member } = meet('codes')
    newcomer.yes()
    assert.deepEqual(
      member.said.map(({ type }) => type),
      ['commitment', 'reveal']
    )
    assert.deepEqual(
      newcomer.said.map(({ type }) => type),
      ['commitment', 'reveal', 'confirmed']
    )
    assert.deepEqual(helloOf(newcomer.state), { type: 'hello', session: SESSION, ticket: null })
  })

  it('show other digits when anything that was said differs', () => {
    const variants: { newcomer?: Partial<PairingInit>; member?: Partial<PairingInit> }[] = [
      {},
      { newcomer: { nonce: '33'.repeat(16) } },
      { member: { nonce: '33'.repeat(16) } },
      { newcomer: { session: '33'.repeat(16) } },
      { member: { mesh: OTHER } },
      { newcomer: { self: OTHER }, member: { other: OTHER } },
      { newcomer: { other: OTHER }, member: { self: OTHER } }
    ]
    const codes = variants.map(({ newcomer, member }) => {
      const { codes } = meet('codes', { newcomer: newcomerSide(newcomer), member: memberSide(member) }).member
      return codes.join()
    })
    assert.equal(new Set(codes).size, variants.length)
  })

  it('show six digits also when the first ones are 0', () => {
    const codes = Array.from({ length: 200 }, (_, index) => {
      const nonce = index.toString(16).padStart(32, '0')
      return meet('codes', { newcomer: newcomerSide({ nonce }) }).member.codes[0]!
    })
    assert.ok(codes.every((code) => /^\d{6}$/.test(code)))
    assert.ok(codes.some((code) => code.startsWith('0')))
  })

  it('show each code about equally often', () => {
    const counts = new Map<string, number>()
    for (let i = 0; i < 5000; i++) {
      const nonce = i.toString(16).padStart(32, '0')
      const code = meet('codes', { newcomer: newcomerSide({ nonce, digits: 1 }), member: memberSide({ digits: 1 }) })
        .member.codes[0]!
      counts.set(code, (counts.get(code) ?? 0) + 1)
    }
    assert.equal(counts.size, 10)
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)
    // 99.9 % of fair codes stay below this, with nine degrees of freedom.
    assert.ok(chiSquared < 27.9, `chi squared is ${chiSquared}`)
  })
})

describe('a person who compares', () => {
  it('is not heard before there are digits to compare', () => {
    for (const point of ['hello', 'commitments', 'member revealed'] as const) {
      const { newcomer, member, pending } = meet(point)
      assert.deepEqual(newcomer.yes(), [])
      assert.deepEqual(member.yes(), [])
      assert.equal(member.state.isAccepted || newcomer.state.isAccepted, false)
      assert.equal(newcomer.end ?? member.end, undefined)
      // It then goes on as if nothing had been said.
      assert.equal((point === 'member revealed' ? newcomer : member).hear(pending).length, 1)
    }
  })

  it('ends it by a no, and the other device is told why', () => {
    const { newcomer, member } = meet('codes')
    const [refused] = newcomer.no()
    assertRefused(newcomer, 'mismatch')
    assert.deepEqual(member.hear(refused!), [])
    assert.deepEqual(member.end, { ok: false, reason: 'mismatch' })

    const second = meet('codes')
    second.newcomer.hear(second.member.no()[0]!)
    assertRefused(second.member, 'declined')
    assert.deepEqual(second.newcomer.end, { ok: false, reason: 'declined' })
  })

  it('may take back a yes until the other side has acted on it', () => {
    const { newcomer, member } = meet('codes')
    newcomer.yes()
    newcomer.no()
    assertRefused(newcomer, 'mismatch')
    member.yes()
    member.no()
    assertRefused(member, 'declined')
  })

  it('may send a newcomer away, or give up, at any time', () => {
    for (const point of ['hello', 'commitments', 'member revealed'] as const) {
      const { newcomer, member } = meet(point)
      newcomer.no()
      assertRefused(newcomer, 'declined')
      member.no()
      assertRefused(member, 'declined')
    }
  })

  it('is heard once', () => {
    const { newcomer } = meet('codes')
    assert.equal(newcomer.yes().length, 1)
    assert.deepEqual(newcomer.yes(), [])
  })

  it('says nothing for a device that cannot introduce itself', () => {
    for (const [name, box] of [
      ['', BOX],
      ['tele\nphone', BOX],
      ['\u001b[2J', BOX],
      ['x'.repeat(256), BOX],
      ['phone', 'd4'],
      ['phone', BOX.toUpperCase()]
    ] as const) {
      const { newcomer, member } = meet('codes')
      newcomer.yes(name, box)
      assertRefused(newcomer, 'malformed')
      member.hear({ type: 'confirmed', name, box })
      assertRefused(member, 'malformed')
    }
    const { newcomer } = meet('codes')
    newcomer.step({ type: 'person', verdict: 'yes' })
    assertRefused(newcomer, 'malformed')
  })
})

describe('a pairing that cannot begin', () => {
  it('is an error of the caller', () => {
    const init: PairingInit = {
      side: 'member',
      self: MEMBER,
      other: NEWCOMER,
      mesh: MESH,
      nonce: '22'.repeat(16),
      session: null
    }
    for (const wrong of [
      { self: 'b2' },
      { other: NEWCOMER.toUpperCase() },
      { nonce: '22'.repeat(15) },
      { mesh: null },
      { mesh: 'amber-otter' },
      { session: '1' },
      { side: 'newcomer', session: null }
    ] satisfies Partial<PairingInit>[]) {
      assert.throws(() => beginPairing({ ...init, ...wrong }), TypeError, JSON.stringify(wrong))
    }
  })
})
