import { TypedEventEmitter } from '@libp2p/interface'
import type { Capability } from '../../src/interface.ts'
import { Asking } from '../../src/node/asking.ts'
import { Neighbours } from '../../src/node/neighbours.ts'
import { OwnCapability } from '../../src/node/own-capability.ts'
import { Rings } from '../../src/node/rings.ts'
import type { RememberedPeer } from '../../src/node/stores.ts'
import { capability, type CapabilityComponents } from '../../src/protocols/capability/index.ts'
import { dialer, type DialerComponents, type NetworkWatchEvents } from '../../src/protocols/discovery/index.ts'
import { notices, repeatMs, type Notices, type NoticesComponents } from '../../src/protocols/notices/index.ts'
import { offer } from '../node/candidates.ts'
import { Wire, type Endpoint } from './wire.ts'
import { World } from './world.ts'

export interface SimulationInit {
  devices: number
  seed: number
  /** @default 32, as in life */
  linkAllUpTo?: number
  /**
   * What devices of a large mesh remember at the start: those that were connected with them when they ran last, or any.
   * @default 'neighbours'
   */
  remembered?: 'neighbours' | 'any'
}

/** How many other devices one remembers that may be any. */
const REMEMBERED = 12
/** After a power cut devices do not start in the same moment. */
const START_WITHIN_MS = 5000

class Watch extends TypedEventEmitter<NetworkWatchEvents> {
  start(): void {
    // The network of this world never changes.
  }
  stop(): void {
    // Nothing was started.
  }
}

/** A device: the product's own services and decisions, over a network and a clock that are not real. */
export interface SimulatedDevice {
  endpoint: Endpoint
  capability: OwnCapability
  neighbours: Neighbours
  asking: Asking
}

/**
 * A mesh of any number of devices in this process, under a virtual clock. What runs is the product's: heartbeats and
 * notices on their streams (encoded, framed and decoded), gossiped notices, the dialer, the neighbours, placement. What
 * is made up is the network below them: connections, streams and gossipsub (`wire.ts`), without keys and signatures.
 * Discovery by beacon and mDNS is left out: a device knows of others what it remembers and what it is told.
 */
export class SimulatedMesh {
  readonly world: World
  readonly devices: SimulatedDevice[] = []
  readonly #init: SimulationInit
  readonly #wire: Wire
  readonly #members = new Map<string, string>()
  readonly #gossip = new Map<SimulatedDevice, Notices>()
  readonly #endpoints: Endpoint[]

  /** @param init of the devices the last one starts only with `newcomer` */
  constructor(init: SimulationInit) {
    this.#init = init
    this.world = new World(init.seed)
    this.#wire = new Wire(this.world)
    this.#endpoints = Array.from({ length: init.devices }, () => this.#wire.endpoint())
    for (const [index, { id }] of this.#endpoints.entries()) this.#members.set(id, `device-${index}`)
  }

  /** All devices but the newcomer start, as after a power cut. */
  async start(): Promise<void> {
    const present = this.#endpoints.slice(0, -1)
    const { random } = this.world
    const rings = new Rings()
    const ids = present.map(({ id }) => id)
    const remembered = present.map((own) => {
      // In a small mesh each one knows all others.
      if (!this.#isLarge) return present.filter((other) => other !== own)
      if (this.#init.remembered !== 'any') {
        const neighbours = rings.neighbours(own.id, ids)
        return present.filter(({ id }) => neighbours.has(id))
      }
      const others = new Set<Endpoint>()
      while (others.size < REMEMBERED) {
        const other = present[Math.floor(random() * present.length)]
        if (other !== undefined && other !== own) others.add(other)
      }
      return [...others]
    })
    const starts = present.map(
      (endpoint, index) =>
        new Promise<void>((resolve) => {
          this.world.after(random() * START_WITHIN_MS, () => {
            void this.#run(endpoint, index, remembered[index] ?? []).then(() => {
              resolve()
            })
          })
        })
    )
    await this.world.pass(START_WITHIN_MS)
    await Promise.all(starts)
  }

  /** The last device starts. It knows one other one, as by an invite. */
  async newcomer(): Promise<SimulatedDevice> {
    const endpoint = this.#endpoints.at(-1)
    const [first] = this.#endpoints
    if (endpoint === undefined || first === undefined) throw new Error('a mesh has two devices or more')
    return this.#run(endpoint, this.#endpoints.length - 1, [first])
  }

