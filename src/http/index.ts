/**
 * The control socket: a running node serves its `Mesh` to the other programs of the same home, and they hold a `Mesh`
 * that they cannot tell from one in their own process.
 *
 * A Unix domain socket (a named pipe on Windows) carries one request a connection. First both ends prove that they know
 * the home's secret (`proof.ts`); only then does the connection speak HTTP: `POST /METHOD` with the question as JSON
 * (`question.ts`), answered by lines of JSON (`wire.ts`). Closing the connection is how a question is taken back.
 */
import type { AbortOptions, Mesh } from '../interface.ts'
import { ControlClient } from './client.ts'
import { ControlServer } from './server.ts'
import { OPENING_MS, PROOF_MS } from './wire.ts'

/** Where the socket is, and what both ends must know. */
export interface ControlAddress {
  /** Of the socket or named pipe; at most 100 bytes, since kernels cut longer ones without a word. */
  path: string
  /** The home's secret: 32 random bytes. It never leaves the process. */
  token: Uint8Array
}

export interface ControlLog {
  debug(message: string): void
  warn(message: string): void
}

export interface ServeControlInit extends ControlAddress {
  log: ControlLog
  /** Time from a connection's opening until its question is read. @default 10000 */
  openingMs?: number
}

export interface ConnectControlInit extends ControlAddress, AbortOptions {
  /** Time for the proof, at each question. @default 5000 */
  proofMs?: number
}

export interface Control {
  /**
   * Takes no more requests. With `drain` it waits for the answers that run and ends the streams of events; without, it
   * hangs up on all. A second call without `drain` cuts a drain short. A request to shut down stays until
   * `mesh.shutdown()` is through: its end is how the asker learns of it.
   */
  close(options: { drain: boolean }): Promise<void>
}

/**
 * Serves a mesh to whoever proves the token. Whoever calls this holds the home's lock: what lies at `path` is taken for
 * left over and removed. `mesh.shutdown()` is expected to close this server.
 *
 * @throws {ListenError} when the path cannot be listened on
 * @throws {NotAllowedError} when the token is not 32 bytes long
 */
export async function serveControl(mesh: Mesh, init: ServeControlInit): Promise<Control> {
  const server = new ControlServer(mesh, { openingMs: OPENING_MS, ...init })
  await server.listen()
  return server
}

/**
 * The mesh of a node that runs elsewhere. `stop()` lets go of it, and ends what was asked through here; `shutdown()`
 * ends the node and resolves when it has.
 *
 * @throws {NodeUnreachableError} when nobody listens, or says nothing
 * @throws {NotAllowedError} when who listens cannot prove the token; it was told nothing then
 */
export async function connectControl({ signal, ...init }: ConnectControlInit): Promise<Mesh> {
  const client = new ControlClient({ proofMs: PROOF_MS, ...init })
  await client.reach(signal)
  return client
}
