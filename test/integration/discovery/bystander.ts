/**
 * Somebody else on the network, with an ordinary socket: `node bystander.js '{"address":"10.77.0.2","queries":[]}'`.
 * It asks mDNS for the services, then writes one JSON line for each datagram that it hears of the beacon or of mDNS.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Socket } from 'node:dgram'

/** What the first argument holds as JSON. */
export interface BystanderInit {
  /** Its own, on the network to listen on. */
  address: string
  /** Service names to ask for, each this often at once. */
  queries: { name: string; times: number }[]
}

/** One datagram. */
export interface Overheard {
  way: 'beacon' | 'mdns'
  from: string
  /** Hexadecimal. */
  bytes: string
}

const BEACON = { port: 6372, group: '239.255.63.72' }
const MDNS = { port: 5353, group: '224.0.0.251' }

async function listen(way: Overheard['way'], { port, group }: typeof MDNS, address: string): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.bind(port)
  await once(socket, 'listening')
  socket.addMembership(group, address)
  socket.setMulticastInterface(address)
  socket.on('message', (message, { address: from }) => {
    if (from === address) return
    process.stdout.write(`${JSON.stringify({ way, from, bytes: message.toString('hex') } satisfies Overheard)}\n`)
  })
  return socket
}

/** A question for PTR records (RFC 1035, 4.1). */
function question(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]))
  return Buffer.concat([Buffer.from('000000000001000000000000', 'hex'), ...labels, Buffer.from('00000c0001', 'hex')])
}

const { address, queries } = JSON.parse(process.argv[2] ?? '{}') as BystanderInit
await listen('beacon', BEACON, address)
const socket = await listen('mdns', MDNS, address)
for (const { name, times } of queries) {
  for (let sent = 0; sent < times; sent++) socket.send(question(name), MDNS.port, MDNS.group)
}
