import assert from 'node:assert/strict'
import { DOOR_OPEN_MS, DoorState } from '../../src/trust/index.ts'
import { below, oneOf, randomFrom } from './random.ts'

const MINUTE = 60_000

function openDoor(now = 0): DoorState {
  const door = new DoorState()
  door.open(now)
  return door
}

describe('the door', () => {
  it('is closed until a person opens it, and then for five minutes', () => {
    const door = new DoorState()
    assert.deepEqual([door.isOpen(0), door.closesInMs(0), door.begin('a', 0)], [false, 0, 'door-closed'])
    door.open(1000)
    assert.equal(DOOR_OPEN_MS, 5 * MINUTE)
    assert.equal(door.closesInMs(1000), 5 * MINUTE)
    assert.equal(door.isOpen(1000 + 5 * MINUTE - 1), true)
    assert.deepEqual([door.isOpen(1000 + 5 * MINUTE), door.closesInMs(1000 + 5 * MINUTE)], [false, 0])
    assert.equal(door.begin('a', 1000 + 5 * MINUTE), 'door-closed')
  })

  it('stays open five minutes from when it was opened last, and can be closed', () => {
    const door = openDoor()
    door.open(3 * MINUTE)
    assert.equal(door.closesInMs(3 * MINUTE), 5 * MINUTE)
    door.close()
    assert.equal(door.isOpen(3 * MINUTE), false)
  })

  it('is closed by the third try that came to nothing', () => {
    const door = openDoor()
    for (const id of ['a', 'b', 'c']) {
      assert.equal(door.isOpen(1), true)
      assert.equal(door.begin(id, 1), null)
      door.end(id, false)
    }
    assert.equal(door.isOpen(1), false)
    assert.equal(door.begin('d', 1), 'door-closed')
    door.open(2)
    assert.equal(door.begin('d', 2), null)
  })

  it('is not closed by those that were admitted', () => {
    const door = openDoor()
    for (let i = 0; i < 20; i++) {
      assert.equal(door.begin(`device ${i}`, 1), null)
      door.end(`device ${i}`, true)
    }
    assert.equal(door.isOpen(1), true)
  })

  it('gives strangers three tries for each opening, however they come and go', () => {
    const random = randomFrom(3)
    for (let round = 0; round < 500; round++) {
      const door = openDoor()
      const inside: string[] = []
      let begun = 0
      for (let step = 0; step < 50; step++) {
        const id = `stranger ${below(1000, random)}`
        if (random() < 0.5) {
          if (door.begin(id, step) === null) {
            begun++
            inside.push(id)
          }
        } else {
          const [leaving] = inside.splice(below(inside.length, random), 1)
          if (leaving !== undefined) door.end(leaving, false)
        }
      }
      assert.ok(begun <= 3, `${begun} began`)
    }
  })

  it('lets three compare codes at a time, and says busy to others', () => {
    const door = openDoor()
    for (const id of ['a', 'b', 'c']) assert.equal(door.begin(id, 1), null)
    assert.equal(door.begin('d', 1), 'busy')
    door.end('b', true)
    assert.equal(door.begin('d', 1), null)
    assert.equal(door.begin('e', 1), 'busy')
  })

  it('lets those who began finish when it closes, and counts them when it is opened again', () => {
    const door = openDoor()
    assert.equal(door.begin('a', 1), null)
    door.close()
    assert.equal(door.isWith('a'), true)
    door.open(2)
    assert.deepEqual([door.begin('b', 2), door.begin('c', 2), door.begin('d', 2)], [null, null, 'busy'])
  })

  it('speaks with one device once at a time', () => {
    const door = openDoor()
    assert.equal(door.isWith('a'), false)
    assert.equal(door.begin('a', 1), null)
    assert.deepEqual([door.isWith('a'), door.begin('a', 1), door.begin('a', 1, 'ticket')], [true, 'busy', 'busy'])
    door.end('a', true)
    assert.deepEqual([door.isWith('a'), door.begin('a', 1)], [false, null])
  })

  it('lets in whoever brings a ticket while it is closed, but eight at once in all', () => {
    const door = new DoorState()
    for (let i = 0; i < 8; i++) assert.equal(door.begin(`device ${i}`, 1, 'ticket'), null)
    assert.equal(door.begin('ninth', 1, 'ticket'), 'busy')
    door.open(1)
    assert.equal(door.begin('ninth', 1), 'busy')
    door.end('device 0', false)
    assert.equal(door.begin('ninth', 1), null)
  })

  it('does not take a ticket that came to nothing for a try, nor an end of what never began', () => {
    const door = openDoor()
    for (let i = 0; i < 10; i++) {
      assert.equal(door.begin('a', 1, 'ticket'), null)
      door.end('a', false)
      door.end('a', false)
      door.end('never', false)
    }
    assert.equal(door.isOpen(1), true)
    // Those with tickets take no place from those who compare.
    for (const id of ['t', 'u', 'v', 'w']) door.begin(id, 1, 'ticket')
    assert.deepEqual([door.begin('b', 1), door.begin('c', 1), door.begin('d', 1)], [null, null, null])
  })
})

describe('a knock', () => {
  it('is shown to people at most once a minute, whoever knocks', () => {
    const door = new DoorState()
    assert.equal(door.knock('a', 5), true)
    assert.equal(door.knock('b', 5), false)
    assert.equal(door.knock('b', 5 + MINUTE - 1), false)
    assert.equal(door.knock('b', 5 + MINUTE), true)
  })

  it('of the same device is shown again after five minutes only, so that others have their turn', () => {
    const door = new DoorState()
    assert.equal(door.knock('a', 0), true)
    for (let minute = 1; minute < 5; minute++) assert.equal(door.knock('a', minute * MINUTE), false)
    assert.equal(door.knock('a', 5 * MINUTE), true)
  })

  it('of ten thousand devices within an hour is shown sixty times', () => {
    const door = new DoorState()
    const random = randomFrom(4)
    let shown = 0
    for (let i = 0; i < 10_000; i++) {
      if (door.knock(oneOf(['a', 'b', `stranger ${i}`], random), i * 360)) shown++
    }
    assert.equal(shown, 60)
  })
})
