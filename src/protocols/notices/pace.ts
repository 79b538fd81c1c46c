import type { Capability } from '../../interface.ts'
import { REPEAT_MS, REPEATED_BY } from './constants.ts'

/** When a notice is worth every device's time. Pure. */

/**
 * How often a device repeats its notice among so many: together never more than `REPEATED_BY` notices in `REPEAT_MS`, so
 * that what each device receives does not grow with the mesh. 30 s up to 32 devices, 94 s at 100, 16 min at 1,000.
 *
 * @param random from 0 to 1: beyond 32 devices up to a quarter is added or taken off, so that those that started
 * together do not speak together
 */
export function repeatMs(devices: number, random = 0.5): number {
  if (devices <= REPEATED_BY) return REPEAT_MS
  return ((REPEAT_MS * devices) / REPEATED_BY) * (0.75 + random / 2)
}

/**
 * Whether a change is told at once. In a mesh in which each device hears most others by gossip alone, how busy a device
 * is and how far its roster has come wait for the next repetition: the first changes with every ask, the second on all
 * devices together. Both are heard from the device itself as soon as one speaks with it.
 */
export function isNews(before: Capability, after: Capability, devices: number): boolean {
  if (devices <= REPEATED_BY) return true
  const lasting = (capability: Capability) =>
    JSON.stringify({ ...capability, queue: 0, roster: null, sequence: 0 } satisfies Capability)
  return lasting(before) !== lasting(after)
}
