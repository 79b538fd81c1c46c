import type { AbortOptions, Mesh, MeshStatus } from '../src/interface.ts'
import { follow } from './following.ts'

/** How long a device looks for others before it says that there are none. */
export const LOOK_MS = 3000

/** A node that looks starts a mesh after that time or says why not; one that does neither is not waited for longer. */
const MOST_MS = 2 * LOOK_MS

export interface Settled {
  status: MeshStatus
  /** It looked for a mesh just now. */
  looked: boolean
}

/**
 * Waits until this device has found its mesh or started one, and a member until another device is there. Warnings that
 * come meanwhile are handed on: nobody else hears them.
 */
export async function settle(
  mesh: Mesh,
  { signal }: Required<AbortOptions>,
  onWarning: (message: string) => void
): Promise<Settled> {
  const first = await mesh.status({ signal })
  const looked = first.membership.state === 'looking' || first.membership.state === 'none'
  if (isSettled(first)) {
    return { status: first, looked }
  }
  const found = new AbortController()
  const enough = AbortSignal.any([signal, found.signal, AbortSignal.timeout(looked ? MOST_MS : LOOK_MS)])
  await follow(mesh, { signal: enough }, (event) => {
    if (event.type === 'warning') {
      onWarning(event.message)
    }
    mesh.status({ signal: enough }).then(
      (status) => {
        if (isSettled(status)) {
          found.abort()
        }
      },
      // The node is ending, which the look below says.
      () => undefined
    )
  })
  return { status: await mesh.status({ signal }), looked }
}

function isSettled({ membership: { state, comparing }, peers }: MeshStatus): boolean {
  if (comparing !== null) {
    return true
  }
  switch (state) {
    case 'none':
    case 'looking':
      return false
    case 'member':
      return peers.some((peer) => peer.state === 'connected')
    default:
      return true
  }
}
