import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  FIRST_WAIT_MS,
  MAX_WAIT_HEARD_MS,
  MAX_WAIT_MS,
  MIN_SPACING_MS,
  nextDialAt,
  NOBODY,
  redial,
  STABLE_MS,
  YIELD_MS
} from '../../../src/protocols/discovery/redial.ts'
import type { Found } from '../../../src/protocols/discovery/index.ts'
import type { DialAction, KnownPeer, RedialEvent, RedialRules } from '../../../src/protocols/discovery/redial.ts'

const SELF = 'm'
const rules: RedialRules = { self: SELF, maxDials: 2, maxPeers: 4, maxAddresses: 3, random: () => 0 }

function foundEvent(id: string, news: Partial<Found> = {}): RedialEvent {
  return { type: 'found', found: { id, addresses: ['/ip4/10.0.0.1/tcp/1'], way: 'beacon', instance: 'a', ...news } }
}

/** Plays events at their times and collects the dials. */
class Play {
  state = NOBODY
  rules: RedialRules

  constructor(changes: Partial<RedialRules> = {}) {
    this.rules = { ...rules, ...changes }
  }

  at(now: number, event: RedialEvent): DialAction[] {
    const { state, actions } = redial(this.state, event, now, this.rules)
    this.state = state
    return actions
  }

  peer(id: string): KnownPeer {
    const peer = this.state.peers.get(id)
    assert.ok(peer, `${id} is not known`)
    return peer
  }
}

const failed = (id: string, wrong: string[] = []): RedialEvent => ({
  type: 'failed',
  id,
  error: { failure: 'refused', message: 'refused' },
  wrong
})

