/**
 * Real devices for tests: each is a process `mesh join --json` with a home of its own, on this machine or on a host of
 * `namespaces.ts`. Whatever a test does, `remove` ends every process that was started here and removes the homes.
 *
 * @example
 *
 * ```ts
 * const devices = await Devices.create()
 * const desktop = await devices.start({ name: 'desktop' })
 * const laptop = await devices.start({ name: 'laptop', flags: ['--max-rate', '5'] })
 * await laptop.sees('desktop')
 * const { stdout } = await laptop.mesh('ask', '--json', 'What is 7 times 8?')
 * await devices.remove()
 * ```
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { cpSync, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Device } from './device.ts'
import type { Host } from './namespaces.ts'

export interface DeviceInit {
  /** @default `this machine`, on loopback */
  host?: Host
  name: string
  /** Of `mesh join`. */
  flags?: string[]
  /** Names of folders in test/fixtures/models that it holds beside the built-in model. @default none */
  models?: string[]
  env?: Record<string, string>
  /** @default a new folder in the temporary directory */
  home?: string
}

/** The folder of package.json, above wherever the compiled tests lie. */
const ROOT = (() => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
})()

export class Devices {
  /**
   * What keeps the devices of a test apart from others on this machine, such as the developer's own: a beacon on a port
   * of theirs, and no mDNS, which has but one port. On a host of a test's own network there is nobody else.
   */
  readonly apart: Record<string, string>
  readonly #folder: string
  readonly #devices: Device[] = []

  private constructor(folder: string, beaconPort: number) {
    this.#folder = folder
    this.apart = { MESH_DISCOVERY: 'beacon', MESH_BEACON_PORT: String(beaconPort) }
  }

  static async create(): Promise<Devices> {
    return new Devices(await mkdtemp(join(tmpdir(), 'ownmesh-')), await freeUdpPort())
  }

  /** A home with the models in it; the folder itself is there too. */
  home(name: string, models: readonly string[] = []): string {
    const home = join(this.#folder, name)
    for (const model of models) {
      cpSync(join(ROOT, 'test', 'fixtures', 'models', model), join(home, 'models', model), { recursive: true })
    }
    return home
  }

  /** A device that is not started yet. */
  device({ host, name, flags = [], models = [], env = {}, home = this.home(name, models) }: DeviceInit): Device {
    const reach = host === undefined ? this.apart : {}
    const listen = host === undefined ? [] : ['--listen', '0.0.0.0']
    const device = new Device({ host, name, home, flags: [...listen, ...flags], env: { ...reach, ...env } })
    this.#devices.push(device)
    return device
  }

  /** Starts a device and waits until it is ready. */
  async start(init: DeviceInit): Promise<Device> {
    const device = this.device(init)
    await device.start()
    return device
  }

  async remove(): Promise<void> {
    await Promise.all(this.#devices.map((device) => device.kill()))
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** One that the system had to give away just now; who takes it in between is not one of ours. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}
