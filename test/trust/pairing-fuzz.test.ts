import assert from 'node:assert/strict'
import type { PairMessage } from '../../src/interface.ts'
import { commitmentOf, type PairingEvent } from '../../src/trust/index.ts'
import { BOX, meet, MESH, SESSION, type Side } from './pairing-side.ts'
import { below, oneOf, randomFrom, randomHex } from './random.ts'

const SEQUENCES = 10_000
const MOST_EVENTS = 14

const WRONG = ['', 'ff', `${BOX}0`, BOX.toUpperCase()]

/** Words that are right, others of the same length, and some of the wrong length or case. */
function word(right: readonly string[], random: () => number): string {
  return random() < 0.8 ? oneOf(right, random) : oneOf([...WRONG, randomHex(32, random), randomHex(16, random)], random)
}

function anyMessage(heard: readonly PairMessage[], random: () => number): PairMessage {
  const nonces = ['11'.repeat(16), '22'.repeat(16)]
  const commitments = heard.flatMap((message) => (message.type === 'commitment' ? [message.commitment] : []))
  const mesh = random() < 0.5 ? null : word([MESH], random)
  const messages: PairMessage[] = [
    { type: 'hello', session: word([SESSION], random), ticket: random() < 0.8 ? null : { id: BOX, proof: BOX } },
    { type: 'commitment', commitment: word([...commitments, BOX], random), mesh },
    { type: 'reveal', nonce: word(nonces, random) },
    { type: 'confirmed', name: word(['phone'], random), box: word([BOX], random) },
    { type: 'records', records: [] },
    { type: 'admitted', mesh: word([MESH], random), proof: random() < 0.8 ? null : BOX },
    { type: 'refused', reason: 'busy' }
  ]
  // A refusal ends everything, and is soon tried out.
  return oneOf(messages.slice(0, random() < 0.1 ? 7 : 6), random)
}

function anyEvent(side: Side, due: PairMessage | undefined, random: () => number): PairingEvent {
  const chance = random()
  if (due !== undefined && chance < 0.6) return { type: 'message', message: due }
  if (chance < 0.8) {
    const verdict = random() < 0.9 ? 'yes' : 'no'
    return { type: 'person', verdict, name: word(['phone'], random), box: word([BOX], random) }
  }
  return chance < 0.81 ? { type: 'timeout' } : { type: 'message', message: anyMessage(side.said, random) }
}

/** What the other side of an undisturbed pairing says, in order. */
function wellBehaved(side: 'newcomer' | 'member'): PairMessage[] {
  const { newcomer, member } = meet('codes')
  newcomer.yes()
  return side === 'member'
    ? [{ type: 'hello', session: SESSION, ticket: null }, ...newcomer.said]
    : [...member.said, { type: 'records', records: [] }, { type: 'admitted', mesh: MESH, proof: null }]
}

/** What is allowed to have happened before a good end, read off the events alone. */
class Witness {
  commitment: string | undefined
  isOpened = false
  isAccepted = false
  isConfirmed = false

  see(event: PairingEvent, side: Side): void {
    if (event.type === 'person') {
      if (event.verdict === 'yes' && side.codes.length > 0) this.isAccepted = true
      return
    }
    if (event.type !== 'message') return
    const { message } = event
    if (message.type === 'commitment') this.commitment ??= message.commitment
    if (message.type === 'reveal' && this.commitment !== undefined) {
      const { other, session, mesh, side: own } = side.state
      const otherSide = own === 'member' ? 'newcomer' : 'member'
      const said = { side: otherSide, key: other, mesh: mesh ?? '', session: session ?? '' } as const
      this.isOpened ||= commitmentOf({ ...said, nonce: message.nonce }) === this.commitment
    }
    if (message.type === (side.state.side === 'member' ? 'confirmed' : 'admitted')) this.isConfirmed ||= this.isOpened
  }
}

describe('whatever a device hears in a pairing', () => {
  for (const name of ['newcomer', 'member'] as const) {
    it(`a ${name} ends well only when the other side's commitment was opened and both persons said yes`, () => {
      const random = randomFrom(name.length)
      const all = wellBehaved(name)
      let wellEnded = 0
      for (let i = 0; i < SEQUENCES; i++) {
        const side = meet('hello')[name]
        const due = [...all]
        const witness = new Witness()
        const events: PairingEvent[] = []
        for (let left = 4 + below(MOST_EVENTS, random); left > 0; left--) {
          const event = anyEvent(side, due[0], random)
          if (event.type === 'message' && event.message === due[0]) due.shift()
          events.push(event)
          witness.see(event, side)
          const wasEnded = side.end !== undefined
          const codesBefore = side.codes.length
          const said = side.step(event)
          const story = () => `sequence ${i}: ${JSON.stringify(events)}`
          assert.ok(!wasEnded || said.length === 0, story())
          // Nothing is revealed before the other side has committed, nothing shown before it has opened that.
          if (said.some(({ type }) => type === 'reveal')) assert.ok(witness.commitment !== undefined, story())
          if (side.codes.length > codesBefore) assert.ok(witness.isOpened && side.codes.length === 1, story())
          if (said.some(({ type }) => type === 'confirmed'))
            assert.ok(witness.isAccepted && name === 'newcomer', story())
          if (side.end?.ok === true && !wasEnded) {
            wellEnded++
            assert.ok(witness.isOpened && witness.isAccepted && witness.isConfirmed, story())
          }
        }
      }
      // Else it has shown nothing.
      assert.ok(wellEnded > SEQUENCES / 100, `${wellEnded} of ${SEQUENCES} sequences ended well`)
    })
  }
})
