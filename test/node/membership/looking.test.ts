import assert from 'node:assert/strict'
import {
  beginLooking,
  decide,
  doorToMoveTo,
  DOOR_FORGOTTEN_MS,
  hear,
  LOOK_MS,
  openDoors,
  YIELD_MS,
  type Heard,
  type Looking,
  type Wish
} from '../../../src/node/membership/looking.ts'

const ANYTHING: Wish = { mesh: null, startNew: false, canLook: true }
const SELF = 'peer-m'

function door(id: string, mesh: string | null): Heard {
  return { type: 'door', door: { id, mesh, addresses: [`/ip4/10.0.0.1/tcp/1/${id}`] } }
}

function heard(...events: [at: number, heard: Heard][]): Looking {
  return events.reduce((looking, [at, event]) => hear(looking, event, at), beginLooking(SELF, 0))
}

describe('a device without a mesh', () => {
  it('looks for three seconds, whatever it hears', () => {
    assert.deepEqual(decide(heard([10, door('a', 'amber-otter')]), ANYTHING, 1000), {
      type: 'wait',
      ms: LOOK_MS - 1000
    })
  })

  it('asks to be let in at the only open door', () => {
    const decision = decide(heard([10, door('a', 'amber-otter')]), ANYTHING, LOOK_MS)
    assert.equal(decision.type === 'knock' && decision.door.id, 'a')
  })

  it('takes two devices of one mesh for one door', () => {
    const looking = heard([10, door('a', 'amber-otter')], [20, door('b', 'amber-otter')])
    assert.equal(openDoors(looking, 30).length, 1)
    assert.equal(decide(looking, ANYTHING, LOOK_MS).type, 'knock')
  })

  it('lets a person choose between the doors of two meshes, and shares nothing with either before', () => {
    const looking = heard([10, door('a', 'amber-otter')], [20, door('b', 'brave-heron')])
    const decision = decide(looking, ANYTHING, LOOK_MS)
    assert.deepEqual(decision.type === 'ask-person' && decision.doors.map(({ mesh }) => mesh), [
      'amber-otter',
      'brave-heron'
    ])
  })

  it('goes to the mesh that was named, at once, past the door of another', () => {
    const looking = heard([10, door('a', 'amber-otter')], [20, door('b', 'brave-heron')])
    const decision = decide(looking, { ...ANYTHING, mesh: 'brave-heron' }, 30)
    assert.equal(decision.type === 'knock' && decision.door.id, 'b')
  })

  it('asks where no words are known only when the mesh that was named is not heard', () => {
    const wish = { ...ANYTHING, mesh: 'brave-heron' }
    const unknown = heard([10, door('a', null)])
    assert.equal(decide(unknown, wish, 30).type, 'wait')
    assert.equal(decide(unknown, wish, LOOK_MS).type, 'knock')
    const decision = decide(hear(unknown, door('b', 'brave-heron'), 40), wish, LOOK_MS)
    assert.equal(decision.type === 'knock' && decision.door.id, 'b')
  })

  it('waits for the mesh that was named, and never starts another', () => {
    assert.deepEqual(decide(heard(), { ...ANYTHING, mesh: 'brave-heron' }, 10 * LOOK_MS), {
      type: 'ask-person',
      doors: []
    })
  })

  it('waits for a person where a mesh is near whose door is closed', () => {
    assert.deepEqual(decide(heard([10, { type: 'foreign' }]), ANYTHING, LOOK_MS), { type: 'ask-person', doors: [] })
  })

  it('starts a mesh in silence, and at once where it cannot look or was told to', () => {
    assert.deepEqual(decide(heard(), ANYTHING, LOOK_MS), { type: 'start' })
    assert.deepEqual(decide(heard(), { ...ANYTHING, canLook: false }, 0), { type: 'start' })
    assert.deepEqual(decide(heard([10, { type: 'foreign' }]), { ...ANYTHING, startNew: true }, 20), { type: 'start' })
  })

  it('lets the newcomer with the smaller id start the mesh, but not for ever', () => {
    const smaller = heard([10, { type: 'knock', id: 'peer-a' }])
    assert.deepEqual(decide(smaller, ANYTHING, LOOK_MS), { type: 'wait', ms: YIELD_MS })
    assert.deepEqual(decide(smaller, ANYTHING, LOOK_MS + YIELD_MS), { type: 'start' })
    const larger = heard([10, { type: 'knock', id: 'peer-z' }])
    assert.deepEqual(decide(larger, ANYTHING, LOOK_MS), { type: 'start' })
  })

  it('forgets a door that is no longer heard', () => {
    const looking = heard([0, door('a', 'amber-otter')])
    assert.equal(openDoors(looking, DOOR_FORGOTTEN_MS - 1).length, 1)
    assert.equal(openDoors(looking, DOOR_FORGOTTEN_MS).length, 0)
  })

  it('does not try a door again by itself that turned it away', () => {
    const tried = heard([0, door('a', 'amber-otter')], [4000, { type: 'tried', id: 'a', notBefore: 14_000 }])
    assert.equal(decide(tried, ANYTHING, 4001).type, 'ask-person')
    assert.equal(decide(hear(tried, door('a', 'amber-otter'), 14_000), ANYTHING, 14_000).type, 'knock')
  })

  it('keeps a bounded number of doors, however many a stranger opens', () => {
    const many = Array.from({ length: 1000 }, (_, index): [number, Heard] => [index, door(`id-${index}`, null)])
    assert.equal(openDoors(heard(...many), 1000).length, 32)
  })

  it('keeps the words of a door that another way of discovery does not tell', () => {
    const looking = heard([0, door('a', 'amber-otter')], [10, door('a', null)])
    assert.equal(openDoors(looking, 20)[0]?.mesh, 'amber-otter')
  })
})

describe('a device that is alone in its mesh', () => {
  const own = { id: SELF, words: 'calm-lynx' }

  it('moves at once into the mesh whose words come before its own', () => {
    assert.equal(doorToMoveTo(heard([0, door('a', 'amber-otter')]), own, 10)?.id, 'a')
  })

  it('gives the other one ten seconds to move when its own words come first', () => {
    const looking = heard([0, door('a', 'vivid-wren')], [9000, door('a', 'vivid-wren')])
    assert.equal(doorToMoveTo(looking, own, 9999), null)
    assert.equal(doorToMoveTo(looking, own, 10_000)?.id, 'a')
  })

  it('stays where two other meshes are open', () => {
    const looking = heard([0, door('a', 'amber-otter')], [0, door('b', 'brave-heron')])
    assert.equal(doorToMoveTo(looking, own, 60), null)
  })
})
