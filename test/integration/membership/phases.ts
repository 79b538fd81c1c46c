import assert from 'node:assert/strict'
import { eventOf } from './happening.ts'
import type { Member, MembersHere } from './members-here.ts'

/** A state of the door in which somebody may try to slip through. */
export interface Phase {
  name: string
  /** Whether a stranger may connect, and begin to pair. */
  isOpen: boolean
  /** @returns what ends it */
  begin: () => Promise<() => Promise<void>>
}

export function phasesOf(watched: Member, members: MembersHere): Phase[] {
  const { membership } = watched.mesh
  const close = (): Promise<void> => membership.closeDoor()
  return [
    {
      name: 'every door is closed',
      isOpen: false,
      begin: async () => {
        await close()
        return close
      }
    },
    {
      name: 'a door is open',
      isOpen: true,
      begin: async () => {
        await membership.openDoor()
        return close
      }
    },
    {
      name: 'somebody else is pairing',
      isOpen: true,
      begin: async () => {
        await membership.openDoor()
        const newcomer = await members.outside()
        const shown = eventOf(watched.mesh, 'newcomer')
        await newcomer.beginPairing(watched.address)
        const { code, id } = (await shown).newcomer
        assert.equal(id, newcomer.id)
        return async () => {
          await membership.refuse({ code })
          await close()
        }
      }
    },
    {
      // Last: it stays so for ten minutes.
      name: 'an invite is out',
      isOpen: true,
      begin: async () => {
        await membership.invite()
        return close
      }
    }
  ]
}
