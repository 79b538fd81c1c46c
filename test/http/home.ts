/** A control socket in a folder of its own, with whatever was opened on it, gone after the test. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectControl, serveControl } from '../../src/http/index.ts'
import type { Control } from '../../src/http/index.ts'
import type { Mesh } from '../../src/interface.ts'
import { FakeMesh } from '../fixtures/fake-mesh.ts'

export class Home {
  readonly fake = new FakeMesh()
  readonly token = randomBytes(32)
  /** What the server logged. */
  readonly logged: string[] = []
  readonly path: string
  readonly #folder: string
  readonly #leavings: (() => unknown)[] = []

  private constructor(folder: string) {
    this.#folder = folder
    this.path = process.platform === 'win32' ? `\\\\.\\pipe\\${folder.replaceAll(/\W/g, '-')}` : join(folder, 's')
  }

  static async create(): Promise<Home> {
    return new Home(await mkdtemp(join(tmpdir(), 'mesh-http-')))
  }

  async serve(mesh: Mesh = this.fake, limits: { openingMs?: number } = {}): Promise<Control> {
    const log = (message: string): void => {
      this.logged.push(message)
    }
    const { path, token } = this
    const control = await serveControl(mesh, { path, token, log: { debug: log, warn: log }, ...limits })
    this.#leavings.push(() => control.close({ drain: false }))
    return control
  }

  async connect(token: Uint8Array = this.token, limits: { proofMs?: number } = {}): Promise<Mesh> {
    const mesh = await connectControl({ path: this.path, token, ...limits })
    this.#leavings.push(() => mesh.stop())
    return mesh
  }

  /** Something else that listens where the node should. */
  async squat(onConnection: (socket: Socket) => void): Promise<Server> {
    const server = createServer(onConnection)
    await new Promise<void>((resolve) => server.listen(this.path, resolve))
    this.#leavings.push(() => server.close())
    return server
  }

  async close(): Promise<void> {
    for (const leave of this.#leavings.reverse()) await leave()
    await this.fake.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
