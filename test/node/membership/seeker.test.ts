import assert from 'node:assert/strict'
import { PairingFailedError, PeerUnreachableError } from '../../../src/errors.ts'
import type { MembershipEvent } from '../../../src/interface.ts'
import type { Applicant } from '../../../src/node/membership/applicant.ts'
import type { OwnRoster } from '../../../src/node/membership/own-roster.ts'
import { Seeker, type SeekerInit } from '../../../src/node/membership/seeker.ts'
import { LOOK_MS } from '../../../src/node/membership/looking.ts'
import { VirtualClock } from '../virtual-clock.ts'

const COMPARISON = { code: '302980' }
/** Doors are heard this often while they are open. */
const CALL_MS = 5000

interface Given {
  /** What becomes of a knock before anything is there to be compared. */
  knock?: (id: string) => Promise<void>
  /** What becomes of it after that. */
  outcome?: (id: string) => Promise<void>
  start?: () => void
  /** @default it has no mesh */
  mesh?: { isProvisional: boolean }
  probes?: SeekerInit['probes']
}

describe('a seeker', () => {
  let seeker: Seeker
  let clock: VirtualClock
  let knocked: string[]
  let events: MembershipEvent[]
  let started: number
  let changes: number
  let applicant: { isBusy: boolean }

  function begin({ knock, outcome, start, mesh, probes = [] }: Given = {}): void {
    clock = new VirtualClock()
    knocked = []
    events = []
    started = changes = 0
    applicant = { isBusy: false }
    const every = (ms: number, run: () => void): (() => void) => {
      let cancel = clock.after(ms, again)
      function again(): void {
        run()
        cancel = clock.after(ms, again)
      }
      return () => {
        cancel()
      }
    }
    seeker = new Seeker({
      self: 'peer-m',
      wish: { mesh: null, startNew: false, canLook: true },
      roster: { mesh: mesh === undefined ? null : 'its id', words: 'lucky-mole', ...mesh } as unknown as OwnRoster,
      applicant: {
        get isBusy() {
          return applicant.isBusy
        },
        knock: async ({ id }: { id: string }) => {
          knocked.push(id)
          await knock?.(id)
          return { comparison: COMPARISON, outcome: outcome?.(id) ?? Promise.resolve() }
        }
      } as unknown as Applicant,
      clock: { wall: () => 0, monotonic: clock.monotonic, after: clock.after, every },
      probes,
      emit: (event) => events.push(event),
      start: () => {
        start?.()
        started++
      },
      changed: () => changes++
    })
    seeker.begin()
  }

  function hear(id: string, mesh: string | null = `mesh-${id}`): void {
    seeker.hear({ type: 'door', door: { id, mesh, addresses: ['/ip4/10.0.0.1/tcp/1'] } })
  }

  /** Doors that are open from now on, for as long as the test goes. */
  function calls(...doors: [id: string, mesh?: string][]): void {
    for (const [id, mesh] of doors) hear(id, mesh)
    clock.after(CALL_MS, () => {
      calls(...doors)
    })
  }

  function reasons(): string[] {
    return events.flatMap((event) => (event.type === 'not-joined' ? [event.reason] : []))
  }

  afterEach(() => {
    seeker.stop()
  })

  it('starts a mesh when nobody is heard', async () => {
    begin()
    await clock.pass(LOOK_MS - 1)
    assert.equal(started, 0)
    await clock.pass(1)
    assert.equal(started, 1)
    assert.equal(seeker.isWaiting, false)
  })

  it('starts one also when an invite came to nothing meanwhile', async () => {
    begin()
    applicant.isBusy = true
    await clock.pass(LOOK_MS + 1)
    assert.equal(started, 0)
    applicant.isBusy = false
    await clock.pass(60_000)
    assert.equal(started, 1)
  })

  it('tells why no mesh could be started, and tries again', async () => {
    let isFull = true
    begin({
      start: () => {
        if (isFull) throw new Error('the disk is full')
      }
    })
    await clock.pass(LOOK_MS + 1)
    isFull = false
    await clock.pass(60_000)
    assert.match(reasons().join(), /the disk is full/)
    assert.equal(started, 1)
  })

  it('asks at the only door, and no longer waits when it is let in', async () => {
    begin()
    calls(['door'], ['other', 'mesh-other'])
    await clock.pass(LOOK_MS)
    assert.equal(seeker.isWaiting, true)
    const comparison = await seeker.knock({ id: 'door', mesh: null, addresses: [] })
    assert.equal(comparison, COMPARISON)
    await new Promise(setImmediate)
    assert.equal(seeker.isWaiting, false)
  })

  it('tells a person of several doors once, and asks at none', async () => {
    begin()
    assert.equal(seeker.isWaiting, false)
    calls(['a'], ['b'])
    await clock.pass(60_000)
    assert.deepEqual(knocked, [])
    assert.deepEqual(
      events.map((event) => event.type === 'doors' && event.doors.map(({ id }) => id)),
      [['a', 'b']]
    )
    assert.equal(changes, 1)
    assert.equal(seeker.isWaiting, true)
    calls(['c'])
    await clock.pass(10_000)
    assert.equal(events.length, 2)
  })

  for (const [what, error] of [
    ['cannot be reached', new PeerUnreachableError('no route')],
    ['is closed', new PairingFailedError('closed', { details: { reason: 'door-closed' } })],
    ['is busy', new PairingFailedError('busy', { details: { reason: 'busy' } })]
  ] as const) {
    it(`asks again, without a word, at a door that ${what}`, async () => {
      begin({ knock: () => Promise.reject(error) })
      calls(['door'])
      await clock.pass(LOOK_MS + 30_000)
      // At the end of the look, and at the first call after ten seconds.
      assert.equal(knocked.length, 3)
      assert.deepEqual(reasons(), [])
      // Somebody is there who has a mesh: this is no time to start another.
      assert.equal(started, 0)
    })
  }

  it('says why a door refused it, and asks there no more', async () => {
    begin({ knock: () => Promise.reject(new PairingFailedError('removed', { details: { reason: 'removed' } })) })
    calls(['door'])
    await clock.pass(120_000)
    assert.deepEqual(knocked, ['door'])
    assert.deepEqual(reasons(), ['removed'])
  })

  it('asks at no fourth door by itself after three codes came to nothing, until a person chose one', async () => {
    begin({ outcome: () => Promise.reject(new PairingFailedError('declined')) })
    clock.oversleep(LOOK_MS)
    const door = async (id: string): Promise<void> => {
      hear(id)
      await new Promise(setImmediate)
      // A door that is no longer heard leaves the next one as the only one.
      clock.oversleep(20_000)
    }
    for (let index = 0; index < 6; index++) await door(`door-${index}`)
    assert.deepEqual(knocked, ['door-0', 'door-1', 'door-2'])
    assert.equal(reasons().length, 3)
    assert.equal(seeker.isWaiting, true)
    await seeker.knock({ id: 'door-9', mesh: null, addresses: [] })
    await new Promise(setImmediate)
    assert.equal(reasons().length, 4)
    await door('door-10')
    assert.deepEqual(knocked.slice(3), ['door-9', 'door-10'])
  })

  it('moves from a mesh of its own into the one whose words come first, at once', async () => {
    begin({ mesh: { isProvisional: true } })
    hear('door', 'amber-otter')
    await clock.pass(0)
    assert.deepEqual(knocked, ['door'])
    assert.equal(started, 0)
  })

  it('lets the other mesh move first where its words come later', async () => {
    begin({ mesh: { isProvisional: true } })
    calls(['door', 'witty-newt'])
    await clock.pass(9_999)
    assert.deepEqual(knocked, [])
    await clock.pass(5_001)
    assert.deepEqual(knocked.slice(0, 1), ['door'])
  })

  it('moves nowhere when there are several doors, or others are in its mesh, or three codes came to nothing', async () => {
    begin({ mesh: { isProvisional: true } })
    calls(['a', 'witty-newt'], ['b', 'young-yak'])
    await clock.pass(30_000)
    assert.deepEqual(knocked, [])

    begin({ mesh: { isProvisional: false } })
    calls(['a', 'amber-otter'])
    await clock.pass(30_000)
    assert.deepEqual(knocked, [])

    begin({ mesh: { isProvisional: true }, outcome: () => Promise.reject(new PairingFailedError('declined')) })
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      hear(id, 'amber-otter')
      await new Promise(setImmediate)
      clock.oversleep(20_000)
    }
    assert.deepEqual(knocked, ['a', 'b', 'c'])
  })

  it('does nothing more after its end', async () => {
    let probed = 0
    begin({ probes: [() => Promise.resolve({ id: 'probed', address: String(++probed) })] })
    await clock.pass(LOOK_MS - 1)
    seeker.stop()
    hear('door')
    await clock.pass(60_000)
    assert.deepEqual([knocked, events, started, probed], [[], [], 0, 1])
  })

  describe('that was given addresses', () => {
    const probes: SeekerInit['probes'] = [
      () => Promise.reject(new Error('nobody')),
      () => Promise.resolve(null),
      () => Promise.resolve({ id: 'there', address: '/ip4/10.0.0.9/tcp/6373' })
    ]

    it('asks at the door that is behind one of them', async () => {
      begin({ probes })
      await clock.pass(LOOK_MS)
      assert.deepEqual(knocked, ['there'])
    })

    it('looks there again, for as long as it may join, and not while it pairs', async () => {
      let probed = 0
      const probe = (): Promise<null> => {
        probed++
        return Promise.resolve(null)
      }
      begin({ probes: [probe], mesh: { isProvisional: true } })
      await clock.pass(12_000)
      assert.equal(probed, 3)
      applicant.isBusy = true
      await clock.pass(20_000)
      assert.equal(probed, 3)

      probed = 0
      begin({ probes: [probe], mesh: { isProvisional: false } })
      await clock.pass(12_000)
      assert.equal(probed, 0)
    })
  })
})
