/**
 * Many devices in this process, over TCP, Noise, yamux and gossipsub on loopback, put together as `start.ts` does but
 * without homes and engines: what an answer says is made up, who gives it is not.
 */
import '../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { Asking } from '../../src/node/asking.ts'
import { givenAddress } from '../../src/node/given-addresses.ts'
import { LINK_ALL_UP_TO } from '../../src/node/mesh-size.ts'
import { Neighbours } from '../../src/node/neighbours.ts'
import { createNetwork, startNetwork, type Network } from '../../src/node/network.ts'
import type { Identity } from '../../src/node/identity.ts'
import { OwnCapability } from '../../src/node/own-capability.ts'
import { RINGS } from '../../src/node/rings.ts'
import type { RememberedPeer } from '../../src/node/stores.ts'
import { silentLog } from '../../src/protocols/log.ts'
import type { Share } from '../../src/protocols/model/index.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { accepted, done, token } from '../protocols/requests.ts'
import { offer } from './candidates.ts'

/** With more than the threshold: in the long runs the product's own one. */
const [DEVICES, LINK_ALL] = process.env.MESH_SOAK === undefined ? [20, 8] : [40, LINK_ALL_UP_TO]
const LOOK_EVERY_MS = 250
const BOUND = 2 * RINGS
const NO_MODELS: Share = {
  list: () => Promise.resolve([]),
  async *manifest() {
    // It has none.
  },
  async *read() {
    // It has none.
  }
}

interface Device {
  id: string
  own: OwnCapability
  network: Network
  neighbours: Neighbours
  asking: Asking
  asked: number
}

