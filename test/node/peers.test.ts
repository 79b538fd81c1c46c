import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Capability, PeerState } from '../../src/interface.ts'
import { peerInfo, Peers } from '../../src/node/peers.ts'
import type { PeerChange, PeerNews } from '../../src/node/peers.ts'
import { MINI, offer } from './candidates.ts'

function notice(changes: Partial<Capability> = {}): Capability {
  return {
    name: 'pi',
    instance: 'first',
    version: '0.1.0',
    sequence: 1,
    answering: 'yes',
    models: [MINI],
    queue: 0,
    hardware: 'a CPU',
    addresses: [],
    roster: null,
    ...changes
  }
}

function direct(changes: Partial<Capability> = {}): PeerNews {
  return { type: 'notice', capability: notice(changes), direct: true }
}

function gossiped(changes: Partial<Capability> = {}): PeerNews {
  return { type: 'notice', capability: notice(changes), direct: false }
}

describe('the registry of peers', () => {
  /** What the steps changed, each with the state after it. */
  function play(peers: Peers, ...steps: PeerNews[]): [PeerChange, PeerState | undefined][] {
    return steps.map((news, index) => [peers.apply('pi', news, 1000 + index), peers.get('pi')?.state])
  }

  it('takes a device from away to connected, silent and away again', () => {
    assert.deepEqual(
      play(
        new Peers(),
        { type: 'found', way: 'beacon', addresses: ['/a'] },
        { type: 'beat', roundTripMs: 3 },
        direct(),
        { type: 'beat', roundTripMs: 4 },
        { type: 'silent' },
        { type: 'silent' },
        { type: 'beat', roundTripMs: null },
        { type: 'silent' },
        { type: 'closed' },
        { type: 'closed' },
        { type: 'silent' },
        { type: 'beat', roundTripMs: null }
      ),
      [
        [null, 'away'],
        // Nothing could be shown of it yet.
        [null, 'away'],
        ['connected', 'connected'],
        [null, 'connected'],
        ['changed', 'silent'],
        [null, 'silent'],
        ['changed', 'connected'],
        ['changed', 'silent'],
        ['lost', 'away'],
        [null, 'away'],
        [null, 'away'],
        ['connected', 'connected']
      ]
    )
  })

  it('believes gossip about those that are away only, and tells of it when it is new', () => {
    const peers = new Peers()
    assert.deepEqual(
      play(
        peers,
        gossiped({ sequence: 5 }),
        gossiped({ sequence: 5 }),
        gossiped({ sequence: 4, queue: 9 }),
        gossiped({ sequence: 6 }),
        gossiped({ instance: 'second', sequence: 1 })
      ).map(([change]) => change),
      ['changed', null, null, 'changed', 'changed']
    )
    assert.deepEqual(play(peers, direct({ sequence: 2 }), gossiped({ sequence: 99, queue: 9 })), [
      ['connected', 'connected'],
      [null, 'connected']
    ])
    assert.equal(peers.get('pi')?.capability?.sequence, 2)
  })

  it('keeps the newest sixteen addresses, each once', () => {
    const peers = new Peers()
    const addresses = Array.from({ length: 20 }, (_, index) => `/${index}`)
    for (const address of [...addresses, '/10']) {
      peers.apply('pi', { type: 'found', way: 'mdns', addresses: [address] }, 0)
    }
    assert.deepEqual(peers.get('pi')?.addresses.slice(0, 3), ['/10', '/19', '/18'])
    assert.equal(peers.get('pi')?.addresses.length, 16)
  })

  it('forgets whoever it was never told of, then the one heard longest ago, and never who is there', () => {
    const peers = new Peers()
    peers.remember('old', 'old', [], -2)
    peers.remember('older', 'older', [], -3)
    peers.apply('there', direct(), -9)
    for (let stranger = 0; stranger < 5000; stranger++) {
      peers.apply(`stranger ${stranger}`, { type: 'found', way: 'beacon', addresses: [] }, stranger)
    }
    assert.equal(peers.all().length, 2000)
    assert.deepEqual(
      ['old', 'older', 'there'].map((id) => peers.get(id)?.id),
      ['old', 'older', 'there']
    )
    for (let home = 0; home < 1998; home++) peers.apply(`home ${home}`, { type: 'beat', roundTripMs: null }, home)
    assert.deepEqual(
      ['old', 'older', 'there'].map((id) => peers.get(id)?.id),
      ['old', undefined, 'there']
    )
  })

  it('holds nothing of a stranger that ends before it was known', () => {
    const peers = new Peers()
    play(peers, { type: 'closed' }, { type: 'silent' })
    assert.deepEqual(peers.all(), [])
  })

  const ids = fc.constantFrom('pi', 'desktop', 'laptop')
  const capability = fc
    .record({ instance: fc.constantFrom('first', 'second'), sequence: fc.nat(5), queue: fc.nat(3) })
    .map(notice)
  const news: fc.Arbitrary<PeerNews> = fc.oneof(
    fc.record({
      type: fc.constant('found' as const),
      way: fc.constantFrom('beacon' as const, 'gossip' as const, 'incoming' as const),
      addresses: fc.array(
        fc.nat(40).map((port) => `/ip4/10.0.0.1/tcp/${port}`),
        { maxLength: 20 }
      )
    }),
    fc.record({ type: fc.constant('notice' as const), capability, direct: fc.boolean() }),
    fc.record({ type: fc.constant('beat' as const), roundTripMs: fc.option(fc.nat(50)) }),
    fc.constant<PeerNews>({ type: 'silent' }),
    fc.constant<PeerNews>({ type: 'closed' })
  )

  it('keeps its promises whatever is told in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ids, news), { maxLength: 60 }), (steps) => {
        const peers = new Peers()
        const present = new Set<string>()
        for (const [now, [id, piece]] of steps.entries()) {
          const before = { ...peers.get(id) }
          const change = peers.apply(id, piece, now)
          const after = peers.get(id)
          // Connected and lost alternate, and say what the state is.
          if (change === 'connected') assert.equal(present.has(id), false)
          if (change === 'lost') assert.equal(present.has(id), true)
          if (change === 'connected') present.add(id)
          if (change === 'lost') present.delete(id)
          assert.equal((after?.state ?? 'away') !== 'away', present.has(id))
          // Only a connection brings a device here, and only silence or a beat moves it from there.
          if (after?.state === 'silent' && before.state !== 'silent') assert.equal(piece.type, 'silent')
          if (after?.state === 'connected') assert.notEqual(after.capability, null)
          // A change of state is always told.
          if ((before.state ?? 'away') !== (after?.state ?? 'away')) assert.notEqual(change, null)
          // Gossip never takes back what is known better.
          if (piece.type === 'notice' && !piece.direct) {
            assert.equal(after?.state, before.state ?? 'away')
            if (present.has(id)) assert.equal(after.capability, before.capability)
            if (before.capability?.instance === after.capability?.instance) {
              assert.ok((after.capability?.sequence ?? 0) >= (before.capability?.sequence ?? 0))
            }
          }
          assert.ok((after?.addresses.length ?? 0) <= 16)
          if (after !== undefined && (after.capability !== null || after.heardAt > -Infinity)) {
            const { lastSeenMs } = peerInfo(after, id, now)
            assert.ok(lastSeenMs >= 0 && lastSeenMs < Infinity)
          }
        }
      }),
      { seed: 6373, numRuns: 2000 }
    )
  })
})

