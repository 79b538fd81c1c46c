import '../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { Connection } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { askData } from './ask-data.ts'
import { Devices } from './devices.ts'

const ATTEMPTS = 20
const PROTOCOLS = ['/mesh/ask/1.0.0', '/mesh/capability/1.0.0', '/meshsub/1.1.0', '/ipfs/id/1.0.0']

describe('a device among strangers', function () {
  this.timeout(90_000)
  let devices: Devices

  beforeEach(async () => {
    devices = await Devices.create()
  })

  afterEach(async () => {
    await devices.remove()
  })

  it('is not disturbed by garbage, by unknown protocols, nor by nonsense over its own', async () => {
    const device = await devices.start({ name: 'target' })
    const ready = device.lines[0]
    assert.ok(ready?.event === 'ready')
    const [address = ''] = ready.addresses
    const port = Number(address.split('/').at(-1))
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.end(randomBytes(1 + attempt * 500))
      // What it answers (its own protocol's greeting) is not our concern, that it hangs up is.
      socket.resume()
      await new Promise((resolve) => socket.once('close', resolve))
    }
    const stranger = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()]
    })
    try {
      const target = multiaddr(`${address}/p2p/${ready.peerId}`)
      await assert.rejects(stranger.dialProtocol(target, '/nothing/of/the/sort/1.0.0'))
      const connection = await stranger.dial(target)
      for (const protocol of PROTOCOLS) {
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) await speakNonsense(connection, protocol)
      }
      assert.equal(askData(await device.mesh('ask', '--json', 'What is 7 times 8?')).peer.name, 'target')
      const friend = await devices.start({ name: 'friend', flags: ['--max-rate', '5'] })
      await friend.sees('target')
      assert.equal(askData(await friend.mesh('ask', '--json', 'What is 7 times 8?')).peer.name, 'target')
    } finally {
      await stranger.stop()
    }
    const { stdout } = await device.mesh('peers', '--json')
    assert.deepEqual(
      (JSON.parse(stdout) as { name: string; state: string }[])
        .filter(({ state }) => state === 'connected')
        .map(({ name }) => name),
      ['friend']
    )
  })
})

/** A limit may refuse the stream, and the device may hang up on us: both are well. */
async function speakNonsense(connection: Connection, protocol: string): Promise<void> {
  const signal = AbortSignal.timeout(1000)
  try {
    const stream = await connection.newStream(protocol, { signal })
    stream.send(randomBytes(1000))
    await stream.close({ signal })
  } catch {
    // Whether it is still well is what the test asks next.
  }
}
