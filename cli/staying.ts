/** Verbs that need a node which others can reach: the running one, else one of their own for as long as it takes. */
import { NodeUnreachableError } from '../src/errors.ts'
import type { AbortOptions, MemberInfo, Mesh, MeshEvent } from '../src/interface.ts'
import { follow } from './following.ts'
import { withMesh, type Invocation } from './verb.ts'

/** A member that was just admitted still has to be handed the roster, and then connects; else something is in its way. */
const ARRIVAL_MS = 10_000

/**
 * The running node, else a node in this process that belongs to a mesh. `own` says which.
 *
 * @throws {HomeInUseError} when another process serves the home and cannot be asked
 */
export async function withNode<T>(
  { doors, home, log, interruption: { signal } }: Invocation,
  use: (mesh: Mesh, own: boolean) => Promise<T>
): Promise<T> {
  let running: Mesh | undefined
  try {
    running = await doors.attachMesh({ ...home, signal })
  } catch (error) {
    if (!(error instanceof NodeUnreachableError)) {
      throw error
    }
  }
  if (running !== undefined) {
    return await withMesh(Promise.resolve(running), (mesh) => use(mesh, false))
  }
  return await withMesh(doors.createMesh({ ...home, log }), async (mesh) => {
    if ((await mesh.status({ signal })).mesh === null) {
      await mesh.membership.start({ signal })
    }
    return await use(mesh, true)
  })
}

/** Waits until somebody was admitted and, for a moment, until that device is there; or until the signal. */
export async function nextMember(
  mesh: Mesh,
  { signal }: Required<AbortOptions>,
  onEvent: (event: MeshEvent) => void = () => undefined
): Promise<MemberInfo | undefined> {
  const ended = new AbortController()
  const either = AbortSignal.any([signal, ended.signal])
  let admitted: MemberInfo | undefined
  let timer: NodeJS.Timeout | undefined
  const end = (): void => {
    ended.abort()
  }
  try {
    await follow(mesh, { signal: either }, (event) => {
      onEvent(event)
      if (event.type === 'member-admitted' && admitted === undefined) {
        admitted = event.member
        timer = setTimeout(end, ARRIVAL_MS)
      } else if (event.type === 'peer-connected' && event.peer.id === admitted?.id) {
        end()
      }
    })
  } finally {
    clearTimeout(timer)
  }
  return admitted
}