describe('a peer as it is shown', () => {
  it('has the strongest model that it answers with, and none while it is away or does not answer', () => {
    const peers = new Peers()
    const models = [MINI, offer({ name: 'small', parameters: 1e9 }), offer({ name: 'large', parameters: 8e9 })]
    peers.apply('pi', direct({ models, queue: 2 }), 10)
    const shown = () => peerInfo(peers.get('pi')!, 'pi-2', 1010)
    assert.deepEqual(shown(), {
      name: 'pi-2',
      id: 'pi',
      state: 'connected',
      model: 'large',
      tokensPerSecond: 40,
      queue: 2,
      roundTripMs: null,
      foundBy: [],
      lastSeenMs: 0,
      addresses: [],
      version: '0.1.0',
      hardware: 'a CPU',
      answering: 'yes',
      resumesInMs: null
    })
    peers.apply('pi', direct({ models, answering: 'paused', resumesInMs: 5000 }), 10)
    // 1000 ms of it are over by our own clock.
    assert.deepEqual([shown().model, shown().answering, shown().resumesInMs], [null, 'paused', 4000])
    peers.apply('pi', { type: 'beat', roundTripMs: null }, 1000)
    assert.equal(shown().resumesInMs, 4000)
    peers.apply('pi', direct({ models }), 10)
    peers.apply('pi', { type: 'closed' }, 20)
    assert.deepEqual([shown().model, shown().lastSeenMs], [null, 1000])
  })

  it('that only gossip spoke of was last seen then', () => {
    const peers = new Peers()
    peers.apply('pi', gossiped(), 500)
    assert.equal(peerInfo(peers.get('pi')!, 'pi', 800).lastSeenMs, 300)
  })
})
