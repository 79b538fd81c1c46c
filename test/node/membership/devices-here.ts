import '../../../src/polyfill.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMesh, type Mesh, type MeshEvent, type MeshOptions } from '../../../src/index.ts'

const PATIENCE_MS = 45_000

type EventOf<T extends MeshEvent['type']> = Extract<MeshEvent, { type: T }>

/** A device and everything that it has told. */
export interface Device {
  mesh: Mesh
  home: string
  /** Of the first that it listens on, without its PeerId. */
  address: string
  /** The first event of that type, past ones included. */
  told<T extends MeshEvent['type']>(type: T, fits?: (event: EventOf<T>) => boolean): Promise<EventOf<T>>
}

/** Whole devices in this process, on loopback and without discovery. */
export class DevicesHere {
  readonly #folder: string
  readonly #running: { stop: () => void | Promise<void> }[] = []

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async create(): Promise<DevicesHere> {
    return new DevicesHere(await mkdtemp(join(tmpdir(), 'ownmesh-')))
  }

  async start(name: string, options: MeshOptions = {}): Promise<Device> {
    const home = join(this.#folder, options.home ?? name)
    const given: MeshOptions = { name, port: 0, listen: ['127.0.0.1'], discovery: [], ...options, home }
    const mesh = await createMesh(given)
    this.#running.push(mesh)
    const told = teller(mesh)
    const { addresses } = await mesh.status()
    return { mesh, home, address: addresses[0] ?? '', told }
  }

  /** Stops with them. */
  add(other: { stop: () => void | Promise<void> }): void {
    this.#running.push(other)
  }

  async remove(): Promise<void> {
    await Promise.all(this.#running.splice(0).map(async (each) => each.stop()))
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function teller(mesh: Mesh): Device['told'] {
  const past: MeshEvent[] = []
  const news = new EventTarget()
  const keep = (event: MeshEvent) => {
    past.push(event)
    news.dispatchEvent(new Event('news'))
  }
  void (async () => {
    const events = mesh.events()
    // Who was there before anybody listened.
    for (const peer of await mesh.peers()) if (peer.state === 'connected') keep({ type: 'peer-connected', peer })
    for await (const event of events) keep(event)
  })()
  return (type, fits = () => true) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = past.find((event) => event.type === type && fits(event as EventOf<typeof type>))
        if (found === undefined) return
        clearTimeout(timer)
        news.removeEventListener('news', look)
        resolve(found as EventOf<typeof type>)
      }
      const timer = setTimeout(() => {
        news.removeEventListener('news', look)
        reject(new Error(`no ${type} within ${PATIENCE_MS} ms, but ${past.map((event) => event.type).join(', ')}`))
      }, PATIENCE_MS)
      news.addEventListener('news', look)
      look()
    })
}
