import assert from 'node:assert/strict'
import { tagOf } from '../../../src/protocols/discovery/datagram.ts'
import { COMMON_TAG, meshTag } from '../../../src/protocols/discovery/index.ts'
import {
  answerToKnock,
  isSameVoice,
  meaningOf,
  sayings,
  SILENT,
  tagFor
} from '../../../src/protocols/discovery/voice.ts'
import { datagram, LOOKING, MEMBER, NEIGHBOUR } from './beacon.fixture.ts'

const OPEN = { ...MEMBER, door: 7 }

describe('a voice', () => {
  it('says no more than it holds', () => {
    assert.deepEqual(sayings(SILENT), [])
    assert.deepEqual(sayings(MEMBER), ['mesh'])
    assert.deepEqual(sayings(OPEN), ['mesh', 'door'])
    assert.deepEqual(sayings(LOOKING), ['knock'])
    // A mesh of one device that looks for another one.
    assert.deepEqual(sayings({ ...OPEN, looking: true }), ['mesh', 'door', 'knock'])
  })

  it('answers a knock by the open door, else by its mesh; a newcomer answers nothing', () => {
    assert.equal(answerToKnock(OPEN), 'door')
    assert.equal(answerToKnock(MEMBER), 'mesh')
    assert.equal(answerToKnock({ ...MEMBER, looking: true }), 'mesh')
    assert.equal(answerToKnock(LOOKING), undefined)
    assert.equal(answerToKnock(SILENT), undefined)
  })

  it('names its mesh to members only', () => {
    assert.equal(tagFor('mesh', MEMBER), tagOf(MEMBER.mesh!))
    assert.equal(tagFor('door', OPEN), tagOf(COMMON_TAG))
    assert.equal(tagFor('knock', LOOKING), tagOf(COMMON_TAG))
    assert.notEqual(tagOf(meshTag('00'.repeat(32))), tagOf(meshTag('01'.repeat(32))))
  })

  it('understands others by its own mesh', async () => {
    const common = { tag: tagOf(COMMON_TAG) }
    const heard = await datagram()
    const cases = [
      [heard, MEMBER, 'mesh'],
      [heard, NEIGHBOUR, 'foreign'],
      [heard, LOOKING, 'foreign'],
      [heard, SILENT, 'foreign'],
      [await datagram({ ...common, words: 7 }), MEMBER, 'door'],
      [await datagram({ ...common, words: 7 }), SILENT, 'door'],
      // An open door of who listens nowhere is no knock, and a release without words has an open door always.
      [await datagram({ ...common, words: 0, addresses: [] }), LOOKING, 'door'],
      [await datagram(common), LOOKING, 'door'],
      [await datagram({ ...common, addresses: [] }), MEMBER, 'knock'],
      [await datagram({ ...common, addresses: [] }), LOOKING, 'knock']
    ] as const
    for (const [said, voice, meaning] of cases) assert.equal(meaningOf(said, voice), meaning)
  })

  it('is the same when everything in it is', () => {
    assert.ok(isSameVoice(OPEN, { ...OPEN }))
    for (const change of [{ mesh: null }, { door: 8 }, { looking: true }]) {
      assert.ok(!isSameVoice(OPEN, { ...OPEN, ...change }))
    }
  })
})
