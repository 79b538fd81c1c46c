import type { OpenDoor } from '../../interface.ts'

/** How long a device without a mesh looks for one before it decides. Goes into what `join` tells people. */
export const LOOK_MS = 3000
/** Of two newcomers that start together the one with the smaller id starts the mesh; the other waits for its door. */
export const YIELD_MS = 2 * LOOK_MS
/** Beacons come every five seconds; a door unheard for three of them is closed. */
export const DOOR_FORGOTTEN_MS = 15_000
/** Other meshes and other newcomers are told of at most once a minute. */
const OTHERS_FORGOTTEN_MS = 90_000
/** Neighbours may have meshes of their own; the list is for a person. */
const MOST_DOORS = 32

/** A door as it was heard last. Times are monotonic milliseconds. */
export interface HeardDoor extends OpenDoor {
  firstHeardAt: number
  heardAt: number
  /** After an attempt that came to nothing it is not tried by itself before then; Infinity until it was closed meanwhile. */
  notBefore: number
}

export interface Looking {
  self: string
  since: number
  /** By the PeerId that opened it. */
  doors: ReadonlyMap<string, HeardDoor>
  /** When an ownmesh device of some mesh was last heard, whose door is closed. */
  foreignAt: number
  /** The smallest PeerId of another newcomer, and when it was last heard. */
  rival: { id: string; heardAt: number } | null
}

export interface Wish {
  /** The owner named the mesh to join: nothing else will do. */
  mesh: string | null
  /** The owner wants a new mesh, whoever is near. */
  startNew: boolean
  /** Whether there is any way to hear of others. */
  canLook: boolean
}

export type Decision =
  | { type: 'wait'; ms: number }
  /** Ask to be let in there. */
  | { type: 'knock'; door: OpenDoor }
  /** A person has to open a door, or to choose among several. */
  | { type: 'ask-person'; doors: OpenDoor[] }
  | { type: 'start' }

export function beginLooking(self: string, now: number): Looking {
  return { self, since: now, doors: new Map(), foreignAt: -Infinity, rival: null }
}

/** What the air told. */
export type Heard =
  | { type: 'door'; door: OpenDoor }
  | { type: 'foreign' }
  | { type: 'knock'; id: string }
  /** An attempt at this door came to nothing. */
  | { type: 'tried'; id: string; notBefore: number }

export function hear(looking: Looking, heard: Heard, now: number): Looking {
  const doors = new Map([...looking.doors].filter(([, { heardAt }]) => now - heardAt < DOOR_FORGOTTEN_MS))
  switch (heard.type) {
    case 'door': {
      const { id } = heard.door
      if (!doors.has(id) && doors.size >= MOST_DOORS) return { ...looking, doors }
      const before = doors.get(id)
      // mDNS cannot carry the words: what the beacon said of the same door is kept.
      const mesh = heard.door.mesh ?? before?.mesh ?? null
      const addresses = [...new Set([...heard.door.addresses, ...(before?.addresses ?? [])])].slice(0, 16)
      const { firstHeardAt, notBefore } = before ?? { firstHeardAt: now, notBefore: -Infinity }
      doors.set(id, { id, mesh, addresses, firstHeardAt, heardAt: now, notBefore })
      return { ...looking, doors }
    }
    case 'foreign':
      return { ...looking, doors, foreignAt: now }
    case 'knock': {
      const { rival } = looking
      const isSmaller = rival === null || heard.id <= rival.id || now - rival.heardAt > OTHERS_FORGOTTEN_MS
      return { ...looking, doors, rival: isSmaller ? { id: heard.id, heardAt: now } : rival }
    }
    case 'tried': {
      const door = doors.get(heard.id)
      if (door !== undefined) doors.set(heard.id, { ...door, notBefore: heard.notBefore })
      return { ...looking, doors }
    }
  }
}

/** The doors that are open now, one for each mesh: which of its devices opened it does not matter. */
export function openDoors(looking: Looking, now: number): OpenDoor[] {
  const byMesh = new Map<string, OpenDoor>()
  for (const { id, mesh, addresses, heardAt, notBefore } of looking.doors.values()) {
    if (now - heardAt >= DOOR_FORGOTTEN_MS) continue
    const key = mesh ?? id
    if (!byMesh.has(key) || notBefore <= now) byMesh.set(key, { id, mesh, addresses })
  }
  return [...byMesh.values()]
}

/** What a device without a mesh does now. */
export function decide(looking: Looking, wish: Wish, now: number): Decision {
  const all = openDoors(looking, now)
  const named = wish.mesh === null ? all : all.filter(({ mesh }) => mesh === wish.mesh)
  // Where the words are not known it may be the one: it is asked at last, for that costs its door a try.
  const open = named.length > 0 || wish.mesh === null ? named : all.filter(({ mesh }) => mesh === null)
  const untried = open.filter(({ id }) => isDue(looking, id, now))
  const [only, ...more] = untried
  if (wish.startNew) return { type: 'start' }
  const left = looking.since + LOOK_MS - now
  if (wish.canLook && left > 0) {
    // The mesh that was named need not be told apart from others.
    if (wish.mesh !== null && only?.mesh === wish.mesh) return { type: 'knock', door: only }
    return { type: 'wait', ms: left }
  }
  if (only !== undefined && more.length === 0 && (open.length === 1 || wish.mesh !== null)) {
    return { type: 'knock', door: only }
  }
  if (open.length > 0 || wish.mesh !== null) return { type: 'ask-person', doors: open }
  if (now - looking.foreignAt < OTHERS_FORGOTTEN_MS) return { type: 'ask-person', doors: [] }
  const { rival } = looking
  const yielding = looking.since + LOOK_MS + YIELD_MS - now
  if (rival !== null && rival.id < looking.self && now - rival.heardAt < OTHERS_FORGOTTEN_MS && yielding > 0) {
    return { type: 'wait', ms: yielding }
  }
  return { type: 'start' }
}

function isDue(looking: Looking, id: string, now: number): boolean {
  return (looking.doors.get(id)?.notBefore ?? -Infinity) <= now
}

/** Of two devices that started a mesh each, the one whose words come later moves; the other gives it this long. */
const MOVE_AFTER_MS = 10_000

/** The door at which a device that is alone in its mesh asks to be let in, or null. */
export function doorToMoveTo(looking: Looking, own: { id: string; words: string }, now: number): OpenDoor | null {
  const [only, ...more] = openDoors(looking, now).filter(({ mesh }) => mesh !== own.words)
  const door = only === undefined ? undefined : looking.doors.get(only.id)
  if (only === undefined || door === undefined || more.length > 0 || !isDue(looking, only.id, now)) return null
  const comesLater = only.mesh === null ? own.id > only.id : own.words > only.mesh
  return comesLater || now - door.firstHeardAt >= MOVE_AFTER_MS ? only : null
}
