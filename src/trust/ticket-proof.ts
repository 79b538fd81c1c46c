import { createHmac } from 'node:crypto'
import type { DeviceKey } from './keys.ts'
import { lengthPrefixed } from './length-prefixed.ts'

/** Who shows whom that it knows the seed, and when: a proof is good for these two devices and this one conversation. */
export interface ProofParties {
  newcomer: DeviceKey
  member: DeviceKey
  mesh: string
  session: string
}

/** By what a newcomer names its ticket; tells nothing of the seed. 64 hexadecimal digits. */
export function ticketId(seed: Uint8Array): string {
  return authenticate(seed, 'ownmesh ticket 1')
}

/** That the newcomer knows the seed. HMAC-SHA-256, 64 hexadecimal digits. */
export function newcomerProof(seed: Uint8Array, parties: ProofParties): string {
  return proofOf(seed, 'ownmesh ticket newcomer 1', parties)
}

/** That the member knows the seed too, so that nobody else can take the newcomer in. */
export function memberProof(seed: Uint8Array, parties: ProofParties): string {
  return proofOf(seed, 'ownmesh ticket member 1', parties)
}

function proofOf(seed: Uint8Array, purpose: string, { newcomer, member, mesh, session }: ProofParties): string {
  return authenticate(seed, purpose, newcomer, member, mesh, session)
}

function authenticate(seed: Uint8Array, ...texts: readonly string[]): string {
  return createHmac('sha256', seed)
    .update(lengthPrefixed(...texts))
    .digest('hex')
}