describe('redial', () => {
  it('dials what is found at once, or a moment later when the other side has the smaller id', () => {
    const play = new Play()
    assert.deepEqual(play.at(0, foundEvent('z')), [
      { type: 'dial', id: 'z', addresses: ['/ip4/10.0.0.1/tcp/1'], replace: false }
    ])
    assert.deepEqual(play.at(0, foundEvent('a')), [])
    assert.equal(nextDialAt(play.state), YIELD_MS)
    assert.equal(play.at(YIELD_MS, { type: 'tick' })[0]?.id, 'a')
  })

  it('waits twice as long after each failure, up to a bound, and a shorter one while the device is heard', () => {
    for (const [isHeard, bound] of [
      [false, MAX_WAIT_MS],
      [true, MAX_WAIT_HEARD_MS]
    ] as const) {
      const play = new Play()
      play.at(0, foundEvent('z'))
      let now = 20_000
      const waits: number[] = []
      for (let failure = 0; failure < 10; failure++) {
        if (isHeard) play.at(now, foundEvent('z'))
        play.at(now, failed('z'))
        const { dialAt } = play.peer('z')
        waits.push(dialAt - now)
        now = dialAt
        assert.equal(play.at(now, { type: 'tick' }).length, 1)
      }
      const expected = waits.map((_, failure) => Math.min(bound, FIRST_WAIT_MS * 2 ** failure))
      assert.deepEqual(waits, expected)
    }
  })

  it('dials at once when the network changes', () => {
    const play = new Play()
    play.at(0, foundEvent('z'))
    for (let now = 0; now < 3; now++) play.at(1000 + now, failed('z'))
    assert.deepEqual(play.at(1500, { type: 'network-changed' }).length, 1)
  })

  it('dials a restarted peer at its new address first, while the old connection still seems open', () => {
    const play = new Play()
    play.at(0, foundEvent('z'))
    play.at(10, { type: 'connected', id: 'z' })
    play.at(11, { type: 'dialed', id: 'z' })
    assert.deepEqual(play.at(10_000, foundEvent('z')), [], 'the same process is left alone')
    assert.deepEqual(play.at(20_000, foundEvent('z', { instance: 'b', addresses: ['/ip4/10.0.0.1/tcp/2'] })), [
      { type: 'dial', id: 'z', addresses: ['/ip4/10.0.0.1/tcp/2', '/ip4/10.0.0.1/tcp/1'], replace: true }
    ])
    assert.deepEqual(play.at(20_100, foundEvent('z', { instance: 'c' })), [], 'a flood of instances costs nothing')
    play.at(20_200, { type: 'dialed', id: 'z' })
    assert.equal(nextDialAt(play.state), Infinity)
  })

  it('keeps the connection by which a restarted peer came to us before its beacon did', () => {
    const play = new Play()
    play.at(0, foundEvent('z'))
    play.at(10, { type: 'connected', id: 'z' })
    play.at(11, { type: 'dialed', id: 'z' })
    play.at(20_000, { type: 'disconnected', id: 'z' })
    play.at(20_100, failed('z'))
    play.at(21_000, { type: 'connected', id: 'z' })
    assert.deepEqual(play.at(21_001, foundEvent('z', { instance: 'b' })), [])
    assert.equal(play.at(30_000, foundEvent('z', { instance: 'c' })).length, 1, 'the next restart is noticed')
  })

  it('dials a lost peer at once, but not in a circle when it hangs up on us', () => {
    const play = new Play()
    play.at(0, foundEvent('z'))
    play.at(10, { type: 'connected', id: 'z' })
    play.at(11, { type: 'dialed', id: 'z' })
    assert.equal(play.at(10 + STABLE_MS, { type: 'disconnected', id: 'z' }).length, 1)
    let now = 10 + STABLE_MS
    for (const wait of [1000, 2000, 4000]) {
      play.at(now, { type: 'connected', id: 'z' })
      play.at(now, { type: 'dialed', id: 'z' })
      assert.deepEqual(play.at(now + 50, { type: 'disconnected', id: 'z' }), [])
      assert.equal(play.peer('z').dialAt, now + 50 + wait)
      now = play.peer('z').dialAt
      assert.equal(play.at(now, { type: 'tick' }).length, 1)
    }
  })

  it('forgets an address at which somebody else answers', () => {
    const play = new Play()
    play.at(0, foundEvent('z'))
    play.at(1, failed('z', ['/ip4/10.0.0.1/tcp/1']))
    assert.deepEqual(play.peer('z').addresses, [])
    assert.equal(nextDialAt(play.state), Infinity)
    assert.equal(play.at(MIN_SPACING_MS, foundEvent('z')).length, 1, 'until it is announced again')
  })

  it('takes news that come during a dial into account when that dial fails', () => {
    const play = new Play()
    play.at(0, foundEvent('z'))
    play.at(100, foundEvent('z', { instance: 'b', addresses: ['/ip4/10.0.0.1/tcp/2'] }))
    play.at(3000, failed('z'))
    assert.ok(play.peer('z').dialing, 'it is dialled again at once')
  })

  it('gives a free place to fresh news first, then to whoever has been due longest', () => {
    const play = new Play({ maxDials: 1 })
    play.at(0, foundEvent('y'))
    play.at(10, failed('y'))
    play.at(20, foundEvent('x'))
    play.at(2000, foundEvent('z'))
    assert.equal(play.at(2100, failed('x'))[0]?.id, 'z')
    assert.equal(play.at(5000, failed('z'))[0]?.id, 'y', 'x became due later')
  })

  it('keeps its promises for every order of events', () => {
    const id = fc.constantFrom('a', 'b', 'y', 'z', 'x', 'w', SELF)
    const address = fc.constantFrom(...Array.from({ length: 6 }, (_, port) => `/ip4/10.0.0.1/tcp/${port + 1}`))
    const found: fc.Arbitrary<RedialEvent> = fc
      .record({
        id,
        addresses: fc.uniqueArray(address, { maxLength: 3 }),
        way: fc.constantFrom('beacon' as const, 'mdns' as const),
        instance: fc.constantFrom('1', '2', null)
      })
      .map((news) => ({ type: 'found', found: news }))
    const anything = fc.oneof(
      { weight: 3, arbitrary: found },
      { weight: 2, arbitrary: id.map((of): RedialEvent => ({ type: 'connected', id: of })) },
      { weight: 2, arbitrary: id.map((of): RedialEvent => ({ type: 'disconnected', id: of })) },
      { weight: 4, arbitrary: fc.nat(5).map((nth) => ({ type: 'end-of-dial' as const, nth, works: nth % 2 === 0 })) },
      { weight: 1, arbitrary: fc.constant<RedialEvent>({ type: 'network-changed' }) },
      { weight: 1, arbitrary: fc.constant<RedialEvent>({ type: 'tick' }) }
    )
    const schedule = fc.array(fc.tuple(fc.nat(20_000), anything), { maxLength: 60 })
    fc.assert(
      fc.property(schedule, fc.double({ min: 0, max: 0.999, noNaN: true }), (steps, chance) => {
        const play = new Play({ random: () => chance })
        const running = new Set<string>()
        let now = 0
        for (const [pause, step] of steps) {
          now += pause
          let event: RedialEvent
          if (step.type === 'end-of-dial') {
            const ended = [...running][step.nth]
            if (ended === undefined) continue
            running.delete(ended)
            event = step.works ? { type: 'dialed', id: ended } : failed(ended)
          } else {
            event = step
          }
          for (const { id: dialled } of play.at(now, event)) {
            assert.notEqual(dialled, SELF, 'invariant 1')
            assert.ok(!running.has(dialled), 'invariant 2: one for each peer')
            running.add(dialled)
          }
          assert.ok(running.size <= rules.maxDials, 'invariant 2: all at once')
          assert.ok(play.state.peers.size <= rules.maxPeers, 'invariant 5')
          for (const peer of play.state.peers.values()) {
            assert.ok(peer.addresses.length <= rules.maxAddresses, 'invariant 5')
            assert.equal(peer.dialing, running.has(peer.id), 'a dial is known as long as it runs')
            const isIdle = peer.connectedAt === null && !peer.dialing
            if (isIdle && peer.addresses.length > 0) {
              assert.ok(peer.dialAt <= now + MAX_WAIT_MS, `invariants 3 and 4: ${peer.id} waits until ${peer.dialAt}`)
            }
          }
        }
      }),
      { seed: 6373, numRuns: 3000 }
    )
  })

  it('gets round to every unreachable peer, also when more are due than may be dialled at once', () => {
    const play = new Play({ maxDials: 1 })
    const dialled = new Set<string>()
    let now = 0
    for (const peer of ['w', 'x', 'y', 'z']) play.at(now, foundEvent(peer))
    for (let round = 0; round < 12; round++) {
      const dialing = [...play.state.peers.values()].find((peer) => peer.dialing)
      now += 3000
      if (dialing !== undefined) dialled.add(dialing.id)
      play.at(now, dialing === undefined ? { type: 'tick' } : failed(dialing.id))
    }
    assert.deepEqual(dialled, new Set(['w', 'x', 'y', 'z']))
  })
})
