import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { encodeDatagram } from '../../../src/protocols/discovery/datagram.ts'
import { createBeacon, datagram, next, randomPeerId, send, startedAndHeard } from './beacon.fixture.ts'
import { freeUdpPort } from '../../free-udp-port.ts'
import type { BeaconDatagram } from '../../../src/protocols/discovery/datagram.ts'
import type { Beacon, Found } from '../../../src/protocols/discovery/index.ts'
import type { TestBeacon } from './beacon.fixture.ts'

/** The next `found` that fits. */
function found(beacon: Beacon, fits?: (found: Found) => boolean): Promise<Found> {
  return next(beacon, 'found', fits)
}

describe('beacon', () => {
  let port: number
  let running: Beacon[]

  beforeEach(async () => {
    port = await freeUdpPort()
    running = []
  })

  afterEach(async () => {
    await Promise.all(running.map((beacon) => beacon.stop()))
  })

  async function create(...[init, options]: Parameters<typeof createBeacon>): Promise<TestBeacon> {
    const created = await createBeacon(init, options)
    running.push(created.beacon)
    return created
  }

  async function speak(...datagrams: BeaconDatagram[]): Promise<void> {
    await send(port, datagrams)
  }

  it('finds another one on this machine, both ways, with the address to dial', async () => {
    const one = await create({ port }, { listening: ['/ip4/127.0.0.1/tcp/7001'] })
    const two = await create({ port }, { listening: ['/ip4/0.0.0.0/tcp/7002'] })
    const both = Promise.all([found(one.beacon), found(two.beacon)])
    one.beacon.start()
    two.beacon.start()
    const [byOne, byTwo] = await both
    assert.deepEqual(byOne, {
      id: two.peerId.toString(),
      addresses: ['/ip4/127.0.0.1/tcp/7002'],
      way: 'beacon',
      instance: two.beacon.instance
    })
    assert.deepEqual(byTwo.addresses, ['/ip4/127.0.0.1/tcp/7001'])
  })

  it('is answered when it starts long after the other one has quietened down', async () => {
    const early = await create({ port })
    early.beacon.start()
    const first = await create({ port })
    const heardByEarly = found(early.beacon)
    first.beacon.start()
    await heardByEarly
    // Without the common port it hears nothing but an answer.
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.setBroadcast(true)
    const answered = once(socket, 'message')
    socket.send(encodeDatagram(await datagram({ addresses: [] })), port, '127.255.255.255')
    await answered
    socket.close()
  })

  it('tells at once of a device that restarted on another port', async () => {
    const watcher = await create({ port })
    watcher.beacon.start()
    const peerId = await randomPeerId()
    const before = await create({ port }, { peerId, listening: ['/ip4/127.0.0.1/tcp/7001'] })
    const seen = found(watcher.beacon)
    before.beacon.start()
    assert.deepEqual((await seen).addresses, ['/ip4/127.0.0.1/tcp/7001'])
    const after = await create({ port }, { peerId, listening: ['/ip4/127.0.0.1/tcp/7002'] })
    await before.beacon.stop()
    const again = found(watcher.beacon, ({ instance }) => instance === after.beacon.instance)
    after.beacon.start()
    assert.deepEqual((await again).addresses, ['/ip4/127.0.0.1/tcp/7002'])
  })

  it('tells at once of a new process at an old address', async () => {
    const { beacon } = await create({ port })
    await startedAndHeard(beacon)
    const before = await datagram()
    const after = { ...before, instance: 'cd'.repeat(8) }
    const both = Promise.all([
      found(beacon, ({ instance }) => instance === before.instance),
      found(beacon, ({ instance }) => instance === after.instance)
    ])
    await speak(before, after)
    await both
  })

  it('believes one source only so much', async () => {
    const { beacon } = await create({ port })
    await startedAndHeard(beacon)
    let count = 0
    beacon.addEventListener('found', () => count++)
    const crowd = await Promise.all(Array.from({ length: 600 }, () => datagram()))
    const startedAt = performance.now()
    await speak(...crowd)
    const last = await datagram()
    const heard = found(beacon, ({ id }) => id === last.peerId.toString())
    // The bucket fills again, so the source is not banned.
    const again = setInterval(() => void speak(last), 50)
    await heard
    clearInterval(again)
    const allowed = 256 + 64 * ((performance.now() - startedAt) / 1000) + 1
    assert.ok(count <= allowed, `${count} were believed, ${allowed} are allowed`)
    assert.ok(beacon.state().heard.length <= 256)
  })

  it('hears itself on loopback, which is what doctor looks at', async () => {
    const alone = await create({ port })
    const other = await create({ port })
    alone.beacon.start()
    const seen = found(other.beacon)
    other.beacon.start()
    await seen
    // `other` has heard a broadcast of `alone`, and the kernel gave it to both.
    const { networks, listenError } = alone.beacon.state()
    assert.equal(listenError, null)
    assert.deepEqual(
      networks.map(({ loopback, announced, sendError }) => ({ loopback, announced, sendError })),
      [{ loopback: true, announced: true, sendError: null }]
    )
  })

  it('survives a flood of strange datagrams and still finds', async () => {
    const flooded = await create({ port })
    flooded.beacon.start()
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const noise = Buffer.alloc(600, 0x4f)
    for (let sent = 0; sent < 5000; sent++) {
      await new Promise((resolve) => {
        socket.send(noise, 0, sent % noise.length, port, '127.0.0.1', resolve)
      })
    }
    socket.close()
    const late = await create({ port })
    const seen = found(flooded.beacon)
    late.beacon.start()
    assert.equal((await seen).id, late.peerId.toString())
  })
})
