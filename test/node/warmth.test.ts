import assert from 'node:assert/strict'
import type { Message } from '../../src/interface.ts'
import { place } from '../../src/node/placement.ts'
import { Warmth, type Warm } from '../../src/node/warmth.ts'
import { device, NOW, offer, request } from './candidates.ts'
import { FakeDevices } from './fake-devices.ts'
import { FakeModel } from './fake-model.ts'

const MODEL = offer()
const OTHER = offer({ name: 'other' })
const DESKTOP = device('desktop', [MODEL, OTHER])
const TURN: Message[] = [{ role: 'user', content: 'Who was Ada Lovelace?' }]
const FOLLOW_UP: Message[] = [
  ...TURN,
  { role: 'assistant', content: 'A mathematician.' },
  { role: 'user', content: 'When did she live?' }
]

/** After one turn that the desktop answered. */
function answered(): Warmth {
  const warmth = new Warmth()
  warmth.answered(TURN, 'A mathematician.', { candidate: DESKTOP, model: MODEL })
  return warmth
}

describe('a conversation', () => {
  it('is known to the device that answered its last turn, by what was said and nothing else', () => {
    const warmth = answered()
    assert.equal(warmth.find(FOLLOW_UP)?.peerId, DESKTOP.peer.id)
    assert.ok(warmth.find(FOLLOW_UP)!.tokens > 0)
    assert.equal(warmth.find(TURN), undefined)
    const [first, , last] = FOLLOW_UP
    assert.equal(warmth.find([first!, { role: 'assistant', content: 'A poet.' }, last!]), undefined)
    assert.ok(warmth.find([first!, { role: 'assistant', content: 'A mathematician.\n' }, last!]) !== undefined)
  })

  it('is known no more to one that has read all of it again', () => {
    const warmth = answered()
    warmth.answered(FOLLOW_UP, '1815 to 1852.', { candidate: DESKTOP, model: MODEL }, 0)
    const next: Message[] = [...FOLLOW_UP, { role: 'assistant', content: '1815 to 1852.' }, ...TURN]
    assert.equal(warmth.find(next), undefined)
    warmth.answered(FOLLOW_UP, '1815 to 1852.', { candidate: DESKTOP, model: MODEL }, 12)
    assert.equal(warmth.find(next)?.peerId, DESKTOP.peer.id)
  })

  it('is known to one that has read all of it for the first time with another model', () => {
    const warmth = answered()
    warmth.answered(FOLLOW_UP, '1815 to 1852.', { candidate: DESKTOP, model: OTHER }, 0)
    const next: Message[] = [...FOLLOW_UP, { role: 'assistant', content: '1815 to 1852.' }, ...TURN]
    assert.equal(warmth.find(next)?.model, OTHER.hash)
  })

  it('is not forgotten while it is had again', () => {
    const warmth = answered()
    for (let other = 0; other < 100; other++) {
      warmth.answered([{ role: 'user', content: String(other) }], 'Yes.', { candidate: DESKTOP, model: MODEL })
      if (other === 50) warmth.answered(TURN, 'A mathematician.', { candidate: DESKTOP, model: MODEL })
    }
    assert.ok(warmth.find(FOLLOW_UP) !== undefined)
  })

  it('is forgotten when many others were had since', () => {
    const warmth = answered()
    for (let other = 0; other < 64; other++) {
      warmth.answered([{ role: 'user', content: String(other) }], 'Yes.', { candidate: DESKTOP, model: MODEL })
    }
    assert.equal(warmth.find(FOLLOW_UP), undefined)
  })

  describe('is carried on', () => {
    const warm: Warm = { peerId: DESKTOP.peer.id, instance: 'desktop', model: MODEL.hash, tokens: 2000 }
    const long = request({ promptTokens: 2100, warm })
    const chosen = (asked: typeof long, ...desktop: Parameters<typeof device>) =>
      place(asked, [device(...desktop), device('laptop', [MODEL], { here: true })], {}, NOW)[0]!

    it('where it was read, when that is worth more than the queue there', () => {
      assert.equal(chosen({ ...long, warm: undefined }, 'desktop', [MODEL]).candidate.peer.name, 'laptop')
      const { candidate, reason } = chosen(long, 'desktop', [MODEL])
      assert.equal(candidate.peer.name, 'desktop')
      assert.match(reason, /, has read the conversation, about/)
      // Reading it takes 4 s of 9, and each ask ahead half of what is left.
      assert.equal(chosen(long, 'desktop', [MODEL], { queue: 1 }).candidate.peer.name, 'desktop')
      assert.equal(chosen(long, 'desktop', [MODEL], { queue: 3 }).candidate.peer.name, 'laptop')
    })

    it('elsewhere when the process, the model or what was loaded is another one', () => {
      assert.equal(chosen({ ...long, warm: { ...warm, instance: 'before' } }, 'desktop', [MODEL]).candidate.here, true)
      assert.equal(chosen({ ...long, warm: { ...warm, model: OTHER.hash } }, 'desktop', [MODEL]).candidate.here, true)
      assert.equal(chosen(long, 'desktop', [{ ...MODEL, loadMs: 1 }]).candidate.here, true)
    })

    it('by the device that answered, though another one comes first otherwise', async () => {
      const model = new FakeModel({ name: 'big', parameters: 8e9, prefillRate: 2 }, [1, 1, 1, 1], () => 0)
      const mesh = new FakeDevices(
        ['here', 'there'].map((name) => [device(name, [model.offer], { here: name === 'here' }), [model]])
      )
      const { text } = await mesh.ask({ peer: 'there' }, undefined, TURN)
      const next: Message[] = [...TURN, { role: 'assistant', content: text }, { role: 'user', content: 'And then?' }]
      await mesh.ask({}, undefined, 'Something else?')
      await mesh.ask({}, undefined, next)
      assert.deepEqual(
        mesh.runs.map(({ peer }) => peer),
        ['there', 'here', 'there'].map((name) => device(name, []).peer.id)
      )
    })
  })
})
