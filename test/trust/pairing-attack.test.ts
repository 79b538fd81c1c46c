import assert from 'node:assert/strict'
import type { PairMessage } from '../../src/interface.ts'
import { codeOf, commitmentOf, helloOf } from '../../src/trust/index.ts'
import { MEMBER, memberSide, MESH, newcomerSide, SESSION, type Side } from './pairing-side.ts'
import { randomFrom, randomHex } from './random.ts'

/*
 * A man in the middle, who is the member for the newcomer and the newcomer for the member, with a key of his own. He has
 * won when both screens show the same digits, since then both persons say yes. Codes have two digits here, so that
 * chance wins once in a hundred.
 */

const DIGITS = 2
const RUNS = 6000
/** Nonces that he tries at the last moment, in each run: were they of use, he would win in a tenth of the runs. */
const GUESSES = 10
/** Nonces with which he finds two digits but once in 22,000 runs, where they are of use. */
const ENOUGH_GUESSES = 1000
const ATTACKER = '66'.repeat(32)

/** What the member holds as the other side's commitment, when this nonce is revealed to it. */
type Held = (nonce: string, committed: string) => string

interface Variant {
  runs: number
  guesses: number
  /** The member as it is, or a weaker one. */
  hearReveal: (member: Side, nonce: string) => void
  held: Held
}

const asItIs: Variant = {
  runs: RUNS,
  guesses: GUESSES,
  hearReveal: (member, nonce) => {
    member.hear({ type: 'reveal', nonce })
  },
  held: (_nonce, committed) => committed
}

/** A member that looks at no commitment: whatever is revealed to it is what it takes as committed to. */
const withoutTheCheck: Variant = {
  runs: 200,
  guesses: ENOUGH_GUESSES,
  hearReveal: (member, nonce) => {
    member.state = { ...member.state, otherCommitment: towardsMember(nonce) }
    member.hear({ type: 'reveal', nonce })
  },
  held: towardsMember
}

function towardsMember(nonce: string): string {
  return commitmentOf({ side: 'newcomer', key: ATTACKER, mesh: MESH, session: SESSION, nonce })
}

function towardsNewcomer(nonce: string): string {
  return commitmentOf({ side: 'member', key: ATTACKER, mesh: MESH, session: SESSION, nonce })
}

function nonceOf(messages: readonly PairMessage[]): string {
  const reveal = messages.find((message) => message.type === 'reveal')
  assert.ok(reveal !== undefined, 'nothing was revealed')
  return reveal.nonce
}

interface Attack {
  newcomer: Side
  member: Side
  variant: Variant
  random: () => number
}

/** Both to the point where the attacker has heard their commitments and said his own. */
function commit({ newcomer, member }: Attack, toMember: string): void {
  member.hear({ type: 'hello', session: SESSION, ticket: null })
  member.hear({ type: 'commitment', commitment: towardsMember(toMember), mesh: null })
  assert.equal(helloOf(newcomer.state).type, 'hello')
}

/** What the member will show when this nonce is revealed to it. */
function codeAtMember({ member, variant }: Attack, committed: string, nonce: string): string {
  const own = member.said.find((message) => message.type === 'commitment')
  return codeOf(
    {
      mesh: MESH,
      session: SESSION,
      newcomer: { key: ATTACKER, commitment: variant.held(nonce, towardsMember(committed)), nonce },
      member: { key: MEMBER, commitment: own?.commitment ?? '', nonce: nonceOf(member.said) }
    },
    DIGITS
  )
}

/** Reveals to the member what makes it show the newcomer's digits: the nonce committed to, else the first that would. */
function revealBest(attack: Attack, committed: string): void {
  const { newcomer, member, variant, random } = attack
  const [wanted] = newcomer.codes
  let nonce = committed
  for (let i = 0; i < variant.guesses && codeAtMember(attack, committed, nonce) !== wanted; i++)
    nonce = randomHex(16, random)
  variant.hearReveal(member, nonce)
}