describe('a mesh of many devices', function () {
  // What takes half a minute takes some where other programs want both processors.
  this.timeout(300_000)
  const devices: Device[] = []
  const members = new Map<string, string>()
  let newcomer: PrivateKey

  before(async () => {
    const keys = await Promise.all(Array.from({ length: DEVICES + 1 }, () => generateKeyPair('Ed25519')))
    for (const [index, key] of keys.entries()) members.set(peerIdFromPrivateKey(key).toString(), `device-${index}`)
    newcomer = keys.pop()!
    for (const key of keys) {
      const isStrongest = devices.length === 0
      // Each remembers those that started before it, and is connected with some before the next one starts: all dials at
      // once would take longer than a dial may, where other programs want both processors.
      const remembered = devices.map(({ id, network }) => ({
        id,
        name: members.get(id) ?? '',
        addresses: addressesOf(network),
        seen: Date.now()
      }))
      const device = run(await listen(key), { speed: isStrongest ? 90 : 20, remembered, connect: [] })
      devices.push(device)
      await settles(() => {
        const { wanted } = device.neighbours
        const connected = new Set(device.network.getPeers().map(String))
        return isStrongest || (wanted.size > 0 && [...wanted].every((id) => connected.has(id)))
      })
    }
  })

  after(async () => {
    for (const { neighbours } of devices) neighbours.stop()
    await Promise.all(devices.map(async ({ network }) => network.stop()))
  })

  it('connects each device with a few, and all come to know all', async () => {
    await settles(() => devices.every(hasSettled))
    for (const { network } of devices) {
      const { length } = network.getPeers()
      assert.ok(length >= 2 && length <= BOUND, `${length} connections`)
    }
  })

  it('takes in a newcomer that knows one address', async () => {
    const first = devices[1]!
    const own = await listen(newcomer)
    devices.push(run(own, { speed: 20, remembered: [], connect: addressesOf(first.network) }))
    // Connections that only the start needed are let go of when they have been idle for a while.
    await settles(() => devices.every(hasSettled))
    assert.ok(own.network.getPeers().length <= BOUND)
  })

  it('is answered by the strongest device, also where that is not connected', async () => {
    const [strongest] = devices as [Device]
    const asker = devices.find((each) => known(each, 'reachable').includes(strongest.id))
    assert.ok(asker !== undefined)
    const answered: string[] = []
    for await (const event of asker.asking.ask('Hello', {})) if (event.type === 'done') answered.push(event.peer.id)
    assert.deepEqual([answered, strongest.asked], [[strongest.id], 1])
    assert.ok(known(asker, 'connected').includes(strongest.id))
  })

  it('no longer counts on a device that has gone, whoever was connected with it', async () => {
    const gone = devices.splice(5, 1)[0]!
    gone.neighbours.stop()
    await gone.network.stop()
    await settles(() => devices.every((each) => !known(each, 'connected', 'reachable').includes(gone.id)))
    // Nobody else is taken for gone.
    await settles(() => devices.every((each) => known(each, 'connected', 'reachable').length === devices.length - 1))
  })

  /** Waits until it is so, as long as the test may take: a loaded machine is slow, not wrong. */
  async function settles(isSo: () => boolean): Promise<void> {
    while (!isSo()) await delay(LOOK_EVERY_MS)
  }

  /** It knows all, and is connected with whom it wants to be. */
  function hasSettled(device: Device): boolean {
    const { network, neighbours } = device
    const isKnown = known(device, 'connected', 'reachable').length === devices.length - 1
    return isKnown && isSame(network.getPeers().map(String), neighbours.wanted)
  }

  function addressesOf(network: Network): string[] {
    return network.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/[^/]+$/, ''))
  }

  function isSame(some: readonly string[], others: ReadonlySet<string>): boolean {
    return some.length === others.size && some.every((each) => others.has(each))
  }

  function known({ neighbours }: Device, ...states: string[]): string[] {
    return neighbours.list().flatMap(({ id, state }) => (states.includes(state) ? [id] : []))
  }

  function isMember(peer: { toString(): string }): boolean {
    return members.has(peer.toString())
  }

  /** A device that listens, and knows of no other one yet. */
  async function listen(privateKey: PrivateKey): Promise<Pick<Device, 'id' | 'own' | 'network'>> {
    const id = peerIdFromPrivateKey(privateKey).toString()
    const device = () => devices.find((each) => each.id === id)
    const addresses = ['/ip4/127.0.0.1/tcp/0']
    const own = new OwnCapability({
      name: members.get(id) ?? '',
      version: '0.1.0',
      answering: 'yes',
      changed: () => {
        network.services.capability.changed()
        network.services.notices.publish(own.get())
      }
    })
    const network: Network = await createNetwork({
      identity: { id, privateKey } as Identity,
      listen: addresses,
      discovery: [],
      beaconPort: 0,
      instance: own.get().instance,
      current: () => own.get(),
      known: () => device()?.neighbours.known() ?? [],
      devices: () => members.size,
      answer: async function* () {
        await Promise.resolve()
        device()!.asked++
        yield* [accepted, token(1), done]
      },
      isMember,
      mayPass: isMember,
      gater: {},
      roster: { mine: () => null, records: () => [], merge: () => undefined },
      models: { share: NO_MODELS, maxUpload: null },
      meet: () => ({ start: () => undefined, receive: () => Promise.resolve(), stop: () => undefined }),
      welcome: () => Promise.resolve(),
      voice: { mesh: null, door: null, looking: false },
      log: silentLog
    })
    network.addEventListener('connection:open', ({ detail }: CustomEvent<Connection>) => {
      network.services.identify.identify(detail).catch(() => undefined)
    })
    await startNetwork(network, addresses)
    return { id, own, network }
  }

  /** It finds its neighbours. */
  function run(
    { id, own, network }: Pick<Device, 'id' | 'own' | 'network'>,
    { speed, remembered, connect }: { speed: number; remembered: RememberedPeer[]; connect: string[] }
  ): Device {
    const ownName = members.get(id) ?? ''
    const neighbours: Neighbours = new Neighbours({
      self: { id, ownName, version: '0.1.0' },
      members: {
        isMember,
        named: () => [...members].map(([peer, name], order) => ({ id: peer, ownName: name, order })),
        rosterOf: () => undefined,
        version: () => members
      },
      network,
      store: { all: () => remembered, save: () => undefined, forget: () => undefined },
      connect: connect.map(givenAddress),
      linkAllUpTo: LINK_ALL,
      emit: () => undefined,
      lost: (peer, how) => {
        asking.lost(peer, how)
      },
      refute: () => {
        own.renew()
        network.services.notices.renew()
      }
    })
    const asking: Asking = new Asking({
      self: { id, label: () => ({ id, name: ownName }), capability: () => own.get() },
      peers: neighbours.peers,
      names: () => neighbours.names(),
      here: () => {
        throw new Error('this device is not the strongest')
      },
      stateOf: (record) => neighbours.stateOf(record),
      there: async function* (peer, request, options) {
        await neighbours.reach(peer, options?.signal)
        yield* network.services.ask.ask(peerIdFromString(peer), request, options)
      },
      recall: (messages) => ({ for: () => ({ memories: [], given: false, messages: [...messages] }) })
    })
    own.update({ addresses: addressesOf(network), models: [{ ...offer(), ...accepted.model, decodeRate: speed }] })
    neighbours.start()
    return { id, own, network, neighbours, asking, asked: 0 }
  }
})
