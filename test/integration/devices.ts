/**
 * Real devices for tests: each is a process `mesh join --json` with a home of its own, on this machine or on a host of
 * `namespaces.ts`. They are members of one mesh unless a test wants it otherwise. Whatever a test does, `remove` ends
 * every process that was started here and removes the homes.
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
import { cpSync, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Device } from './device.ts'
import { HomesOfMesh } from './homes.ts'
import type { Host } from './namespaces.ts'
import { freeUdpPort } from '../free-udp-port.ts'

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
  /**
   * Devices of one name here are members of one mesh. Null: it belongs to none and knows nobody, as it comes out of the
   * box. @default 'own'
   */
  mesh?: string | null
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
  readonly #meshes = new Map<string, TestMesh>()

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

  /** A home for a device in this process, a member of the mesh. */
  async memberHome(name: string, mesh = 'own'): Promise<string> {
    const home = this.home(name)
    const shared = this.#mesh(mesh)
    shared.homes.admit(home, name)
    await introduce(home, shared)
    return home
  }

  /** A device that is not started yet. */
  device({
    host,
    name,
    flags = [],
    models = [],
    env = {},
    home = this.home(name, models),
    mesh = 'own'
  }: DeviceInit): Device {
    const reach = host === undefined ? this.apart : {}
    const listen = host === undefined ? ['--listen', '127.0.0.1'] : []
    const shared = mesh === null ? null : this.#mesh(mesh)
    shared?.homes.admit(home, name)
    const device = new Device({
      host,
      name,
      home,
      flags: [...listen, ...flags],
      env: { ...reach, ...env },
      ...(shared !== null && { beforeStart: () => introduce(home, shared) })
    })
    this.#devices.push(device)
    shared?.devices.push(device)
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

  #mesh(name: string): TestMesh {
    const known = this.#meshes.get(name)
    if (known !== undefined) return known
    const mesh: TestMesh = { homes: new HomesOfMesh(), devices: [] }
    this.#meshes.set(name, mesh)
    return mesh
  }
}

interface TestMesh {
  homes: HomesOfMesh
  devices: Device[]
}

/** A device that starts knows all members, and those that run know it: a file that is carried to each does the same. */
async function introduce(home: string, { homes, devices }: TestMesh): Promise<void> {
  const running = devices.filter((other) => other.home !== home && other.isRunning && !homes.knowsAll(other.home))
  await Promise.all(
    running.map(async (other) => {
      homes.brought(other.home)
      const admission = homes.admission()
      await other.ready()
      const mesh = await other.attach()
      await mesh.membership.import({ admission })
      await mesh.stop()
    })
  )
  // Last, so that those who were added meanwhile are in it.
  if (!homes.knowsAll(home)) homes.bring(home)
}
