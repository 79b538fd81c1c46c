import '../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { TypedEventEmitter } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Capability, MeshEvent } from '../../src/interface.ts'
import { givenAddress } from '../../src/node/given-addresses.ts'
import { HANG_UP_AFTER_MS } from '../../src/node/hang-ups.ts'
import { Neighbours } from '../../src/node/neighbours.ts'
import type { NeighbourNetwork } from '../../src/node/neighbours.ts'
import type { RememberedPeer } from '../../src/node/stores.ts'
import type { CapabilityEvent } from '../../src/protocols/capability/index.ts'
import type {
  BeaconEvents,
  Found,
  KnownDevice,
  MdnsEvents,
  NetworkWatch,
  NetworkWatchEvents
} from '../../src/protocols/discovery/index.ts'
import type { Notice } from '../../src/protocols/notices/index.ts'
import { ManualClock } from '../protocols/manual-clock.ts'
import { MINI } from './candidates.ts'

const SELF = '12D3KooWA5yZZEQNoAQ5n8a1c3XFvAsDgLhYvcfWMEqQBDcvfjSi'
const PI = '12D3KooWFgRiVbFb2wnCQDsbgR44XcEQ7yLmrUzw5ZHoBBhH9NdV'
const DESKTOP = '12D3KooWSDFh1BwmYS3L9DLtUtJfGzNT7PcuLiHUqUZNU5PdnaEk'
const ADDRESS = '/ip4/10.0.0.5/tcp/6373'

class FakeBeacon extends TypedEventEmitter<BeaconEvents> {
  announced = 0
  announce(): void {
    this.announced++
  }
}

class FakeMdns extends TypedEventEmitter<MdnsEvents> {
  restarts: Promise<void>[] = []
  restart = (): Promise<void> => this.restarts.shift() ?? Promise.resolve()
}

class FakeWatch extends TypedEventEmitter<NetworkWatchEvents> implements NetworkWatch {
  running = false
  start(): void {
    this.running = true
  }
  stop(): void {
    this.running = false
  }
}

/** What the other devices and the network do is up to the test. */
class FakeNetwork extends EventTarget {
  readonly found: Found[] = []
  readonly forgotten: string[] = []
  known: KnownDevice[] = []
  readonly hungUp: string[] = []
  readonly dialled: string[] = []
  networkChanges = 0
  say: (event: CapabilityEvent) => void = () => undefined
  gossip: (notice: Notice) => void = () => undefined
  readonly services = {
    beacon: new FakeBeacon(),
    mdns: new FakeMdns(),
    capability: {
      listen: (listener: (event: CapabilityEvent) => void) => {
        this.say = listener
        return () => undefined
      }
    },
    notices: {
      listen: (listener: (notice: Notice) => void) => {
        this.gossip = listener
        return () => undefined
      }
    },
    dialer: {
      found: (found: Found) => this.found.push(found),
      forget: (id: string) => this.forgotten.push(id),
      known: () => this.known,
      networkChanged: () => this.networkChanges++
    }
  }

  hangUp = (peer: { toString(): string }) => {
    this.hungUp.push(peer.toString())
    return Promise.reject(new Error('it does not answer'))
  }

  dial = (address: { toString(): string }) => {
    this.dialled.push(address.toString())
    return Promise.resolve({ remotePeer: peerIdFromString(PI) })
  }
}

