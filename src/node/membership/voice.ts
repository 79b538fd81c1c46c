import { meshTag, type FoundDoor, type Voice } from '../../protocols/discovery/index.ts'
import { doorWords, wordsFromDoor } from '../../trust/index.ts'
import type { Network } from '../network.ts'
import type { Heard } from './looking.ts'

/** What this device says on the network: to its own mesh, to newcomers while its door is open, or that it looks for one. */
export function voiceOf(
  { mesh, isIn }: { mesh: string | null; isIn: boolean },
  { isDoorOpen, isLooking }: { isDoorOpen: boolean; isLooking: boolean }
): Voice {
  if (mesh === null) return { mesh: null, door: null, looking: isLooking }
  // Who was removed stays to be found: the recovery phrase may bring it back.
  return { mesh: meshTag(mesh), door: isIn && isDoorOpen ? doorWords(mesh) : null, looking: false }
}

/** Hands over what is heard of doors, of other meshes, and of devices that look for one. */
export function listenOnAir({ services: { beacon, mdns } }: Network, hear: (heard: Heard) => void): void {
  const onDoor = ({ detail: { id, addresses, words } }: CustomEvent<FoundDoor>) => {
    hear({ type: 'door', door: { id, addresses, mesh: words === null ? null : wordsFromDoor(words) } })
  }
  beacon?.addEventListener('door', onDoor)
  mdns?.addEventListener('door', onDoor)
  beacon?.addEventListener('foreign', () => {
    hear({ type: 'foreign' })
  })
  beacon?.addEventListener('knock', ({ detail: { id } }) => {
    hear({ type: 'knock', id })
  })
}
