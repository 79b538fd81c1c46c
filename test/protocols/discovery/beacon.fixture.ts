import '../../../src/polyfill.ts'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { encodeDatagram, tagOf } from '../../../src/protocols/discovery/datagram.ts'
import { beacon, meshTag } from '../../../src/protocols/discovery/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { BeaconDatagram } from '../../../src/protocols/discovery/datagram.ts'
import type { Beacon, BeaconEvents, BeaconInit, InterfaceTable, Voice } from '../../../src/protocols/discovery/index.ts'

/** A member whose door is closed. */
export const MEMBER: Voice = { mesh: meshTag('5e'.repeat(32)), door: null, looking: false }
/** A member of another mesh. */
export const NEIGHBOUR: Voice = { ...MEMBER, mesh: meshTag('7f'.repeat(32)) }
/** A newcomer. */
export const LOOKING: Voice = { mesh: null, door: null, looking: true }

export async function randomPeerId(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

/** Only loopback, so that no test speaks on a real network. */
export function loopbackOnly(): InterfaceTable {
  return Object.fromEntries(
    Object.entries(networkInterfaces()).filter(([, entries = []]) => entries.some(({ internal }) => internal))
  )
}

export interface TestBeacon {
  beacon: Beacon
  peerId: PeerId
}

/** A beacon of a member on loopback that says it listens on `listening`; not started. */
export async function createBeacon(
  init: BeaconInit & { port: number },
  { listening = ['/ip4/127.0.0.1/tcp/6373'], peerId }: { listening?: string[]; peerId?: PeerId } = {}
): Promise<TestBeacon> {
  const id = peerId ?? (await randomPeerId())
  const transportManager = { getAddrs: () => listening.map((address) => multiaddr(address)) }
  return {
    beacon: beacon({ interfaces: loopbackOnly, voice: MEMBER, ...init })({ peerId: id, transportManager }),
    peerId: id
  }
}

/** Starts it and waits until its port is open. */
export async function startedAndHeard(beacon: Beacon): Promise<void> {
  beacon.start()
  while (!beacon.state().networks.some(({ heardBack }) => heardBack)) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The next event of that kind that fits. */
export function next<Kind extends keyof BeaconEvents>(
  beacon: Beacon,
  kind: Kind,
  fits: (detail: BeaconEvents[Kind]['detail']) => boolean = () => true
): Promise<BeaconEvents[Kind]['detail']> {
  return new Promise((resolve) => {
    const listener = ({ detail }: CustomEvent<BeaconEvents[Kind]['detail']>): void => {
      if (!fits(detail)) return
      beacon.removeEventListener(kind, listener as never)
      resolve(detail)
    }
    beacon.addEventListener(kind, listener)
  })
}

/** What comes of that kind from now on. */
export function record<Kind extends keyof BeaconEvents>(beacon: Beacon, kind: Kind): BeaconEvents[Kind]['detail'][] {
  const events: BeaconEvents[Kind]['detail'][] = []
  const listener = ({ detail }: CustomEvent<BeaconEvents[Kind]['detail']>): void => {
    events.push(detail)
  }
  beacon.addEventListener(kind, listener)
  return events
}

/** A member's datagram, of a device that never was. */
export async function datagram(changes: Partial<BeaconDatagram> = {}): Promise<BeaconDatagram> {
  return {
    tag: tagOf(MEMBER.mesh ?? ''),
    instance: 'ab'.repeat(8),
    peerId: await randomPeerId(),
    answer: false,
    addresses: ['/ip4/0.0.0.0/tcp/6373'],
    words: null,
    ...changes
  }
}

/** Sends datagrams in this order to every process on the port, as a device that has no beacon of ours. */
export async function send(port: number, datagrams: BeaconDatagram[], from = '127.0.0.1'): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, from)
  await once(socket, 'listening')
  socket.setBroadcast(true)
  for (const each of datagrams) {
    await new Promise((resolve) => {
      socket.send(encodeDatagram(each), port, '127.255.255.255', resolve)
    })
    // The receiver is in this process too, and its buffer holds a few hundred datagrams only.
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.close()
}
