import '../../../src/polyfill.ts'
import assert from 'node:assert/strict'
import type { PrivateKey } from '@libp2p/interface'
import { createMesh, type Mesh } from '../../../src/index.ts'
import { Devices } from '../devices.ts'
import { identityOf } from '../homes.ts'
import { holds } from './happening.ts'
import { OutsideDevice } from './outside-device.ts'

const ANSWERS_WITHIN_MS = 30_000

/** A member, and where it is. */
export interface Member {
  mesh: Mesh
  id: string
  /** With its PeerId. */
  address: string
}

/**
 * Devices of one mesh in this process, where a test can see what they do inside; and devices of nobody
 * beside them. The first one, `watched`, answers.
 */
export class MembersHere {
  readonly devices: Devices
  /** Address that they listen on. */
  listen = '127.0.0.1'
  readonly #running: { stop: () => Promise<void> }[] = []

  private constructor(devices: Devices) {
    this.devices = devices
  }

  /** All are members from the beginning; nobody runs yet. */
  static async of(...names: string[]): Promise<MembersHere> {
    const devices = await Devices.create()
    for (const name of names) await devices.memberHome(name)
    return new MembersHere(devices)
  }

  async start(name: string): Promise<Member> {
    const mesh = await createMesh({
      home: await this.devices.memberHome(name),
      name,
      listen: [this.listen],
      port: 0,
      answer: name === 'watched' ? 'yes' : 'no',
      discovery: ['beacon'],
      beaconPort: Number(this.devices.apart.MESH_BEACON_PORT)
    })
    this.#running.push(mesh)
    const { id, addresses } = await mesh.status()
    return { mesh, id, address: `${addresses[0]!}/p2p/${id}` }
  }

  /** The private key of a member, for somebody who has stolen it. */
  async keyOf(name: string): Promise<PrivateKey> {
    return identityOf(await this.devices.memberHome(name)).privateKey
  }

  async outside(key?: PrivateKey): Promise<OutsideDevice> {
    const device = await OutsideDevice.create(key)
    this.#running.push(device)
    return device
  }

  /** That `watched` still does what it is there for. */
  async answers({ mesh }: Member): Promise<void> {
    await holds(async () => (await mesh.peers()).some(({ name, model }) => name === 'watched' && model !== null))
    let text = ''
    const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS)
    for await (const event of mesh.ask('What is 7 times 8?', { peer: 'watched', signal })) {
      if (event.type === 'text') text += event.text
    }
    assert.match(text, /\b56\b/)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((each) => each.stop()))
  }

  async remove(): Promise<void> {
    await this.stop()
    await this.devices.remove()
  }
}
