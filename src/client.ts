/**
 * @packageDocumentation
 *
 * `ownmesh/client`: the `Mesh` of a node that runs already. Loads neither libp2p nor onnxruntime.
 */
import { NodeUnreachableError } from './errors.ts'
import { connectControl } from './http/index.ts'
import type { AbortOptions, Mesh } from './interface.ts'
import { loadControlToken } from './node/control-token.ts'
import { pathsOf } from './node/paths.ts'

export type * from './interface.ts'
export * from './errors.ts'

export interface AttachOptions extends AbortOptions {
  /** @default MESH_HOME, else the system's place for application data */
  home?: string
}

/**
 * Attaches to the node that serves a home. `stop()` detaches, `shutdown()` ends the node.
 *
 * @throws {NodeUnreachableError} when none runs
 * @throws {NotAllowedError} when who answers cannot prove that it belongs to this home
 */
export async function attachMesh({ home, signal }: AttachOptions = {}): Promise<Mesh> {
  const paths = pathsOf(home)
  const token = loadControlToken(paths)
  if (token === null) {
    throw new NodeUnreachableError(`No node has run in ${paths.home} yet. Start one with mesh join.`)
  }
  return connectControl({ path: paths.controlSocket, token, ...(signal === undefined ? {} : { signal }) })
}
