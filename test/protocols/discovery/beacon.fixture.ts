import '../../../src/polyfill.ts'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { beacon } from '../../../src/protocols/discovery/index.ts'
import type { PeerId } from '@libp2p/interface'
import type { Beacon, BeaconInit, InterfaceTable } from '../../../src/protocols/discovery/index.ts'

export async function randomPeerId(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

/** Only loopback, so that no test speaks on a real network. */
export function loopbackOnly(): InterfaceTable {
  return Object.fromEntries(
    Object.entries(networkInterfaces()).filter(([, entries = []]) => entries.some(({ internal }) => internal))
  )
}

/** A UDP port that is free now, so that test runs side by side do not hear each other. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

export interface TestBeacon {
  beacon: Beacon
  peerId: PeerId
}

/** A beacon on loopback that says it listens on `listening`; not started. */
export async function createBeacon(
  init: BeaconInit & { port: number },
  { listening = ['/ip4/127.0.0.1/tcp/6373'], peerId }: { listening?: string[]; peerId?: PeerId } = {}
): Promise<TestBeacon> {
  const id = peerId ?? (await randomPeerId())
  const transportManager = { getAddrs: () => listening.map((address) => multiaddr(address)) }
  return {
    beacon: beacon({ interfaces: loopbackOnly, ...init })({ peerId: id, transportManager }),
    peerId: id
  }
}
