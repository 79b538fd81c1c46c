/**
 * One libp2p node for the discovery measurements, driven by `measure.ts`: `node listener.js WAYS PORT` with ways
 * `beacon`, `mdns` or both joined by a comma. Writes one JSON line for its id and one for each thing found.
 */
import '../../../src/polyfill.ts'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { beacon, mdns } from '../../../src/protocols/discovery/index.ts'
import type { Beacon, Found, Mdns } from '../../../src/protocols/discovery/index.ts'

const [ways = 'beacon', listen = '/ip4/0.0.0.0/tcp/0', seed = ''] = process.argv.slice(2)

const node = await createLibp2p({
  ...(seed === ''
    ? {}
    : { privateKey: await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(Number(seed))) }),
  addresses: { listen: [listen] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: {
    ...(ways.includes('beacon') ? { beacon: beacon() } : {}),
    ...(ways.includes('mdns') ? { mdns: mdns() } : {})
  },
  start: false
})

const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify({ at: Date.now(), ...line })}\n`)
}
const sayFound = ({ detail }: CustomEvent<Found>): void => {
  say({ event: 'found', ...detail })
}
const services: { beacon?: Beacon; mdns?: Mdns } = node.services
services.beacon?.addEventListener('found', sayFound)
services.mdns?.addEventListener('found', sayFound)

say({ event: 'starting', id: node.peerId.toString() })
await node.start()
say({ event: 'ready', addresses: node.getMultiaddrs().map(String) })

setInterval(() => {
  say({ event: 'state', beacon: services.beacon?.state(), mdns: services.mdns?.state() })
}, 2000)
process.once('SIGTERM', () => {
  void Promise.resolve(node.stop()).then(() => process.exit(0))
})