  end(device: SimulatedDevice, how: 'killed' | 'cut'): void {
    this.#wire.end(device.endpoint, how)
  }

  /** As after hours, when the repetitions of all devices have spread: those that fall into the next `ms`. */
  spreadRepetitions(ms: number): void {
    const { random } = this.world
    for (const device of this.alive) {
      if (random() > ms / repeatMs(this.#init.devices)) continue
      this.world.after(random() * ms, () => {
        this.gossipOf(device).renew()
      })
    }
  }

  /** What a device says over gossip, for one that is to say what is not so. */
  gossipOf(device: SimulatedDevice): Notices {
    const notices = this.#gossip.get(device)
    if (notices === undefined) throw new Error('the device has not started')
    return notices
  }

  get alive(): SimulatedDevice[] {
    return this.devices.filter(({ endpoint }) => endpoint.life === 'alive')
  }

  /** Whether a device would be asked by another one, were it the best. */
  isCandidate(of: SimulatedDevice, { endpoint: { id } }: SimulatedDevice): boolean {
    const record = of.neighbours.peers.get(id)
    return record !== undefined && ['connected', 'reachable'].includes(of.neighbours.stateOf(record))
  }

  get #isLarge(): boolean {
    return this.#init.devices > (this.#init.linkAllUpTo ?? 32)
  }

  async #run(endpoint: Endpoint, index: number, remembered: readonly Endpoint[]): Promise<SimulatedDevice> {
    const { world } = this
    const { id } = endpoint
    const clock = world.clock(() => endpoint.life === 'alive')
    const name = this.#members.get(id) ?? ''
    const own = new OwnCapability({
      name,
      version: '0.1.0',
      answering: 'yes',
      changed: () => {
        services.capability.changed()
        services.notices.publish(own.get())
      }
    })
    const components = endpoint as unknown as CapabilityComponents & NoticesComponents
    const services = {
      capability: capability({ current: () => own.get(), known: () => neighbours.known(), clock })(components),
      notices: notices({ devices: () => this.#members.size, clock, random: world.random })(components),
      dialer: dialer({ clock, random: world.random })({
        peerId: endpoint.peerId,
        connectionManager: endpoint.connectionManager,
        events: endpoint as unknown as DialerComponents['events']
      })
    }
    const network = Object.assign(endpoint, { services, getConnections: endpoint.connectionManager.getConnections })
    const { linkAllUpTo } = this.#init
    const neighbours: Neighbours = new Neighbours({
      self: { id, ownName: name, version: '0.1.0' },
      members: {
        isMember: (peer) => this.#members.has(peer),
        named: () => [...this.#members].map(([peer, ownName], order) => ({ id: peer, ownName, order })),
        rosterOf: () => undefined,
        version: () => this.#members
      },
      network: network,
      store: {
        all: () => remembered.map((other) => this.#remembered(other)),
        save: () => undefined,
        forget: () => undefined
      },
      connect: [],
      emit: () => undefined,
      lost: (peer, how) => {
        asking.lost(peer, how)
      },
      refute: () => {
        own.renew()
        services.notices.renew()
      },
      ...(linkAllUpTo !== undefined && { linkAllUpTo }),
      clock,
      watch: new Watch(),
      random: world.random
    })
    const asking: Asking = new Asking({
      self: { id, label: () => ({ id, name }), capability: () => own.get() },
      peers: neighbours.peers,
      names: () => neighbours.names(),
      here: nobody,
      stateOf: (record) => neighbours.stateOf(record),
      there: nobody,
      recall: (messages) => ({ for: () => ({ memories: [], given: false, messages: [...messages] }) }),
      clock
    })
    const device = { endpoint, capability: own, neighbours, asking }
    this.devices.push(device)
    this.#gossip.set(device, services.notices)
    endpoint.life = 'alive'
    await services.capability.start()
    services.dialer.start()
    ;(services.notices as unknown as { afterStart: () => void }).afterStart()
    own.update({ addresses: [endpoint.address], models: [modelOf(index)] })
    neighbours.start()
    return device
  }

  #remembered({ id, address }: Endpoint): RememberedPeer {
    return { id, name: this.#members.get(id) ?? '', addresses: [address], seen: 0 }
  }
}

/** One model each, of a speed of its own, so that there is a strongest. */
function modelOf(index: number): Capability['models'][number] {
  return offer({ name: 'qwen3-4b', decodeRate: 20 + index / 10 })
}

function nobody(): never {
  throw new Error('nobody answers in this world')
}
