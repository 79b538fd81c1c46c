import type { PairMessage, PairRefusal } from '../interface.ts'
import { codeOf, commitmentOf } from './commitment.ts'
import { isHex } from './hex.ts'
import type { BoxKey } from './keys.ts'
import { isLabel } from './label.ts'
import {
  HASH_BYTES,
  KEY_BYTES,
  NONCE_BYTES,
  SESSION_BYTES,
  type PairingEnd,
  type PairingEvent,
  type PairingState,
  type PairingStep
} from './pairing-state.ts'

/*
 * Two devices that know nothing of each other, and two people-sides that compare six digits. What has to hold:
 *
 * P1  Neither side reveals its nonce before it holds the other's commitment, and neither can change its own after that:
 *     whoever stands between the two has committed to its nonces on both sides before it learns what the codes will be,
 *     so the codes agree by chance only, one in a million for each time that both sides reveal.
 * P2  It ends well only if both commitments were opened, and the person here has said yes.
 * P3  The newcomer says nothing of itself before its person has said yes; the member takes it in only after it did.
 * P4  What comes in another order, twice, or from the wrong side ends it. After the end nothing is said or heard.
 */

/** What a newcomer says first. */
export function helloOf({ session }: PairingState): PairMessage {
  return { type: 'hello', session: session ?? '', ticket: null }
}

/** Never throws: whatever is wrong ends the pairing. */
export function stepPairing(state: PairingState, event: PairingEvent): PairingStep {
  if (state.phase === 'ended') return { state, send: [] }
  switch (event.type) {
    case 'timeout':
      return refuse(state, 'timeout')
    case 'person':
      return event.verdict === 'yes' ? accept(state, event) : refuse(state, refusalOf(state))
    case 'message': {
      const { message } = event
      if (message.type === 'refused') return end(state, { ok: false, reason: knownReason(message.reason) })
      return state.side === 'member' ? hearNewcomer(state, message) : hearMember(state, message)
    }
  }
}

function hearNewcomer(state: PairingState, message: PairMessage): PairingStep {
  const { phase, mesh, session } = state
  if (phase === 'hello' && message.type === 'hello') return answerHello(state, message)
  if (mesh === null || session === null) return refuse(state, 'malformed')
  if (phase === 'commitment' && message.type === 'commitment') {
    const { commitment } = message
    if (message.mesh !== null || !isHex(commitment, HASH_BYTES)) return refuse(state, 'malformed')
    if (commitment === state.ownCommitment) return refuse(state, 'mismatch')
    const next: PairingState = { ...state, phase: 'reveal', otherCommitment: commitment }
    return { state: next, send: [{ type: 'reveal', nonce: state.nonce }] }
  }
  if (phase === 'reveal' && message.type === 'reveal') return hearReveal(state, message.nonce, [])
  if (phase === 'people' && message.type === 'confirmed' && state.introduction === null) {
    const { name, box } = message
    if (!isLabel(name) || !isHex(box, KEY_BYTES)) return refuse(state, 'malformed')
    return memberIfBothSaidYes({ ...state, introduction: { name, box } })
  }
  return refuse(state, 'malformed')
}

function answerHello(state: PairingState, { session, ticket }: Extract<PairMessage, { type: 'hello' }>): PairingStep {
  const { self, mesh, nonce } = state
  // Whoever brings a ticket is not paired by digits: its ticket is looked at before there is a pairing.
  if (mesh === null || ticket !== null || !isHex(session, SESSION_BYTES)) return refuse(state, 'malformed')
  if (state.session !== null && state.session !== session) return refuse(state, 'malformed')
  const ownCommitment = commitmentOf({ side: 'member', key: self, mesh, session, nonce })
  return {
    state: { ...state, phase: 'commitment', session, ownCommitment },
    send: [{ type: 'commitment', commitment: ownCommitment, mesh }]
  }
}

