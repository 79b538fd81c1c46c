import '../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { TypedEventEmitter } from '@libp2p/interface'
import type { Capability } from '../../src/interface.ts'
import { Neighbours, type NeighbourNetwork } from '../../src/node/neighbours.ts'
import type { CapabilityEvent, Lost } from '../../src/protocols/capability/index.ts'
import type { Found, NetworkWatchEvents } from '../../src/protocols/discovery/index.ts'
import type { Notice } from '../../src/protocols/notices/index.ts'
import { ManualClock } from '../protocols/manual-clock.ts'
import { MINI } from './candidates.ts'

const SELF = '12D3KooWA5yZZEQNoAQ5n8a1c3XFvAsDgLhYvcfWMEqQBDcvfjSi'
const PI = '12D3KooWFgRiVbFb2wnCQDsbgR44XcEQ7yLmrUzw5ZHoBBhH9NdV'
const DESKTOP = '12D3KooWSDFh1BwmYS3L9DLtUtJfGzNT7PcuLiHUqUZNU5PdnaEk'
const STRANGER = '12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X'
const ADDRESS = '/ip4/10.0.0.5/tcp/6373'
/** The neighbours have told who is lost by then, and the plan is made. */
const SOON_MS = 1500

class Watch extends TypedEventEmitter<NetworkWatchEvents> {
  start = () => undefined
  stop = () => undefined
}

class FakeNetwork extends EventTarget {
  readonly found: Found[] = []
  readonly dialled: string[] = []
  readonly lost: Lost[] = []
  readonly asked: string[] = []
  say: (event: CapabilityEvent) => void = () => undefined
  gossip: (notice: Notice) => void = () => undefined
  readonly services = {
    capability: {
      listen: (listener: (event: CapabilityEvent) => void) => (this.say = listener),
      spare: () => undefined,
      askKnown: (id: string) => this.asked.push(id)
    },
    notices: {
      listen: (listener: (notice: Notice) => void) => (this.gossip = listener),
      lost: (lost: Lost) => this.lost.push(lost),
      renew: () => undefined
    },
    dialer: {
      found: (found: Found) => this.found.push(found),
      forget: () => undefined,
      known: () => [],
      networkChanged: () => undefined
    }
  }
  getConnections = () => []
  hangUp = () => Promise.resolve()
  dial = (addresses: { toString(): string }[]) => {
    this.dialled.push(...addresses.map(String))
    return Promise.reject(new Error('nobody is there'))
  }
}