const orders: Record<string, (attack: Attack) => void> = {
  'hears the member out before he speaks to the newcomer': (attack) => {
    const { newcomer, random } = attack
    const [toMember, toNewcomer] = [randomHex(16, random), randomHex(16, random)]
    commit(attack, toMember)
    // The member has revealed, so he knows its code for every nonce that he could reveal.
    newcomer.hear({ type: 'commitment', commitment: towardsNewcomer(toNewcomer), mesh: MESH })
    newcomer.hear({ type: 'reveal', nonce: toNewcomer })
    revealBest(attack, toMember)
  },
  'hears the newcomer out before he speaks to the member': (attack) => {
    const { newcomer, random } = attack
    const [toMember, toNewcomer] = [randomHex(16, random), randomHex(16, random)]
    newcomer.hear({ type: 'commitment', commitment: towardsNewcomer(toNewcomer), mesh: MESH })
    newcomer.hear({ type: 'reveal', nonce: toNewcomer })
    // The newcomer shows its code; he chooses what he commits to, towards a member whose nonce he does not know.
    commit(attack, toMember)
    revealBest(attack, toMember)
  },
  'gets the commitments of both before he reveals to either': (attack) => {
    const { newcomer, random } = attack
    const [toMember, toNewcomer] = [randomHex(16, random), randomHex(16, random)]
    newcomer.hear({ type: 'commitment', commitment: towardsNewcomer(toNewcomer), mesh: MESH })
    commit(attack, toMember)
    newcomer.hear({ type: 'reveal', nonce: toNewcomer })
    revealBest(attack, toMember)
  },
  'commits to both sides to the same nonce': (attack) => {
    const { newcomer, random } = attack
    const nonce = randomHex(16, random)
    newcomer.hear({ type: 'commitment', commitment: towardsNewcomer(nonce), mesh: MESH })
    commit(attack, nonce)
    newcomer.hear({ type: 'reveal', nonce })
    revealBest(attack, nonce)
  }
}

/** How often, of all runs, both screens show the same. */
function successRate(order: (attack: Attack) => void, variant: Variant, seed: number): number {
  const random = randomFrom(seed)
  let won = 0
  for (let run = 0; run < variant.runs; run++) {
    const init = { digits: DIGITS, other: ATTACKER }
    const newcomer = newcomerSide({ ...init, nonce: randomHex(16, random) })
    const member = memberSide({ ...init, nonce: randomHex(16, random) })
    order({ newcomer, member, variant, random })
    if (newcomer.codes.length === 0 || newcomer.codes.join() !== member.codes.join()) continue
    // Both persons see the same digits, and say yes: he is in.
    newcomer.yes()
    member.hear({ type: 'confirmed', name: 'phone', box: ATTACKER })
    member.yes()
    assert.equal(member.end?.ok, true)
    won++
  }
  return won / variant.runs
}

describe('a man in the middle', () => {
  for (const [index, [name, order]] of Object.entries(orders).entries()) {
    it(`who ${name} is believed by chance only`, () => {
      const rate = successRate(order, asItIs, 1 + index)
      assert.ok(Math.abs(rate - 0.01) < 0.003, `believed in ${100 * rate} % of ${RUNS} runs`)
    })
  }

  it('would be believed nearly always, if the member did not look at his commitment', () => {
    for (const [name, order] of Object.entries(orders)) {
      const rate = successRate(order, withoutTheCheck, 1)
      assert.ok(rate > 0.99, `${name}: believed in ${100 * rate} % of the runs`)
    }
  })

  it('is found out when he passes on what each side said, for each hashed its own keys', () => {
    const newcomer = newcomerSide({ other: ATTACKER })
    const member = memberSide({ other: ATTACKER })
    const first = member.answer(helloOf(newcomer.state))
    const second = newcomer.answer(first)
    const third = member.answer(second)
    newcomer.hear(third)
    assert.deepEqual(newcomer.end, { ok: false, reason: 'mismatch' })
    member.hear({ type: 'reveal', nonce: newcomer.state.nonce })
    assert.deepEqual(member.end, { ok: false, reason: 'mismatch' })
    assert.deepEqual([newcomer.codes, member.codes], [[], []])
  })
})
