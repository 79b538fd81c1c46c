import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import { peerIdOf } from '../../../src/node/membership/keys.ts'
import { Remembering } from '../../../src/node/memories/remembering.ts'
import type { SyncMessage } from '../../../src/protocols/sync/index.ts'
import { keyOf, openDevice, removeHome, type TestDevice } from '../../crdt/device.ts'
import { ManualClock } from '../../protocols/manual-clock.ts'

describe('a sync on a device where somebody waits for an answer', () => {
  let here: TestDevice
  let other: TestDevice
  let clock: ManualClock
  let isBusy: boolean

  beforeEach(() => {
    ;[here, other] = [openDevice({ key: keyOf('a') }), openDevice({ key: keyOf('b') })]
    clock = new ManualClock()
    isBusy = false
  })

  afterEach(() => {
    for (const device of [here, other]) {
      device.close()
      removeHome(device.home)
    }
  })

  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await nextTurn()
  }

  /** A talk with the other one, and what was sent in it. */
  function talk() {
    const remembering = new Remembering({
      database: here.database,
      clock,
      self: peerIdOf(here.key),
      isMember: () => true,
      label: (id) => ({ id, name: id }),
      isBusy: () => isBusy,
      emit: () => undefined,
      warn: () => undefined
    })
    const sent: SyncMessage[] = []
    const send = (message: SyncMessage) => {
      sent.push(message)
      return Promise.resolve()
    }
    const link = remembering.meet({ peer: peerIdFromString(peerIdOf(other.key)), leads: true, send })
    link.start()
    return { remembering, link, sent }
  }

  it('takes an update at once and the next one after a pause, and all at once when nobody waits', async () => {
    const updates: SyncMessage[] = []
    other.documents.onChange(({ document, update }) => updates.push({ type: 'update', document, update }))
    for (const text of ['one', 'two', 'three']) other.memories.remember({ text })
    const { remembering, link } = talk()
    isBusy = true
    let taken = 0
    const receive = async () => {
      for (const update of updates) {
        await link.receive(update)
        taken++
      }
    }
    const received = receive()
    await turns()
    assert.equal(remembering.memories.count(), 1)
    assert.equal(taken, 0)
    clock.advance(199)
    await turns()
    assert.equal(remembering.memories.count(), 1)
    clock.advance(1)
    await turns()
    assert.equal(remembering.memories.count(), 2)
    isBusy = false
    clock.advance(200)
    await received
    assert.equal(remembering.memories.count(), 3)
  })

  it('sends in the same way', async () => {
    const { remembering, sent } = talk()
    isBusy = true
    await turns()
    const updates = () => sent.filter(({ type }) => type === 'update').length
    for (const text of ['one', 'two', 'three']) remembering.memories.remember({ text })
    await turns()
    assert.equal(updates(), 1)
    clock.advance(200)
    await turns()
    assert.equal(updates(), 2)
    isBusy = false
    clock.advance(200)
    await turns()
    assert.equal(updates(), 3)
  })
})
