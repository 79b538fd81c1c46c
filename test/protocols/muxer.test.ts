import assert from 'node:assert/strict'
import type { Stream } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { muxer } from '../../src/protocols/muxer.ts'
import { closed } from './nodes.ts'

const CUT = new Error('the cable is pulled')

describe('the muxer', () => {
  it('carries bytes from one end to the other', async () => {
    const [near, far] = multiaddrConnectionPair()
    const accepted = new Promise<Stream>((resolve) => {
      muxer()
        .createStreamMuxer(far)
        .addEventListener('stream', ({ detail }) => {
          resolve(detail)
        })
    })
    const stream = await muxer().createStreamMuxer(near).createStream()
    stream.send(Uint8Array.of(7))
    for await (const bytes of await accepted) {
      assert.deepEqual([...bytes.subarray()], [7])
      break
    }
    near.abort(CUT)
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
