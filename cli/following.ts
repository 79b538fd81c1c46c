import type { AbortOptions, Mesh, MeshEvent, MeshStatus } from '../src/interface.ts'

export interface FollowOptions extends Required<AbortOptions> {
  /** What was shown already and needs no announcement. */
  known?: Known
}

export interface Known {
  /** Ids of devices. */
  peers?: readonly string[]
  mesh?: string | null
}

/**
 * Hands over what happens, until the signal or the end of the node. What is so already and not `known` comes first, as
 * if it had just happened, so that nothing slips between a look and the first event.
 */
export async function follow(
  mesh: Mesh,
  { signal, known = {} }: FollowOptions,
  onEvent: (event: MeshEvent) => void
): Promise<void> {
  const events = mesh.events({ signal })[Symbol.asyncIterator]()
  const first = events.next()
  // It is awaited below; should the look fail before, its failure is the one that counts.
  first.catch(() => undefined)
  try {
    const told = new Set((known.peers ?? []).map((id) => `peer ${id}`))
    for (const event of presentOf(await mesh.status({ signal }), known)) {
      const key = keyOf(event)
      if (key === undefined || !told.has(key)) {
        told.add(key ?? '')
        onEvent(event)
      }
    }
    for (let next = await first; next.done !== true; next = await events.next()) {
      const event = next.value
      if (event.type === 'peer-lost') {
        told.delete(`peer ${event.peer.id}`)
      }
      const key = keyOf(event)
      if (key === undefined || !told.has(key)) {
        onEvent(event)
      }
      // A device stays told until it is lost; anything else may come again and is then new.
      if (key !== undefined && event.type !== 'peer-connected') {
        told.delete(key)
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error
    }
  }
}

/** What is so now, as events. */
function presentOf({ peers, mesh, membership }: MeshStatus, known: Known): MeshEvent[] {
  const { state, door, comparing, openDoors } = membership
  const belongs =
    known.mesh !== undefined && known.mesh !== mesh
      ? [
          {
            type: 'mesh' as const,
            mesh,
            how: mesh === null ? 'left' : state === 'provisional' ? 'started' : 'joined'
          } as const
        ]
      : []
  return [
    ...belongs,
    ...peers.filter((peer) => peer.state !== 'away').map((peer) => ({ type: 'peer-connected' as const, peer })),
    ...door.newcomers
      .filter((newcomer) => newcomer.state === 'comparing')
      .map((newcomer) => ({ type: 'newcomer' as const, newcomer })),
    ...(comparing !== null && !comparing.confirmed ? [{ type: 'comparing' as const, comparison: comparing }] : []),
    ...(comparing === null && (state === 'waiting' || openDoors.length > 1)
      ? [{ type: 'doors' as const, doors: openDoors }]
      : [])
  ]
}

/** What makes two events the same news; nothing for what is always news. */
function keyOf(event: MeshEvent): string | undefined {
  switch (event.type) {
    case 'peer-connected':
      return `peer ${event.peer.id}`
    case 'mesh':
      return `mesh ${event.mesh ?? ''}`
    case 'newcomer':
      return `newcomer ${event.newcomer.id} ${event.newcomer.code}`
    case 'comparing':
      return `comparing ${event.comparison.code}`
    case 'doors':
      return `doors ${event.doors.map(({ id }) => id).join(' ')}`
    default:
      return undefined
  }
}
