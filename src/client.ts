/**
 * @packageDocumentation
 *
 * `ownmesh/client`: the `Mesh` of a node that runs already. Loads neither libp2p nor onnxruntime.
 */
import { NodeUnreachableError } from './errors.ts'
import { connectControl } from './http/index.ts'
import type { AbortOptions, Mesh } from './interface.ts'
import { loadControlToken } from './node/control-token.ts'
import { readEnvironment } from './node/environment.ts'
import { pathsOf } from './node/paths.ts'

export type * from './interface.ts'
export * from './errors.ts'

export interface AttachOptions extends AbortOptions {
  /** @default MESH_HOME, else the system's place for application data */
  home?: string
}

/** The absolute path of the home that is meant: the one given, else MESH_HOME, else the system's place. */
export function homeFolder(home?: string): string {
  return pathsOf(home).home
}

/** The system's place for the home, whatever MESH_HOME says. */
export function usualHomeFolder(): string {
  const environment = readEnvironment()
  delete environment.home
  return pathsOf(undefined, environment).home
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