function capability(changes: Partial<Capability> = {}): Capability {
  return {
    name: 'pi',
    instance: 'first',
    version: '0.1.0',
    sequence: 1,
    answering: 'yes',
    models: [MINI],
    queue: 0,
    hardware: null,
    addresses: [],
    roster: null,
    ...changes
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('the neighbours', () => {
  let clock: ManualClock
  let network: FakeNetwork
  let watch: FakeWatch
  let stored: RememberedPeer[]
  let events: MeshEvent[]
  let lost: string[]
  /** Names of the members by id, in the order of their admission. */
  let members: Map<string, string>
  let differing: string[]
  let neighbours: Neighbours

  beforeEach(() => {
    clock = new ManualClock()
    network = new FakeNetwork()
    watch = new FakeWatch()
    stored = []
    events = []
    lost = []
    members = new Map([
      [SELF, 'laptop'],
      [PI, 'pi']
    ])
    differing = []
  })

  afterEach(() => {
    neighbours.stop()
  })

  function begin(connect: string[] = [], linkAllUpTo?: number): void {
    neighbours = new Neighbours({
      self: { id: SELF, ownName: 'laptop', version: '0.1.0' },
      members: {
        isMember: (id) => members.has(id),
        named: () => [...members].map(([id, ownName], order) => ({ id, ownName, order })),
        rosterOf: (id, digest) => differing.push(`${id} ${digest}`)
      },
      network: network as unknown as NeighbourNetwork,
      store: {
        all: () => [...stored],
        save: (peer) => stored.push(peer),
        forget: (id) => (stored = stored.filter((peer) => peer.id !== id))
      },
      connect: connect.map(givenAddress),
      emit: (event) => events.push(event),
      lost: (peerId, how) => lost.push(`${peerId} ${how}`),
      clock,
      watch,
      ...(linkAllUpTo !== undefined && { linkAllUpTo })
    })
    neighbours.start()
  }

  /** The peer connects, and says what it is. */
  function appear(changes: Partial<Capability> = {}, peer = PI): void {
    network.say({ type: 'notice', peer, capability: capability(changes), receivedAt: clock.monotonic() })
  }

  function types(): string[] {
    return events.map((event) => event.type)
  }

  it('hands on to the dialer whoever is found, but never this device', () => {
    begin()
    const found: Found = { id: PI, addresses: [ADDRESS], way: 'beacon', instance: 'i' }
    network.services.beacon.safeDispatchEvent('found', { detail: found })
    network.services.mdns.safeDispatchEvent('found', { detail: { ...found, way: 'mdns' } })
    network.services.mdns.safeDispatchEvent('found', { detail: { ...found, id: SELF } })
    assert.deepEqual(
      network.found.map(({ id, way }) => `${id} ${way}`),
      [`${PI} beacon`, `${PI} mdns`]
    )
    assert.deepEqual([...neighbours.peers.get(PI)!.foundBy], ['beacon', 'mdns'])
    assert.deepEqual([neighbours.list(), events], [[], []])
  })

  it('has nothing to do with whoever is no member, by whatever way it was heard of', async () => {
    members.delete(PI)
    stored = [{ id: PI, name: 'pi', addresses: [ADDRESS], seen: clock.wall() }]
    begin([ADDRESS])
    for (const service of [network.services.beacon, network.services.mdns]) {
      service.safeDispatchEvent('found', { detail: { id: PI, addresses: [ADDRESS], way: 'beacon', instance: null } })
    }
    network.dispatchEvent(
      new CustomEvent('connection:open', { detail: { remotePeer: peerIdFromString(PI), direction: 'inbound' } })
    )
    await turn()
    assert.deepEqual([network.found, neighbours.list(), neighbours.peers.all()], [[], [], []])
    // The owner gave that address, and hears that it leads to a stranger.
    const [warning, ...more] = events
    assert.match(warning?.type === 'warning' ? warning.message : '', /Nobody answers at .* \(no device of this mesh\)/)
    assert.deepEqual(more, [])
  })

  it('lets the dialer forget a stranger that stood at the door, and does not list it meanwhile', () => {
    begin()
    const stranger = { id: DESKTOP, foundBy: [], addresses: [], connected: true, dialError: null, dialFailure: null }
    network.known = [stranger, { ...stranger, id: PI, addresses: [ADDRESS] }]
    assert.deepEqual(
      neighbours.discoveries().map(({ id }) => id),
      [PI]
    )
    for (const id of [DESKTOP, PI]) {
      network.dispatchEvent(new CustomEvent('peer:disconnect', { detail: peerIdFromString(id) }))
    }
    assert.deepEqual(network.forgotten, [DESKTOP])
  })

  it('forgets a device that was removed: nobody waits for it, and it is dialled and remembered no more', () => {
    begin()
    appear()
    members.delete(PI)
    neighbours.forget(PI)
    assert.deepEqual([lost, network.forgotten, stored], [[`${PI} closed`], [PI], []])
    assert.deepEqual([neighbours.list(), neighbours.peers.get(PI)], [[], undefined])
    clock.advance(10 * HANG_UP_AFTER_MS)
    assert.deepEqual(network.hungUp, [])
  })

  it('dials what the owner gave only once this device has a mesh, and once', async () => {
    members.delete(SELF)
    begin([ADDRESS])
    neighbours.dialGiven()
    await turn()
    assert.deepEqual(network.dialled, [])
    members.set(SELF, 'laptop')
    neighbours.dialGiven()
    neighbours.dialGiven()
    await turn()
    assert.deepEqual(network.dialled, [ADDRESS])
  })

  it('dials a device that was admitted where it is, if that is known', () => {
    begin()
    neighbours.admitted(PI, [])
    assert.deepEqual(network.found, [])
    neighbours.admitted(PI, [ADDRESS])
    assert.deepEqual(
      network.found.map(({ id, addresses }) => [id, addresses]),
      [[PI, [ADDRESS]]]
    )
  })

  it('tells which roster a member has, whoever speaks of it', () => {
    begin()
    appear({ roster: 'aa' })
    network.gossip({ peer: DESKTOP, capability: capability({ roster: 'bb' }) })
    assert.deepEqual(differing, [`${PI} aa`, `${DESKTOP} bb`])
  })

  it('warns once of two processes that take turns as one device, and not of a restart', () => {
    begin()
    appear()
    appear({ instance: 'second' })
    assert.deepEqual(
      types().filter((type) => type === 'warning'),
      []
    )
    for (const instance of ['first', 'second', 'first']) appear({ instance })
    const warnings = events.filter(({ type }) => type === 'warning')
    assert.equal(warnings.length, 1)
    assert.match(JSON.stringify(warnings), /Two processes are pi at once.*--new-key/)
  })

  it('tells of a device when it says what it is, and remembers it with its addresses', () => {
    begin()
    network.services.beacon.safeDispatchEvent('found', {
      detail: { id: PI, addresses: [ADDRESS], way: 'beacon', instance: null }
    })
    network.say({ type: 'beat', peer: PI, roundTripMs: 2 })
    assert.deepEqual(events, [])
    appear({ addresses: ['/ip4/10.0.0.6/tcp/1'] })
    assert.deepEqual(types(), ['peer-connected'])
    assert.deepEqual(stored, [{ id: PI, name: 'pi', addresses: [ADDRESS, '/ip4/10.0.0.6/tcp/1'], seen: clock.wall() }])
    const [peer] = neighbours.list()
    assert.deepEqual([peer?.name, peer?.model, peer?.roundTripMs], ['pi', 'mini', 2])
    appear({ sequence: 2, queue: 1 })
    assert.deepEqual(types(), ['peer-connected', 'peer-changed'])
  })

  it('lets go of a silent device at once, and of its connection when it stays silent', async () => {
    begin()
    appear()
    network.say({ type: 'silent', peer: PI })
    assert.deepEqual(lost, [`${PI} silent`])
    clock.advance(HANG_UP_AFTER_MS - 1)
    assert.deepEqual(network.hungUp, [])
    clock.advance(1)
    assert.deepEqual(network.hungUp, [PI])
    network.dispatchEvent(new CustomEvent('peer:disconnect', { detail: peerIdFromString(PI) }))
    // The stream ends with the connection, and neither is told twice.
    network.say({ type: 'closed', peer: PI, reason: 'reset', connected: false })
    clock.advance(10 * HANG_UP_AFTER_MS)
    await turn()
    assert.deepEqual(types(), ['peer-connected', 'peer-changed', 'peer-lost'])
    assert.deepEqual([network.hungUp.length, lost.length], [1, 1])
  })

  it('does not hang up on a device that is heard again in time', () => {
    begin()
    appear()
    for (let times = 0; times < 3; times++) {
      network.say({ type: 'silent', peer: PI })
      clock.advance(HANG_UP_AFTER_MS - 1)
      network.say({ type: 'beat', peer: PI, roundTripMs: 1 })
    }
    clock.advance(HANG_UP_AFTER_MS)
    assert.deepEqual(network.hungUp, [])
    assert.equal(neighbours.list()[0]?.state, 'connected')
  })

  it('waits a moment for another stream while the connection stands, and not at all when it does not', () => {
    begin()
    appear()
    network.say({ type: 'closed', peer: PI, reason: 'reset', connected: true })
    clock.advance(500)
    network.say({ type: 'beat', peer: PI, roundTripMs: 1 })
    clock.advance(5_000)
    assert.equal(neighbours.list()[0]?.state, 'connected')
    network.say({ type: 'closed', peer: PI, reason: 'reset', connected: true })
    clock.advance(1_000)
    assert.equal(neighbours.list()[0]?.state, 'silent')
    appear()
    network.say({ type: 'closed', peer: PI, reason: 'reset', connected: false })
    assert.equal(neighbours.list()[0]?.state, 'away')
    assert.deepEqual(lost, [`${PI} silent`, `${PI} closed`])
    assert.deepEqual(types(), ['peer-connected', 'peer-changed', 'peer-changed', 'peer-lost'])
  })

  it('dials whoever gossip tells of, unless it is connected', () => {
    begin()
    network.gossip({ peer: PI, capability: capability({ addresses: [ADDRESS] }) })
    assert.deepEqual(network.found, [{ id: PI, addresses: [ADDRESS], way: 'gossip', instance: null }])
    assert.deepEqual(types(), ['peer-changed'])
    appear()
    network.gossip({ peer: PI, capability: capability({ sequence: 2, addresses: [ADDRESS] }) })
    assert.equal(network.found.length, 1)
  })

  it('knows a device that came by itself as incoming', () => {
    begin()
    const open = (direction: string) =>
      network.dispatchEvent(
        new CustomEvent('connection:open', { detail: { remotePeer: peerIdFromString(PI), direction } })
      )
    open('outbound')
    assert.equal(neighbours.peers.get(PI), undefined)
    open('inbound')
    assert.deepEqual([...neighbours.peers.get(PI)!.foundBy], ['incoming'])
  })

  it('shows devices of one name apart, connected ones first', () => {
    begin()
    for (const id of [PI, DESKTOP]) {
      members.set(id, 'laptop')
      appear({ name: 'laptop' }, id)
    }
    network.say({ type: 'closed', peer: PI, reason: 'reset', connected: false })
    const shown = neighbours.list()
    assert.deepEqual(
      shown.map(({ state }) => state),
      ['connected', 'away']
    )
    assert.equal(new Set(['laptop', ...shown.map(({ name }) => name)]).size, 3)
    assert.equal(neighbours.names().get(SELF), 'laptop')
  })

  it('warns once of each copy of this home, and of a few addresses only', () => {
    begin()
    for (let instance = 0; instance < 300; instance++) {
      const address = `10.0.${Math.floor(instance / 100)}.${instance % 100}`
      for (let times = 0; times < 2; times++) {
        network.services.beacon.safeDispatchEvent('clone', { detail: { instance: `${instance}`, address } })
      }
    }
    assert.equal(neighbours.clones.length, 16)
    assert.deepEqual(new Set(types()), new Set(['warning']))
    assert.equal(events.length, 100)
    assert.match(JSON.stringify(events[0]), /10\.0\.0\.0\. Was the home copied/)
  })

  it('warns once of a device whose release does not go with this one, by the name that is shown', () => {
    begin()
    appear({ version: '0.1.7' })
    assert.deepEqual(types(), ['peer-connected'])
    appear({ version: '0.2.0', sequence: 2 })
    appear({ version: '0.2.0', sequence: 3 })
    const warnings = events.filter(({ type }) => type === 'warning')
    assert.deepEqual(warnings, [
      { type: 'warning', message: 'pi runs ownmesh 0.2.0, this device 0.1.0: update the older one.' }
    ])
  })

  it('looks again for everybody when the network changed, and survives mDNS that does not come back', async () => {
    begin()
    assert.equal(watch.running, true)
    network.services.mdns.restarts.push(Promise.reject(new Error('no interface')))
    watch.safeDispatchEvent('change', { detail: { added: ['eth0 10.0.0.5/24'], removed: [], sleptMs: 0 } })
    await turn()
    watch.safeDispatchEvent('change', { detail: { added: [], removed: [], sleptMs: 60_000 } })
    assert.deepEqual([network.networkChanges, network.services.beacon.announced], [2, 2])
    assert.match(JSON.stringify(events), /mDNS does not work since the network changed: no interface/)
  })

  it('tells and keeps nothing once it is stopped, but who was there is remembered as seen now', () => {
    begin()
    appear()
    network.say({ type: 'silent', peer: PI })
    clock.advance(5000)
    neighbours.stop()
    assert.deepEqual([stored.length, stored[1]?.seen], [2, clock.wall()])
    network.dispatchEvent(new CustomEvent('peer:disconnect', { detail: peerIdFromString(PI) }))
    appear()
    clock.advance(10 * HANG_UP_AFTER_MS)
    assert.deepEqual(types(), ['peer-connected', 'peer-changed'])
    assert.deepEqual([stored.length, network.hungUp, watch.running], [2, [], false])
  })

  describe('remembered from before', () => {
    function device(changes: Partial<KnownDevice> = {}): KnownDevice {
      return {
        id: PI,
        foundBy: ['remembered'],
        addresses: [ADDRESS],
        connected: false,
        dialError: null,
        dialFailure: null,
        ...changes
      }
    }

    beforeEach(() => {
      stored = [{ id: PI, name: 'pi', addresses: [ADDRESS], seen: clock.wall() - 60_000 }]
      network.known = [device()]
    })

    async function isDecided(): Promise<boolean> {
      await turn()
      const undecided = Symbol()
      return (await Promise.race([neighbours.remembered, Promise.resolve(undecided)])) !== undecided
    }

    it('are dialled and shown, with the time since they were seen', () => {
      begin()
      assert.deepEqual(network.found, [{ id: PI, addresses: [ADDRESS], way: 'remembered', instance: null }])
      const [peer] = neighbours.list()
      assert.deepEqual([peer?.name, peer?.state, peer?.lastSeenMs], ['pi', 'away', 60_000])
    })

    it('are decided once each has said what it is', async () => {
      begin()
      assert.equal(await isDecided(), false)
      appear()
      clock.advance(20)
      assert.equal(await isDecided(), true)
    })

    it('are decided when they could not be dialled', async () => {
      begin()
      network.known = [device({ dialError: 'connection refused' })]
      clock.advance(20)
      assert.equal(await isDecided(), true)
    })

    it('are decided after a while when one is connected and says nothing', async () => {
      begin()
      network.known = [device({ connected: true })]
      for (let times = 0; times < 249; times++) {
        clock.advance(20)
        await turn()
      }
      assert.equal(await isDecided(), false)
      clock.advance(20)
      assert.equal(await isDecided(), true)
    })

    it('are dialled up to the number that the dialer keeps, those seen last', () => {
      stored = Array.from({ length: 100 }, (_, index) => ({
        id: `peer ${index}`,
        name: 'pi',
        addresses: [ADDRESS],
        seen: clock.wall() - index
      }))
      for (const { id, name } of stored) members.set(id, name)
      begin([], 100 + 2)
      assert.deepEqual([network.found.length, network.found.at(-1)?.id], [64, 'peer 63'])
      assert.equal(neighbours.list().length, 100)
    })
  })

  it('dials the addresses that were given, and knows by which way it met who answered', async () => {
    begin(['10.0.0.5:6373'])
    await turn()
    assert.deepEqual(network.dialled, [ADDRESS])
    assert.deepEqual(network.found, [{ id: PI, addresses: [ADDRESS], way: 'address', instance: null }])
    network.known = [
      { id: PI, foundBy: ['address'], addresses: [ADDRESS], connected: true, dialError: null, dialFailure: null }
    ]
    assert.deepEqual(neighbours.discoveries(), [
      { id: PI, name: 'pi', foundBy: ['address'], addresses: [ADDRESS], connected: true, dialError: null }
    ])
  })
})
