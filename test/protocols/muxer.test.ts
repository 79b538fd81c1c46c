import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { MultiaddrConnection, Stream } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { muxer, WINDOW_BYTES } from '../../src/protocols/muxer.ts'
import { closed, until } from './nodes.ts'

/** An answer of so many tokens is so many frames. */
const FRAMES = 100
const FRAME_BYTES = 100
const HEADER_BYTES = 12

const CUT = new Error('the cable is pulled')

/** The first stream that the other side opens. */
function firstStreamAt(connection: MultiaddrConnection): Promise<Stream> {
  return new Promise((resolve) => {
    muxer()
      .createStreamMuxer(connection)
      .addEventListener('stream', ({ detail }) => {
        resolve(detail)
      })
  })
}

describe('the muxer', () => {
  it('carries bytes from one end to the other', async () => {
    const [near, far] = multiaddrConnectionPair()
    const accepted = firstStreamAt(far)
    const stream = await muxer().createStreamMuxer(near).createStream()
    stream.send(Uint8Array.of(7))
    for await (const bytes of await accepted) {
      assert.deepEqual([...bytes.subarray()], [7])
      break
    }
    near.abort(CUT)
  })

  it('gives room back when there is enough of it, and not after each frame', async () => {
    const [near, far] = multiaddrConnectionPair()
    const accepted = firstStreamAt(far)
    let backward = 0
    near.addEventListener('message', ({ data }) => {
      backward += data.byteLength
    })
    const stream = await muxer().createStreamMuxer(near).createStream()
    const reader = (await accepted)[Symbol.asyncIterator]()
    const carry = async (bytes: number): Promise<void> => {
      stream.send(new Uint8Array(bytes))
      for (let taken = 0; taken < bytes;) {
        const { value } = (await reader.next()) as { value: Uint8Array }
        taken += value.byteLength
      }
    }
    for (let frame = 0; frame < FRAMES; frame++) await carry(FRAME_BYTES)
    // Pings, and a window that grows a few times because this end is so near.
    assert.ok(backward < (FRAMES / 10) * HEADER_BYTES, `${backward} bytes came back`)
    const begun = backward
    // More than any window holds, in small frames and in large ones: it comes through because room is given back.
    for (let bytes = 0; bytes < 2 * WINDOW_BYTES; bytes += 1000) await carry(1000)
    for (let bytes = 0; bytes < 2 * WINDOW_BYTES; bytes += WINDOW_BYTES / 2) await carry(WINDOW_BYTES / 2)
    assert.ok(backward > begun)
    assert.equal((backward - begun) % HEADER_BYTES, 0)
    near.abort(CUT)
  })

  it('sends the frames of one turn as one, and what it says last before the connection is closed', async () => {
    const [near, far] = multiaddrConnectionPair()
    const messages: Uint8Array[] = []
    far.addEventListener('message', ({ data }) => {
      messages.push(data.subarray())
    })
    const made = muxer().createStreamMuxer(near)
    const streams = await Promise.all([made.createStream(), made.createStream()])
    await setImmediate()
    const before = messages.length
    for (const stream of streams) for (const byte of [1, 2]) stream.send(Uint8Array.of(byte))
    await until(() => messages.length > before)
    assert.deepEqual(
      messages.slice(before).map(({ byteLength }) => byteLength),
      [4 * (HEADER_BYTES + 1)]
    )
    for (const stream of streams) stream.send(Uint8Array.of(3))
    made.abort(CUT)
    near.abort(CUT)
    const all = Buffer.concat(messages.slice(before + 1))
    // Two bytes, two streams that are reset, and the word that it goes.
    assert.equal(all.byteLength, 2 * (HEADER_BYTES + 1) + 3 * HEADER_BYTES)
  })

  it('survives a connection that ends in the turn in which a stream is opened', async () => {
    const [near] = multiaddrConnectionPair()
    const opened = muxer().createStreamMuxer(near).createStream()
    near.abort(CUT)
    const stream = await opened
    if (stream.status === 'open') await closed(stream)
    assert.notEqual(stream.status, 'open')
  })

  it('survives one that is being closed in that turn', async () => {
    const [near] = multiaddrConnectionPair()
    const opened = muxer().createStreamMuxer(near).createStream()
    const closing = near.close()
    const stream = await opened
    if (stream.status === 'open') await closed(stream)
    await closing
    assert.notEqual(stream.status, 'open')
  })
})
