import { NodeUnreachableError } from '../src/errors.ts'
import type { Doors } from './verb.ts'

/**
 * The real doors. Each imports what it needs when it is opened: a question to the running node must not wait for
 * libp2p to load.
 */
export const doors: Doors = {
  createMesh: async (options) => {
    const { createMesh } = await import('../src/index.ts')
    return await createMesh(options)
  },
  attachMesh: async (options) => {
    const { attachMesh } = await import('../src/client.ts')
    return await attachMesh(options)
  },
  visitMesh: async (options) => {
    try {
      return await doors.attachMesh(options)
    } catch (error) {
      if (!(error instanceof NodeUnreachableError)) {
        throw error
      }
      const { visitMesh } = await import('../src/index.ts')
      return await visitMesh(options)
    }
  }
}
