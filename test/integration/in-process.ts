import '../../src/polyfill.ts'
import { createMesh, type Mesh, type MeshOptions } from '../../src/index.ts'
import type { Devices } from './devices.ts'

/** A device in this process, a member like the others, that only asks. */
export async function createAsker(devices: Devices, name: string, options: MeshOptions = {}): Promise<Mesh> {
  return createMesh({
    home: await devices.memberHome(name),
    name,
    listen: ['127.0.0.1'],
    port: 0,
    answer: 'no',
    discovery: ['beacon'],
    beaconPort: Number(devices.apart.MESH_BEACON_PORT),
    ...options
  })
}

const PATIENCE_MS = 60_000

/** Until a device may ask the one of that name for the model. */
export async function maybeAsked(asker: Mesh, name: string, model: string): Promise<void> {
  const events = asker.events({ signal: AbortSignal.timeout(PATIENCE_MS) })[Symbol.asyncIterator]()
  let next = events.next()
  try {
    while (
      !(await asker.peers()).some((peer) => peer.name === name && peer.state === 'connected' && peer.model === model)
    ) {
      await next
      next = events.next()
    }
  } finally {
    next.catch(() => undefined)
    void events.return?.()
  }
}