describe('a device in a mesh of many', () => {
  let clock: ManualClock
  let network: FakeNetwork
  let members: Set<string>
  let refuted: number
  let neighbours: Neighbours

  beforeEach(() => {
    clock = new ManualClock()
    network = new FakeNetwork()
    members = new Set([SELF, PI, DESKTOP])
    refuted = 0
  })

  afterEach(() => {
    neighbours.stop()
  })

  function begin(linkAllUpTo: number): void {
    neighbours = new Neighbours({
      self: { id: SELF, ownName: 'laptop', version: '0.1.0' },
      members: {
        isMember: (id) => members.has(id),
        named: () => [...members].map((id, order) => ({ id, ownName: id.slice(-4), order })),
        rosterOf: () => undefined
      },
      network: network as unknown as NeighbourNetwork,
      store: { all: () => [], save: () => undefined, forget: () => undefined },
      connect: [],
      emit: () => undefined,
      lost: () => undefined,
      refute: () => refuted++,
      linkAllUpTo,
      clock,
      watch: new Watch(),
      random: () => 0.5
    })
    neighbours.start()
  }

  function capability(sequence = 1): Capability {
    return {
      ...{ name: 'pi', instance: 'first', version: '0.1.0', sequence, answering: 'yes', models: [MINI], queue: 0 },
      ...{ hardware: null, addresses: [ADDRESS], roster: null }
    }
  }

  function connect(peer: string): void {
    network.say({ type: 'notice', peer, capability: capability(), receivedAt: clock.monotonic() })
    clock.advance(SOON_MS)
  }

  function disconnect(peer: string): void {
    network.say({ type: 'closed', peer, reason: 'its connection ended', connected: false })
    clock.advance(SOON_MS)
  }

  function stateOf(id: string): string | undefined {
    const record = neighbours.peers.get(id)
    return record === undefined ? undefined : neighbours.stateOf(record)
  }

  it('calls a neighbour that is gone, and tells the others', () => {
    begin(1)
    connect(PI)
    assert.deepEqual([...neighbours.wanted], [PI])
    disconnect(PI)
    assert.ok(network.dialled.some((address) => address.includes(PI)))
    assert.deepEqual(network.lost, [{ peer: PI, instance: 'first', sequence: 1 }])
  })

  it('neither wants, calls nor tells of one that was removed', () => {
    begin(1)
    connect(PI)
    members.delete(PI)
    neighbours.forget(PI)
    disconnect(PI)
    clock.advance(120_000)
    assert.deepEqual([[...neighbours.wanted], network.dialled, network.lost], [[], [], []])
  })

  it('believes nobody about strangers, and knows of none', () => {
    begin(1)
    connect(DESKTOP)
    network.say({ type: 'known', peer: DESKTOP, known: [STRANGER, SELF, PI].map(told) })
    assert.deepEqual([stateOf(STRANGER), stateOf(SELF), stateOf(PI)], [undefined, undefined, 'reachable'])
    const lost = [STRANGER, PI].map((peer) => ({ peer, instance: 'first', sequence: 1 }))
    network.gossip({ peer: DESKTOP, capability: capability(), lost })
    assert.deepEqual([stateOf(STRANGER), stateOf(PI), refuted], [undefined, 'away', 0])
    const own = Array.from({ length: 64 }, () => ({ peer: SELF, instance: 'first', sequence: 1 }))
    network.gossip({ peer: DESKTOP, capability: capability(), lost: own })
    assert.equal(refuted, 1)
  })

  it('does not take what others tell for later than what it has heard itself', () => {
    begin(1)
    network.gossip({ peer: PI, capability: capability(7) })
    connect(DESKTOP)
    network.say({
      ...{ type: 'known', peer: DESKTOP },
      known: [{ ...told(PI), agoMs: 60_000, capability: { ...capability(8), addresses: ['/ip4/6.6.6.6/tcp/1'] } }]
    })
    const record = neighbours.peers.get(PI)
    assert.deepEqual([record?.capability?.sequence, record?.addresses], [7, [ADDRESS]])
  })

  it('is one of few again when members go: then it calls everybody, asks nobody and believes nobody', () => {
    begin(2)
    connect(DESKTOP)
    network.gossip({ peer: PI, capability: capability() })
    clock.advance(SOON_MS)
    assert.equal(stateOf(PI), 'reachable')
    network.found.length = 0
    members.delete(DESKTOP)
    neighbours.forget(DESKTOP)
    assert.deepEqual(
      network.found.map(({ id }) => id),
      [PI]
    )
    assert.equal(stateOf(PI), 'away')
    network.gossip({ peer: PI, capability: capability(2), lost: [{ peer: SELF, instance: 'first', sequence: 1 }] })
    assert.equal(refuted, 0)
  })

  it('keeps all connections for a minute after the mesh has grown past the threshold', () => {
    begin(8)
    for (let number = 0; members.size < 8; number++) members.add(`device ${number}`)
    connect(PI)
    members.add('one more')
    neighbours.admitted('one more', [])
    clock.advance(30_000)
    assert.equal(neighbours.wanted.size, 8)
    clock.advance(31_000)
    assert.deepEqual([...neighbours.wanted], [PI])
  })

  function told(peer: string) {
    return { peer, capability: capability(), agoMs: 10 }
  }
})
