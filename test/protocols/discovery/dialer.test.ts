import '../../../src/polyfill.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { beacon, dialer } from '../../../src/protocols/discovery/index.ts'
import { loopbackOnly, MEMBER, randomPeerId } from './beacon.fixture.ts'
import { freeUdpPort } from '../../free-udp-port.ts'
import type { AddressInfo, Socket } from 'node:net'
import type { Libp2p, PeerId, PrivateKey } from '@libp2p/interface'
import type { Beacon, Dialer, KnownDevice } from '../../../src/protocols/discovery/index.ts'

type Node = Libp2p<{ beacon: Beacon; dialer: Dialer }>

describe('dialer', () => {
  let port: number
  let nodes: Node[]

  beforeEach(async () => {
    port = await freeUdpPort()
    nodes = []
  })

  afterEach(async () => {
    await Promise.all(nodes.map(async (node) => node.stop()))
  })

  /** A node on loopback whose beacon feeds its dialer. */
  async function startNode({
    privateKey,
    addressTimeoutMs = 500
  }: { privateKey?: PrivateKey; addressTimeoutMs?: number } = {}): Promise<Node> {
    const node: Node = await createLibp2p({
      ...(privateKey === undefined ? {} : { privateKey }),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionManager: { reconnectRetries: 0 },
      services: {
        beacon: beacon({ port, interfaces: loopbackOnly, voice: MEMBER }),
        dialer: dialer({ addressTimeoutMs })
      },
      start: false
    })
    nodes.push(node)
    node.services.beacon.addEventListener('found', ({ detail }) => {
      node.services.dialer.found(detail)
    })
    await node.start()
    return node
  }

  function connected(node: Node, peerId: PeerId): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (node.getConnections(peerId).length === 0) return
        node.removeEventListener('peer:connect', look)
        resolve()
      }
      node.addEventListener('peer:connect', look)
      look()
    })
  }

  /** What is known of a peer once a dial to it has failed. */
  async function afterFailure(node: Node, peerId: PeerId, address: string): Promise<KnownDevice> {
    node.services.dialer.found({ id: peerId.toString(), addresses: [address], way: 'address', instance: null })
    while (true) {
      const known = node.services.dialer.known().find(({ id }) => id === peerId.toString())
      if (known !== undefined && known.dialFailure !== null) return known
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  it('connects two devices that have just started, and one that restarted on another port', async () => {
    const one = await startNode()
    const privateKey = await generateKeyPair('Ed25519')
    const before = await startNode({ privateKey })
    await connected(one, before.peerId)
    const lost = once(one as unknown as EventTarget, 'peer:disconnect')
    await before.stop()
    await lost
    const after = await startNode({ privateKey })
    await connected(one, after.peerId)
    assert.ok(after.peerId.equals(before.peerId))
    const [known] = one.services.dialer.known()
    assert.deepEqual(known?.foundBy.includes('beacon'), true)
    assert.equal(known.dialError, null)
  })

  it('says in words that a port refuses, or that it is somebody else or no node at all', async () => {
    const node = await startNode()
    const other = await startNode()
    await connected(node, other.peerId)
    const otherAddress = other.getMultiaddrs()[0]!.decapsulate('/p2p').toString()
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const closedPort = (closed.address() as AddressInfo).port
    closed.close()
    const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    const mute = createServer().listen(0, '127.0.0.1')
    await Promise.all([once(rude, 'listening'), once(mute, 'listening')])
    const at = (listener: typeof rude): string => `/ip4/127.0.0.1/tcp/${(listener.address() as AddressInfo).port}`

    const refused = await afterFailure(node, await randomPeerId(), `/ip4/127.0.0.1/tcp/${closedPort}`)
    assert.equal(refused.dialFailure, 'refused')
    assert.match(refused.dialError ?? '', /^refused: /)
    const wrong = await afterFailure(node, await randomPeerId(), otherAddress)
    assert.equal(wrong.dialFailure, 'wrong-identity')
    assert.deepEqual(wrong.addresses, [], 'that address belongs to another device')
    assert.equal((await afterFailure(node, await randomPeerId(), at(rude))).dialFailure, 'closed')
    assert.equal((await afterFailure(node, await randomPeerId(), at(mute))).dialFailure, 'timed-out')
    rude.close()
    mute.close()
  })

  it('replaces the connection to a process that is gone by one to its successor', async () => {
    const one = await startNode()
    const two = await startNode()
    await connected(one, two.peerId)
    await connected(two, one.peerId)
    const id = two.peerId.toString()
    const old = [...one.getConnections(two.peerId)]
    // A copy: libp2p hands out the array that it adds new connections to.
    const isReplaced = new Promise<void>((resolve) => {
      one.addEventListener('connection:close', () => {
        if (old.every(({ status }) => status !== 'open')) resolve()
      })
    })
    const [address] = two.getMultiaddrs().map((each) => each.decapsulate('/p2p').toString())
    assert.ok(address)
    one.services.dialer.found({ id, addresses: [address], way: 'beacon', instance: 'f'.repeat(16) })
    await isReplaced
    assert.ok(one.getConnections(two.peerId).some(({ status }) => status === 'open'))
  })

  it('does not let a forged announcement cut a connection', async () => {
    const one = await startNode()
    const two = await startNode()
    await connected(one, two.peerId)
    const id = two.peerId.toString()
    const addresses = two.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/.*/, ''))
    one.services.dialer.found({ id, addresses, way: 'beacon', instance: '2'.repeat(16) })
    const trap = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(trap, 'listening')
    const trapped = once(trap, 'connection')
    const address = `/ip4/127.0.0.1/tcp/${(trap.address() as AddressInfo).port}`
    one.services.dialer.found({ id, addresses: [address], way: 'beacon', instance: 'e'.repeat(16) })
    await trapped
    trap.close()
    assert.ok(one.getConnections(two.peerId).some(({ status }) => status === 'open'))
  })

  it('stops dialling what is forgotten', async function () {
    // Sooner than libp2p gives up by itself, which is after 6 s.
    this.timeout(5000)
    const node = await startNode({ addressTimeoutMs: 60_000 })
    const peerId = await randomPeerId()
    const mute = createServer().listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const { port: mutePort } = mute.address() as AddressInfo
    const arrived = once(mute, 'connection') as Promise<[Socket]>
    const found = { id: peerId.toString(), addresses: [`/ip4/127.0.0.1/tcp/${mutePort}`], instance: null }
    node.services.dialer.found({ ...found, way: 'address' })
    const [socket] = await arrived
    const hungUp = once(socket.resume(), 'close')
    node.services.dialer.forget(found.id)
    await hungUp
    assert.deepEqual(node.services.dialer.known(), [])
    mute.close()
  })
})
