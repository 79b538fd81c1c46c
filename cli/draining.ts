import type { Mesh, MeshEvent } from '../src/interface.ts'
import { count } from './human.ts'

type Draining = Extract<MeshEvent, { type: 'draining' }>

/**
 * Ends the node, which first waits for the answers that run: then `tell` hears of it.
 *
 * @param ready to be waited for once the events are listened to: over the control socket that takes a moment
 */
export async function drain(
  mesh: Mesh,
  options: { finishMs?: number; ready?: () => Promise<unknown> },
  tell: (event: Draining) => void
): Promise<void> {
  const { ready, ...rest } = options
  const over = new AbortController()
  const watching = watch(mesh, over.signal, tell)
  try {
    await ready?.()
    await mesh.shutdown(rest)
  } finally {
    over.abort()
    await watching
  }
}

export function drainingLine({ running, finishMs }: Draining): string {
  return `Waiting for ${count(running, 'answer')}, at most ${Math.round(finishMs / 1000)} s`
}

async function watch(mesh: Mesh, signal: AbortSignal, tell: (event: Draining) => void): Promise<void> {
  try {
    for await (const event of mesh.events({ signal })) {
      if (event.type === 'draining') {
        tell(event)
      }
    }
  } catch {
    // The node has ended, and its events with it.
  }
}
