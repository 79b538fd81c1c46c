import { closed, streamPair, until } from './nodes.ts'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { frameReader, writeFrame } from '../../src/protocols/framing.ts'
import { WINDOW_BYTES } from '../../src/protocols/muxer.ts'
import { pulled, write } from '../../src/protocols/stream.ts'

const MiB = 1024 * 1024

describe('a stream', () => {
  let near: Stream
  let far: Stream
  let stop: () => Promise<void>

  beforeEach(async () => {
    ;({ near, far, stop } = await streamPair())
  })
  afterEach(() => stop())

  it('carries 50 MiB to a reader that stands still at times, with little queued at either end', async () => {
    const total = 50 * MiB
    const chunk = 256 * 1024
    let written = 0
    let taken = 0
    let mostUnsent = 0
    let mostUnderWay = 0
    let mostUnread = 0
    const sent = createHash('sha256')
    const received = createHash('sha256')

    const sending = (async () => {
      while (written < total) {
        const bytes = new Uint8Array(chunk).fill(written / chunk)
        sent.update(bytes)
        written += chunk
        await write(near, bytes)
        mostUnsent = Math.max(mostUnsent, near.writeBufferLength)
      }
      await near.close()
    })()
    let standsAt = 5 * MiB
    // Below yamux's window, so that one `resume` can bring more than may lie unread.
    for await (const bytes of pulled(far, { highWaterBytes: 128 * 1024 })) {
      received.update(bytes.subarray())
      taken += bytes.byteLength
      mostUnderWay = Math.max(mostUnderWay, written - taken)
      if (taken >= standsAt && written < total) {
        standsAt += 8 * MiB
        await stillness(() => written + far.readBufferLength)
        assert.ok(near.writableNeedsDrain)
        mostUnsent = Math.max(mostUnsent, near.writeBufferLength)
        mostUnread = Math.max(mostUnread, far.readBufferLength)
      }
    }
    await sending
    assert.equal(taken, total)
    assert.equal(received.digest('hex'), sent.digest('hex'))
    assert.ok(mostUnsent <= chunk, `${mostUnsent} bytes queued at the sender`)
    assert.ok(mostUnread <= WINDOW_BYTES, `${mostUnread} bytes unread`)
    assert.ok(mostUnderWay <= 4 * MiB, `${mostUnderWay} bytes under way`)
  })

  it('is paused while more than the high-water mark lies unread, however often it is resumed', async () => {
    const highWaterBytes = 64 * 1024
    const chunks = pulled(far, { highWaterBytes })
    const sending = (async () => {
      for (let i = 0; i < 200; i++) await write(near, new Uint8Array(10_000))
      await near.close()
    })()
    let taken = 0
    let pausedTimes = 0
    for await (const bytes of chunks) {
      taken += bytes.byteLength
      if (far.readStatus === 'paused') pausedTimes++
      await new Promise((resolve) => setImmediate(resolve))
    }
    await sending
    assert.equal(taken, 2_000_000)
    assert.ok(pausedTimes > 0)
  })

  it('stops waiting to write when it is reset', async () => {
    far.pause()
    const writing = fill(near)
    await until(() => near.writableNeedsDrain)
    far.abort(new Error('enough'))
    await assert.rejects(writing, { name: 'PeerUnreachableError' })
  })

  it('stops waiting to write at the signal, and is aborted', async () => {
    far.pause()
    const controller = new AbortController()
    const writing = fill(near, { signal: controller.signal })
    await until(() => near.writableNeedsDrain)
    const gone = closed(far)
    controller.abort()
    await assert.rejects(writing, { name: 'AbortError' })
    assert.equal((await gone)?.name, 'StreamResetError')
  })

  it('gives up a reader that takes nothing', async () => {
    far.pause()
    const gone = closed(far)
    await assert.rejects(fill(near, { timeoutMs: 50 }), { name: 'PeerSilentError' })
    assert.equal((await gone)?.name, 'StreamResetError')
  })

  it('gives out frames one by one, however they were cut, and then the end', async () => {
    const reader = frameReader(far, { maxBytes: 1000 })
    const frames = [new Uint8Array([1]), new Uint8Array(0), new Uint8Array(1000).fill(3)]
    for (const frame of frames) await writeFrame(near, frame)
    await near.close()
    for (const frame of frames) assert.deepEqual(new Uint8Array((await reader.read({ timeoutMs: 1000 }))!), frame)
    assert.equal(await reader.read({ timeoutMs: 1000 }), undefined)
  })

  it('refuses a frame at its length prefix, before its bytes have come', async () => {
    const reader = frameReader(far, { maxBytes: 1000 })
    near.send(new Uint8Array([0xe9, 0x07])) // 1001
    await assert.rejects(reader.read({ timeoutMs: 1000 }), { name: 'ProtocolError' })
    assert.equal(far.status, 'aborted')
    assert.equal(far.readBufferLength, 0)
  })

  it('refuses a length that does not end', async () => {
    const reader = frameReader(far, { maxBytes: 1000 })
    near.send(new Uint8Array(20).fill(0xff))
    await assert.rejects(reader.read({ timeoutMs: 1000 }), { name: 'ProtocolError' })
  })

  it('does not take the end within a frame for the end', async () => {
    const reader = frameReader(far, { maxBytes: 1000 })
    near.send(new Uint8Array([3, 1, 2]))
    await near.close()
    await assert.rejects(reader.read({ timeoutMs: 1000 }), { name: 'ProtocolError' })
  })

  it('does not wait longer for a frame that comes byte by byte', async () => {
    const reader = frameReader(far, { maxBytes: 1000 })
    near.send(new Uint8Array([200]))
    near.send(new Uint8Array([1]))
    const drip = setInterval(() => {
      if (near.writeStatus === 'writable') near.send(new Uint8Array([0]))
    }, 10)
    try {
      await assert.rejects(reader.read({ timeoutMs: 100 }), { name: 'PeerSilentError' })
    } finally {
      clearInterval(drip)
    }
    assert.equal(far.status, 'aborted')
  })

  it('tells a reset from the end', async () => {
    const reader = frameReader(far, { maxBytes: 1000 })
    await writeFrame(near, new Uint8Array([1]))
    assert.deepEqual([...(await reader.read({ timeoutMs: 1000 }))!], [1])
    near.abort(new Error('enough'))
    await assert.rejects(reader.read({ timeoutMs: 1000 }), { name: 'PeerUnreachableError' })
  })

  it('stops waiting for a frame at the signal', async () => {
    const reader = frameReader(far, { maxBytes: 1000 })
    const controller = new AbortController()
    const reading = reader.read({ timeoutMs: 1000, signal: controller.signal })
    controller.abort()
    await assert.rejects(reading, { name: 'AbortError' })
  })
})

/** Resolves when the number has stayed the same for a tenth of a second: what could move has moved. */
async function stillness(number: () => number): Promise<void> {
  for (let before = Number.NaN; before !== number();) {
    before = number()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Writes until somebody stops it. */
async function fill(stream: Stream, options?: Parameters<typeof write>[2]): Promise<void> {
  while (true) await write(stream, new Uint8Array(256 * 1024), options)
}
