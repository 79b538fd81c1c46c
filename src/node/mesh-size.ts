/**
 * Up to so many members everybody is connected with everybody: every home there is, with the detection times that come
 * of it. 32 connections cost a device 32 heartbeats in two seconds.
 */
export const LINK_ALL_UP_TO = 32
/** A mesh that has just grown past it stays small for so long, so that who comes and goes opens and closes nothing. */
export const GROWN_MS = 60_000
/** Unless it has grown by this part and more: a device that joins hears of a whole mesh at once. */
const CLEARLY = 1 / 8

export interface MeshSize {
  isLarge: boolean
  /** Since when there are more members than a small mesh has; null where there are not. */
  overSince: number | null
}

export const SMALL: MeshSize = { isLarge: false, overSince: null }

/**
 * Whether a mesh is one of many devices. Pure. It is small again at once: all that is lost by that is connections to spare.
 *
 * @param isStarting there is nothing to hold on to yet
 */
export function sizeOf(
  before: MeshSize,
  { members, linkAllUpTo, isStarting }: { members: number; linkAllUpTo: number; isStarting: boolean },
  now: number
): MeshSize {
  if (members <= linkAllUpTo) return SMALL
  const overSince = before.overSince ?? now
  const isClear = isStarting || members > linkAllUpTo * (1 + CLEARLY) || now - overSince >= GROWN_MS
  return { isLarge: before.isLarge || isClear, overSince }
}
