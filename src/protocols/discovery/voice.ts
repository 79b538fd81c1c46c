import { COMMON_TAG } from './constants.ts'
import { tagOf } from './datagram.ts'
import type { BeaconDatagram } from './datagram.ts'
import type { Voice } from './index.ts'

export const SILENT: Voice = { mesh: null, door: null, looking: false }

/** What a datagram of ours is: a member's word to its mesh, an open door, or a newcomer's knock. */
export type Saying = 'mesh' | 'door' | 'knock'

/** What a datagram of somebody else is to us. */
export type Meaning = Saying | 'foreign'

const COMMON = tagOf(COMMON_TAG)

/** Everything that a device with this voice announces again and again. */
export function sayings({ mesh, door, looking }: Voice): Saying[] {
  return [
    ...(mesh === null ? [] : ['mesh' as const]),
    ...(door === null ? [] : ['door' as const]),
    ...(looking ? ['knock' as const] : [])
  ]
}

/** The open door, or that a mesh is here; a newcomer has nothing to tell another one. */
export function answerToKnock({ mesh, door }: Voice): Saying | undefined {
  return sayings({ mesh, door, looking: false }).at(-1)
}

/** The tag that a device with this voice says it under, as in the datagram. */
export function tagFor(saying: Saying, { mesh }: Voice): string {
  return saying === 'mesh' && mesh !== null ? tagOf(mesh) : COMMON
}

/** What a datagram means to a device with this voice. Who names no address under the common tag has no door. */
export function meaningOf({ tag, addresses, words }: BeaconDatagram, voice: Voice): Meaning {
  if (tag === COMMON) return addresses.length === 0 && words === null ? 'knock' : 'door'
  return voice.mesh !== null && tag === tagOf(voice.mesh) ? 'mesh' : 'foreign'
}

export function isSameVoice(one: Voice, other: Voice): boolean {
  return one.mesh === other.mesh && one.door === other.door && one.looking === other.looking
}
