/**
 * @packageDocumentation
 *
 * `ownmesh`: your own devices as one private AI.
 *
 * ```ts
 * import { openMesh } from 'ownmesh'
 *
 * const mesh = await openMesh()
 * for await (const event of mesh.ask('What is 7 times 8?')) {
 *   if (event.type === 'text') process.stdout.write(event.text)
 * }
 * await mesh.stop()
 * ```
 */
import './polyfill.ts'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { attachMesh } from './client.ts'
import { HomeInUseError, NodeUnreachableError } from './errors.ts'
import { serveControl, type Control } from './http/index.ts'
import type { AbortOptions, Mesh } from './interface.ts'
import { loadOrCreateControlToken } from './node/control-token.ts'
import { makePrivateDirectory } from './node/files.ts'
import { takeLock, takeLockSoon, type LockPurpose } from './node/lock.ts'
import { pathsOf } from './node/paths.ts'
import type { GivenSettings } from './node/settings.ts'
import { startNode, startVisit, type NodeInit, type NodeLog } from './node/start.ts'

export type * from './interface.ts'
export * from './errors.ts'
export { attachMesh, type AttachOptions } from './client.ts'
export type { NodeLog } from './node/start.ts'

/** What is left out comes from the environment, then from `config.json`, then from the default. */
export interface MeshOptions extends GivenSettings {
  /** @default MESH_HOME, else the system's place for application data */
  home?: string
  /** @default nothing is logged */
  log?: NodeLog
  /** A ticket, `mesh://…`, to join by before anything else. Of `createMesh`. */
  invite?: string
  /** Forgets the identity and the mesh of the home first: a new device from now on. Of `createMesh`. @default false */
  newKey?: boolean
}

/** Longer than an answer takes; a reader that was suspended must not keep this process for ever. */
const LONGEST_DRAIN_MS = 5 * 60_000

/** A node that starts holds its home for about a second before it can be attached to. */
const STARTS_WITHIN_MS = 10_000
const ATTACH_AGAIN_MS = 50

const SILENT: NodeLog = { debug: () => undefined, info: () => undefined, warn: () => undefined }

/**
 * A node in this process, with an identity of its own in its home. It listens, looks for the owner's other devices or
 * starts a mesh, and serves the control socket until `stop()`. With an invite it resolves as a member.
 *
 * @throws {HomeInUseError} when another process serves the home
 * @throws {ListenError} {IdentityError} {ConfigError} {HomeUnusableError}
 * @throws {InvalidInviteError} {InviteExpiredError} {InviteUsedError} {PairingFailedError} {AlreadyMemberError}
 */
export function createMesh(options: MeshOptions = {}): Promise<Mesh> {
  return serve('join', options, startNode)
}

/**
 * Attaches to the node that serves the home, else starts one in this process.
 *
 * @throws as `createMesh` and `attachMesh`
 */
export function openMesh(options: MeshOptions & AbortOptions = {}): Promise<Mesh> {
  return attachElse(options, createMesh)
}

/**
 * Attaches to the node that serves the home, else asks from this process without listening: the devices remembered in
 * the home, or this one's own engine where there is no identity.
 */
export function visitMesh(options: MeshOptions & AbortOptions = {}): Promise<Mesh> {
  return attachElse(options, (rest) => serve('ask', rest, startVisit))
}

async function attachElse(
  { signal, ...options }: MeshOptions & AbortOptions,
  start: (options: MeshOptions) => Promise<Mesh>
): Promise<Mesh> {
  const { home } = options
  const target = { ...(home === undefined ? {} : { home }), ...(signal === undefined ? {} : { signal }) }
  const began = performance.now()
  for (;;) {
    try {
      return await attachMesh(target)
    } catch (err) {
      if (!(err instanceof NodeUnreachableError)) throw err
    }
    try {
      return await start(options)
    } catch (err) {
      // Another process was quicker, and may need a moment until it can be attached to.
      if (!(err instanceof HomeInUseError) || performance.now() - began >= STARTS_WITHIN_MS) throw err
    }
    await delay(ATTACH_AGAIN_MS, undefined, { signal })
  }
}

/** Takes the home, starts, and lets the other verbs in through the control socket. */
async function serve(
  purpose: LockPurpose,
  { home, log = SILENT, ...settings }: MeshOptions,
  start: (init: NodeInit) => Promise<Mesh>
): Promise<Mesh> {
  const paths = pathsOf(home)
  // A visit has somebody to attach to; a node does not.
  const lock = purpose === 'join' ? await takeLockSoon(paths, purpose) : takeLock(paths, purpose)
  let control: Control | undefined
  let mesh: Mesh | undefined
  const ending = async (end: () => Promise<void>) => {
    // A node that stops ends its streams; a visit that is over lets those finish who came in by it.
    if (purpose === 'ask') {
      await Promise.race([control?.close({ drain: true }), delay(LONGEST_DRAIN_MS, undefined, { ref: false })])
    }
    const closed = control?.close({ drain: false })
    await end()
    await closed
    lock.release()
  }
  try {
    mesh = await start({ ...settings, paths, log, ending })
    makePrivateDirectory(dirname(paths.controlSocket))
    control = await serveControl(mesh, { path: paths.controlSocket, token: loadOrCreateControlToken(paths), log })
    return mesh
  } catch (err) {
    if (mesh === undefined) lock.release()
    else await mesh.stop()
    throw err
  }
}
