import type { PairMessage, PairRefusal } from '../interface.ts'
import type { PairingSide } from './commitment.ts'
import { isHex } from './hex.ts'
import type { BoxKey, DeviceKey } from './keys.ts'

/** Six digits: a guess in one try is right once in a million. */
const DEFAULT_DIGITS = 6
export const KEY_BYTES = 32
export const HASH_BYTES = 32
export const NONCE_BYTES = 16
export const SESSION_BYTES = 16

export interface PairingInit {
  side: PairingSide
  /** Of this device. */
  self: DeviceKey
  /** Of the other device, as Noise authenticated it. */
  other: DeviceKey
  /** Mesh id. A member's own; of a newcomer the one that it expects, or null when any will do. */
  mesh: string | null
  /** 16 random bytes, hexadecimal, never used before. */
  nonce: string
  /** Of a newcomer: 16 random bytes, hexadecimal. Null for a member, which takes it from the newcomer's hello. */
  session: string | null
  /** @default 6 */
  digits?: number
}

export type PairingEvent =
  | { type: 'message'; message: PairMessage }
  /** What the person here says. A newcomer's yes carries what the roster shall say of it. */
  | { type: 'person'; verdict: 'yes' | 'no'; name?: string; box?: BoxKey }
  /** The other device, or somebody's person, was waited for too long. */
  | { type: 'timeout' }

/** Of a member, a good end has the newcomer's name and box key: it is then admitted, and told so. */
export type PairingEnd = { ok: true; name?: string; box?: BoxKey; mesh: string } | { ok: false; reason: PairRefusal }

export interface PairingStep {
  state: PairingState
  /** To be sent in this order. */
  send: PairMessage[]
  /** To be shown now. */
  code?: string
  end?: PairingEnd
}

/** Plain data, never changed in place. */
export interface PairingState {
  /** What is waited for; `people`: the code is shown, and both persons' word is waited for. */
  readonly phase: 'hello' | 'commitment' | 'reveal' | 'people' | 'ended'
  readonly side: PairingSide
  readonly self: DeviceKey
  readonly other: DeviceKey
  /** Of a newcomer: null until the member has named it. */
  readonly mesh: string | null
  readonly session: string | null
  readonly nonce: string
  readonly digits: number
  readonly ownCommitment: string | null
  readonly otherCommitment: string | null
  /** The digits that are shown. */
  readonly code: string | null
  /** Whether the person here said yes. */
  readonly isAccepted: boolean
  /** Of a member: what the newcomer says of itself, after its own person's yes. */
  readonly introduction: { readonly name: string; readonly box: BoxKey } | null
}

/**
 * A newcomer then sends `helloOf(state)`; a member waits for it.
 *
 * @throws {TypeError} when the caller gives what no pairing can begin with
 */
export function beginPairing({ digits = DEFAULT_DIGITS, ...init }: PairingInit): PairingState {
  const { side, self, other, mesh, nonce, session } = init
  const fits =
    isHex(self, KEY_BYTES) &&
    isHex(other, KEY_BYTES) &&
    isHex(nonce, NONCE_BYTES) &&
    (mesh === null ? side === 'newcomer' : isHex(mesh, HASH_BYTES)) &&
    (session === null ? side === 'member' : isHex(session, SESSION_BYTES))
  if (!fits) throw new TypeError('A pairing begins with keys, a mesh, a nonce and a session of the right lengths')
  return {
    phase: side === 'newcomer' ? 'commitment' : 'hello',
    ...init,
    digits,
    ownCommitment: null,
    otherCommitment: null,
    code: null,
    isAccepted: false,
    introduction: null
  }
}
