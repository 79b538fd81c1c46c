import assert from 'node:assert/strict'
import type { PairMessage, PairRefusal } from '../../src/interface.ts'
import {
  beginPairing,
  helloOf,
  stepPairing,
  type PairingEnd,
  type PairingEvent,
  type PairingInit,
  type PairingState
} from '../../src/trust/index.ts'

export const NEWCOMER = 'a1'.repeat(32)
export const MEMBER = 'b2'.repeat(32)
export const MESH = 'c3'.repeat(32)
export const BOX = 'd4'.repeat(32)
export const SESSION = '01'.repeat(16)

/** One device in a pairing, with all that it said and showed. */
export class Side {
  state: PairingState
  readonly said: PairMessage[] = []
  readonly codes: string[] = []
  end: PairingEnd | undefined

  constructor(init: PairingInit) {
    this.state = beginPairing(init)
  }

  /** What it says to this event. */
  step(event: PairingEvent): PairMessage[] {
    const { state, send, code, end } = stepPairing(this.state, event)
    this.state = state
    this.said.push(...send)
    if (code !== undefined) this.codes.push(code)
    if (end !== undefined) {
      assert.equal(this.end, undefined, 'it ended twice')
      this.end = end
    }
    return send
  }

  hear(message: PairMessage): PairMessage[] {
    return this.step({ type: 'message', message })
  }

  /** Hears a message and says exactly one. */
  answer(message: PairMessage): PairMessage {
    const [answer, ...more] = this.hear(message)
    assert.ok(answer !== undefined && more.length === 0, `${message.type} was answered by ${this.said.length} messages`)
    return answer
  }

  yes(name = 'phone', box = BOX): PairMessage[] {
    return this.step(
      this.state.side === 'newcomer'
        ? { type: 'person', verdict: 'yes', name, box }
        : { type: 'person', verdict: 'yes' }
    )
  }

  no(): PairMessage[] {
    return this.step({ type: 'person', verdict: 'no' })
  }
}

export function newcomerSide(init: Partial<PairingInit> = {}): Side {
  const nonce = '11'.repeat(16)
  return new Side({ side: 'newcomer', self: NEWCOMER, other: MEMBER, mesh: null, nonce, session: SESSION, ...init })
}

export function memberSide(init: Partial<PairingInit> = {}): Side {
  const nonce = '22'.repeat(16)
  return new Side({ side: 'member', self: MEMBER, other: NEWCOMER, mesh: MESH, nonce, session: null, ...init })
}

export type Point = 'hello' | 'commitments' | 'member revealed' | 'codes'

/** Two sides that have come so far with each other, and what was said last and not yet heard. */
export function meet(
  until: Point,
  { newcomer = newcomerSide(), member = memberSide() }: { newcomer?: Side; member?: Side } = {}
): { newcomer: Side; member: Side; pending: PairMessage } {
  let pending = helloOf(newcomer.state)
  if (until === 'hello') return { newcomer, member, pending }
  pending = newcomer.answer(member.answer(pending))
  if (until === 'commitments') return { newcomer, member, pending }
  pending = member.answer(pending)
  if (until === 'member revealed') return { newcomer, member, pending }
  pending = newcomer.answer(pending)
  assert.deepEqual(member.hear(pending), [])
  return { newcomer, member, pending }
}

/** It ended for this reason, and said so. */
export function assertRefused(side: Side, reason: PairRefusal): void {
  assert.deepEqual(side.end, { ok: false, reason })
  assert.deepEqual(side.said.at(-1), { type: 'refused', reason })
  assert.equal(side.state.phase, 'ended')
}
