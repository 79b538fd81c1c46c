import { setTimeout as delay } from 'node:timers/promises'
import type { Mesh, MeshEvent } from '../../../src/interface.ts'

const PATIENCE_MS = 30_000
const LOOK_EVERY_MS = 50

/** The first event of that type from now on. */
export async function eventOf<T extends MeshEvent['type']>(
  mesh: Mesh,
  type: T
): Promise<Extract<MeshEvent, { type: T }>> {
  for await (const event of mesh.events({ signal: AbortSignal.timeout(PATIENCE_MS) })) {
    if (event.type === type) return event as Extract<MeshEvent, { type: T }>
  }
  throw new Error(`the mesh ended before the event ${type}`)
}

/** Waits until it is so. Not everything that changes is told as an event, so it is looked at again and again. */
export async function holds(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`it was not so within ${PATIENCE_MS} ms`)
    await delay(LOOK_EVERY_MS)
  }
}
