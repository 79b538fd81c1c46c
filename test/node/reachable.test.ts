import assert from 'node:assert/strict'
import type { Capability } from '../../src/interface.ts'
import { addressesOf, isMissed, isThere, Peers } from '../../src/node/peers.ts'
import { place } from '../../src/node/placement.ts'
import { device, NOW, offer, request } from './candidates.ts'

const ADDRESS = '/ip4/10.0.0.5/tcp/6373'
const BIG = offer()

describe('a device that is not connected and was heard of', () => {
  const said = (changes: Partial<Capability> = {}): Capability => ({
    ...device('pi', [BIG]).capability!,
    addresses: [ADDRESS],
    ...changes
  })

  it('is placed with the time that a dial takes, and without a heartbeat of its own', () => {
    const [connected, reachable] = [device('a', [BIG]), device('b', [BIG], { state: 'reachable', heardAt: -Infinity })]
    const ranked = place(request(), [reachable, connected], {}, NOW)
    assert.deepEqual(
      ranked.map(({ candidate, eligible }) => [candidate.peer.name, eligible]),
      [
        ['a', true],
        ['b', true]
      ]
    )
    const [first, second] = ranked
    assert.equal(Math.round((second?.expectedMs ?? 0) - (first?.expectedMs ?? 0)), 8 * 50 + 50 - 5)
    const away = device('c', [BIG], { state: 'away', heardAt: -Infinity })
    assert.equal(place(request(), [away], {}, NOW)[0]?.eligible, false)
  })

  it('can be dialled where it says it listens, until it is missed, and again when it speaks later', () => {
    const peers = new Peers()
    peers.apply('pi', { type: 'notice', capability: said(), direct: false }, 1000)
    const record = peers.get('pi')!
    assert.deepEqual([addressesOf(record), isThere(record, 1000)], [[ADDRESS], true])
    peers.apply('pi', { type: 'missed' }, 2000)
    assert.deepEqual([isThere(record, 2000), isMissed(record)], [false, true])
    // By a longer way comes what it said before it was gone.
    peers.apply('pi', { type: 'notice', capability: said(), direct: false }, 3000)
    assert.equal(isThere(record, 3000), false)
    peers.apply('pi', { type: 'notice', capability: said({ sequence: 2 }), direct: false }, 3000)
    assert.equal(isThere(record, 3000), true)
  })

  it('is left alone for a while after a dial in vain, and no longer', () => {
    const peers = new Peers()
    peers.apply('pi', { type: 'found', way: 'beacon', addresses: [ADDRESS] }, 0)
    peers.apply('pi', { type: 'unreachable', until: 5000 }, 0)
    const record = peers.get('pi')!
    assert.deepEqual([isThere(record, 4999), isThere(record, 5000), isMissed(record)], [false, true, false])
  })

  it('is what others tell of it only while it has said nothing later itself', () => {
    const peers = new Peers()
    const named = (name: string, sequence = 1) => said({ name, sequence })
    peers.apply('pi', { type: 'vouched', capability: named('told', 900), at: 1000 }, 1500)
    assert.equal(peers.get('pi')?.ownName, 'told')
    // However great the number that was told, the device's own word is taken.
    peers.apply('pi', { type: 'notice', capability: named('itself', 2), direct: false }, 2000)
    assert.equal(peers.get('pi')?.ownName, 'itself')
    peers.apply('pi', { type: 'vouched', capability: named('told', 901), at: 1999 }, 3000)
    assert.equal(peers.get('pi')?.ownName, 'itself')
  })

  it('is not brought back by what others heard before it was missed', () => {
    const peers = new Peers()
    peers.apply('pi', { type: 'notice', capability: said(), direct: false }, 1000)
    peers.apply('pi', { type: 'missed' }, 2000)
    peers.apply('pi', { type: 'vouched', capability: said(), at: 1500 }, 2500)
    assert.equal(isThere(peers.get('pi')!, 2500), false)
  })

  it('is not brought back by one that has not heard yet that it was missed', () => {
    const isThereAfter = (at: number, capability = said()): boolean => {
      const peers = new Peers()
      peers.apply('pi', { type: 'notice', capability: said(), direct: false }, 1000)
      peers.apply('pi', { type: 'missed' }, 2000)
      peers.apply('pi', { type: 'vouched', capability, at }, at)
      return isThere(peers.get('pi')!, at)
    }
    assert.equal(isThereAfter(2100), false)
    // After a while it is news, and so is a later word of the device itself.
    assert.equal(isThereAfter(13_000), true)
    assert.equal(isThereAfter(2100, said({ sequence: 2 })), true)
  })
})
