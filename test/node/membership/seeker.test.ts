import assert from 'node:assert/strict'
import { PairingFailedError } from '../../../src/errors.ts'
import type { MembershipEvent } from '../../../src/interface.ts'
import type { Applicant } from '../../../src/node/membership/applicant.ts'
import type { OwnRoster } from '../../../src/node/membership/own-roster.ts'
import { Seeker } from '../../../src/node/membership/seeker.ts'
import { LOOK_MS } from '../../../src/node/membership/looking.ts'
import { VirtualClock } from '../virtual-clock.ts'

describe('a seeker', () => {
  function seeker(knock: (id: string) => Promise<unknown>, start: () => void = () => undefined) {
    const clock = new VirtualClock()
    const knocked: string[] = []
    const events: MembershipEvent[] = []
    let started = 0
    const application = { isBusy: false }
    const it = new Seeker({
      self: 'peer-m',
      wish: { mesh: null, startNew: false, canLook: true },
      roster: { mesh: null } as unknown as OwnRoster,
      applicant: {
        get isBusy() {
          return application.isBusy
        },
        knock: (door: { id: string }) => {
          knocked.push(door.id)
          return Promise.resolve({ comparison: {}, outcome: knock(door.id) })
        }
      } as unknown as Applicant,
      clock: { wall: () => 0, monotonic: clock.monotonic, after: clock.after, every: () => () => undefined },
      probes: [],
      emit: (event) => events.push(event),
      start: () => {
        start()
        started++
      },
      changed: () => undefined
    })
    const hear = (id: string) => {
      it.hear({ type: 'door', door: { id, mesh: `mesh-${id}`, addresses: ['/ip4/10.0.0.1/tcp/1'] } })
    }
    return { it, clock, knocked, events, hear, application, started: () => started }
  }

  it('starts a mesh when nobody is heard', async () => {
    const { it, clock, started } = seeker(() => Promise.resolve())
    it.begin()
    await clock.run(clock.sleep(LOOK_MS))
    assert.equal(started(), 1)
    it.stop()
  })

  it('starts one also when an invite came to nothing meanwhile', async () => {
    const { it, clock, started, application } = seeker(() => Promise.resolve())
    application.isBusy = true
    it.begin()
    clock.after(LOOK_MS + 1, () => (application.isBusy = false))
    await clock.run(clock.sleep(60_000))
    assert.equal(started(), 1)
    it.stop()
  })

  it('tells why no mesh could be started, and tries again', async () => {
    let isFull = true
    const { it, clock, events, started } = seeker(
      () => Promise.resolve(),
      () => {
        if (isFull) throw new Error('the disk is full')
      }
    )
    it.begin()
    clock.after(LOOK_MS + 1, () => (isFull = false))
    await clock.run(clock.sleep(60_000))
    assert.match(JSON.stringify(events), /not-joined.*the disk is full/)
    assert.equal(started(), 1)
    it.stop()
  })

  it('asks at no fourth door by itself after three codes came to nothing', async () => {
    const { it, clock, knocked, events, hear } = seeker(() => Promise.reject(new PairingFailedError('declined')))
    it.begin()
    clock.oversleep(LOOK_MS)
    for (let door = 0; door < 6; door++) {
      hear(`door-${door}`)
      await new Promise(setImmediate)
      // A door that is no longer heard leaves the next one as the only one.
      clock.oversleep(20_000)
    }
    assert.deepEqual(knocked, ['door-0', 'door-1', 'door-2'])
    assert.equal(events.filter(({ type }) => type === 'not-joined').length, 3)
    assert.equal(it.isWaiting, true)
    await it.knock({ id: 'door-9', mesh: null, addresses: [] })
    assert.equal(knocked.at(-1), 'door-9')
    it.stop()
  })
})
