import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { inOnePiece, together, TOGETHER_BYTES } from '../../src/protocols/together.ts'

type Bytes = Uint8Array | Uint8ArrayList

/** A connection that keeps what is sent, and has room or not. */
function connection() {
  const sent: number[][] = []
  const made = {
    sent,
    hasRoom: true,
    send: (bytes: Bytes): boolean => {
      sent.push([...bytes.subarray()])
      return made.hasRoom
    }
  }
  return made
}

const never = (): boolean => false

describe('messages that are sent together', () => {
  it('go out as one at the end of the turn, in their order', async () => {
    const made = connection()
    const { send } = together(made, never)
    assert.ok(send(Uint8Array.of(1, 2)))
    assert.ok(send(new Uint8ArrayList(Uint8Array.of(3), Uint8Array.of(4))))
    assert.deepEqual(made.sent, [])
    await setImmediate()
    assert.deepEqual(made.sent, [[1, 2, 3, 4]])
    send(Uint8Array.of(5))
    await setImmediate()
    assert.deepEqual(made.sent, [[1, 2, 3, 4], [5]])
  })

  it('are those that they were when they were sent', async () => {
    const made = connection()
    const { send } = together(made, never)
    const bytes = Uint8Array.of(1)
    send(bytes)
    bytes[0] = 9
    await setImmediate()
    assert.deepEqual(made.sent, [[1]])
  })

  it('wait for nothing after the last one before the end', () => {
    const made = connection()
    const { send } = together(made, (bytes) => bytes.byteLength === 1)
    send(Uint8Array.of(1, 2))
    send(Uint8Array.of(3))
    assert.deepEqual(made.sent, [[1, 2, 3]])
  })

  it('say whether there is room as soon as there is none, and gather again when there is', async () => {
    const made = connection()
    const { send } = together(made, never)
    made.hasRoom = false
    // Nobody knows yet.
    assert.equal(send(Uint8Array.of(1)), true)
    await setImmediate()
    assert.equal(send(Uint8Array.of(2)), false)
    made.hasRoom = true
    assert.equal(send(Uint8Array.of(3)), true)
    assert.deepEqual(made.sent, [[1], [2], [3]])
    send(Uint8Array.of(4))
    send(Uint8Array.of(5))
    assert.equal(made.sent.length, 3)
    await setImmediate()
    assert.deepEqual(made.sent.at(-1), [4, 5])
  })

  it('are the same bytes, in messages that are large by themselves or no larger than the bound', async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2 * TOGETHER_BYTES })), {
      maxLength: 30
    })
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const made = connection()
        const { send } = together(made, never)
        const messages = lengths.map((length, index) => new Uint8Array(length).fill(index))
        for (const message of messages) send(message)
        await setImmediate()
        assert.deepEqual(
          made.sent.flat(),
          messages.flatMap((message) => [...message])
        )
        for (const bytes of made.sent) assert.ok(bytes.length <= TOGETHER_BYTES || lengths.includes(bytes.length))
      }),
      { numRuns: 100 }
    )
  })
})

describe('a message in one piece', () => {
  it('is sent whole', () => {
    const parts: Bytes[] = []
    const { send } = inOnePiece({
      send: (bytes: Bytes) => {
        parts.push(bytes)
        return true
      }
    })
    assert.ok(send(new Uint8ArrayList(Uint8Array.of(1), Uint8Array.of(2, 3))))
    assert.deepEqual(parts, [Uint8Array.of(1, 2, 3)])
  })
})
