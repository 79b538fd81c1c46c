import { createHash } from 'node:crypto'
import type { DeviceKey } from './keys.ts'
import { lengthPrefixed } from './length-prefixed.ts'

export type PairingSide = 'newcomer' | 'member'

/** What a side binds itself to before it has seen anything of the other's choice. */
export interface Committed {
  side: PairingSide
  /** Of the side that commits. */
  key: DeviceKey
  mesh: string
  session: string
  nonce: string
}

/** SHA-256, 64 hexadecimal digits. With the side in it, one's own commitment sent back opens nothing. */
export function commitmentOf({ side, key, mesh, session, nonce }: Committed): string {
  return createHash('sha256')
    .update(lengthPrefixed('ownmesh pair 1', side, key, mesh, session, nonce))
    .digest('hex')
}

/** Everything that the two sides said to each other, the same on both. */
export interface Transcript {
  mesh: string
  session: string
  newcomer: Opened
  member: Opened
}

export interface Opened {
  key: DeviceKey
  commitment: string
  nonce: string
}

/**
 * The digits that both screens show. 64 bits of the hash, so that no code of up to ten digits is noticeably likelier
 * than another.
 */
export function codeOf({ mesh, session, newcomer, member }: Transcript, digits: number): string {
  const sides = [newcomer, member].flatMap(({ key, commitment, nonce }) => [key, commitment, nonce])
  const hash = createHash('sha256')
    .update(lengthPrefixed('ownmesh pair code 1', mesh, session, ...sides))
    .digest()
  return (hash.readBigUInt64BE() % 10n ** BigInt(digits)).toString().padStart(digits, '0')
}