function hearMember(state: PairingState, message: PairMessage): PairingStep {
  const { phase, self, nonce, session, mesh } = state
  if (session === null) return refuse(state, 'malformed')
  if (phase === 'commitment' && message.type === 'commitment') {
    const { commitment } = message
    if (!isHex(message.mesh, HASH_BYTES) || !isHex(commitment, HASH_BYTES)) return refuse(state, 'malformed')
    if (mesh !== null && mesh !== message.mesh) return refuse(state, 'mismatch')
    const ownCommitment = commitmentOf({ side: 'newcomer', key: self, mesh: message.mesh, session, nonce })
    if (commitment === ownCommitment) return refuse(state, 'mismatch')
    return {
      state: { ...state, phase: 'reveal', mesh: message.mesh, ownCommitment, otherCommitment: commitment },
      send: [{ type: 'commitment', commitment: ownCommitment, mesh: null }]
    }
  }
  if (phase === 'reveal' && message.type === 'reveal') {
    return hearReveal(state, message.nonce, [{ type: 'reveal', nonce }])
  }
  if (phase === 'people' && state.isAccepted && message.type === 'records') return { state, send: [] }
  if (phase === 'people' && state.isAccepted && message.type === 'admitted' && mesh !== null) {
    if (message.proof !== null) return refuse(state, 'malformed')
    return message.mesh === mesh ? end(state, { ok: true, mesh }) : refuse(state, 'mismatch')
  }
  return refuse(state, 'malformed')
}

/** P1: the other side's nonce has to be the one that it committed to. */
function hearReveal(state: PairingState, nonce: string, send: PairMessage[]): PairingStep {
  const { side, self, other, mesh, session, ownCommitment, otherCommitment } = state
  if (mesh === null || session === null || ownCommitment === null || otherCommitment === null) {
    return refuse(state, 'malformed')
  }
  if (!isHex(nonce, NONCE_BYTES)) return refuse(state, 'malformed')
  const otherSide = side === 'member' ? 'newcomer' : 'member'
  const opened = commitmentOf({ side: otherSide, key: other, mesh, session, nonce })
  if (opened !== otherCommitment) return refuse(state, 'mismatch')
  const own = { key: self, commitment: ownCommitment, nonce: state.nonce }
  const theirs = { key: other, commitment: otherCommitment, nonce }
  const [newcomer, member] = side === 'newcomer' ? [own, theirs] : [theirs, own]
  const code = codeOf({ mesh, session, newcomer, member }, state.digits)
  return { state: { ...state, phase: 'people', code }, send, code }
}

/** P2, P3: a yes counts once there is a code to say it of. */
function accept(state: PairingState, { name, box }: { name?: string; box?: BoxKey }): PairingStep {
  if (state.phase !== 'people' || state.isAccepted) return { state, send: [] }
  const next = { ...state, isAccepted: true }
  if (state.side === 'member') return memberIfBothSaidYes(next)
  if (!isLabel(name) || !isHex(box, KEY_BYTES)) return refuse(state, 'malformed')
  return { state: next, send: [{ type: 'confirmed', name, box }] }
}

function memberIfBothSaidYes(state: PairingState): PairingStep {
  const { isAccepted, introduction, mesh } = state
  if (!isAccepted || introduction === null || mesh === null) return { state, send: [] }
  return end(state, { ok: true, ...introduction, mesh })
}

/** A newcomer's no means that the codes differ; a member's person may have other reasons. */
function refusalOf({ side, phase }: PairingState): PairRefusal {
  return side === 'newcomer' && phase === 'people' ? 'mismatch' : 'declined'
}

function refuse(state: PairingState, reason: PairRefusal): PairingStep {
  return { ...end(state, { ok: false, reason }), send: [{ type: 'refused', reason }] }
}

function end(state: PairingState, ending: PairingEnd): PairingStep {
  return { state: { ...state, phase: 'ended' }, send: [], end: ending }
}

const REASONS: readonly PairRefusal[] = [
  'door-closed',
  'busy',
  'declined',
  'mismatch',
  'expired',
  'used',
  'unknown-ticket',
  'removed',
  'timeout',
  'malformed'
]

/** A reason that this release does not know is none. */
function knownReason(reason: PairRefusal): PairRefusal {
  return REASONS.includes(reason) ? reason : 'malformed'
}
