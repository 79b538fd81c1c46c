import assert from 'node:assert/strict'
import fc from 'fast-check'
import { eventStream } from '../../../src/inference/served/event-stream.ts'

const CALM = { name: 'box', silenceMs: () => 5_000 }

function bodyOf(chunks: Iterable<Uint8Array>): { body: ReadableStream<Uint8Array>; cancelled: () => boolean } {
  let cancelled = false
  const iterator = chunks[Symbol.iterator]()
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    cancel() {
      cancelled = true
    }
  })
  return { body, cancelled: () => cancelled }
}

async function read(stream: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const data of stream) all.push(data)
  return all
}

describe('a stream of server-sent events', () => {
  it('gives the same events however its bytes are cut', async () => {
    const data = fc.stringMatching(/^[^\r\n]{1,40}$/)
    await fc.assert(
      fc.asyncProperty(
        fc.array(data, { maxLength: 8 }),
        fc.infiniteStream(fc.nat({ max: 7 })),
        fc.boolean(),
        async (events, cuts, crlf) => {
          const end = crlf ? '\r\n' : '\n'
          const text = events.map((each) => `: ping${end}event: x${end}data: ${each}${end}${end}`).join('')
          const bytes = Buffer.from(text)
          const chunks: Uint8Array[] = []
          for (let at = 0; at < bytes.length;) {
            const cut: IteratorResult<number, unknown> = cuts.next()
            const size = cut.done === true ? 1 : 1 + cut.value
            chunks.push(bytes.subarray(at, at + size))
            at += size
          }
          // A lone half of a character cannot be written, so it is not read either.
          assert.deepEqual(
            await read(eventStream(bodyOf(chunks).body, CALM)),
            events.map((each) => Buffer.from(each).toString())
          )
        }
      ),
      { numRuns: 200, seed: 7 }
    )
  })

  it('is closed when its reader has enough', async () => {
    const { body, cancelled } = bodyOf(Array.from({ length: 100 }, () => Buffer.from('data: x\n\n')))
    for await (const data of eventStream(body, CALM)) {
      assert.equal(data, 'x')
      break
    }
    assert.ok(cancelled())
  })

  it('is given up when a line does not end, and when an event does not', async () => {
    const line = bodyOf(Array.from({ length: 100 }, () => Buffer.from('x'.repeat(100))))
    await assert.rejects(read(eventStream(line.body, { ...CALM, lineBytes: 1000 })), /line without end/)
    assert.ok(line.cancelled())
    const event = bodyOf(Array.from({ length: 100 }, () => Buffer.from('data: x\n')))
    await assert.rejects(read(eventStream(event.body, CALM)), /event without end/)
  })

  it('is given up when a line drips, and when nothing comes', async () => {
    const drip = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        controller.enqueue(Buffer.from('x'))
      }
    })
    await assert.rejects(read(eventStream(drip, { ...CALM, lineMs: 100 })), /byte by byte/)
    const silent = new ReadableStream<Uint8Array>()
    await assert.rejects(read(eventStream(silent, { ...CALM, silenceMs: () => 20 })), /said nothing for too long/)
  })
})
