/**
 * One node for the tests and measurements of finding: `node listener.js '{"ways":["beacon"]}'`. It writes one JSON line
 * for each thing that happens to it, and takes a voice to speak with from each JSON line that it reads.
 */
import '../../../src/polyfill.ts'
import { createInterface } from 'node:readline'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { beacon, dialer, mdns, meshTag, networkWatch } from '../../../src/protocols/discovery/index.ts'
import type { Beacon, Found, FoundDoor, Mdns, Voice } from '../../../src/protocols/discovery/index.ts'

/** What the first argument holds as JSON. */
export interface ListenerInit {
  ways: ('beacon' | 'mdns')[]
  /** @default '/ip4/0.0.0.0/tcp/0' */
  listen?: string
  /** One byte that makes the key, so that a restarted process is the same device. @default a random key */
  seed?: number
  /** @default a member of the mesh whose id is all 5e */
  voice?: Voice
}

/** The lines written, in `event`; `at` is milliseconds since 1970, comparable within one machine. */
export type ListenerEvent = { at: number } & (
  | { event: 'starting'; id: string }
  | { event: 'ready'; addresses: string[] }
  | ({ event: 'found' } & Found)
  | ({ event: 'door' } & FoundDoor)
  | { event: 'knock'; id: string; address: string }
  | { event: 'foreign'; address: string }
  | { event: 'connected'; id: string }
  | { event: 'disconnected'; id: string }
  | { event: 'network-changed' }
)

const init = JSON.parse(process.argv[2] ?? '{}') as ListenerInit
const { ways, listen = '/ip4/0.0.0.0/tcp/0', seed } = init
const { voice = { mesh: meshTag('5e'.repeat(32)), door: null, looking: false } } = init

function say(line: object): void {
  process.stdout.write(`${JSON.stringify({ at: Date.now(), ...line })}\n`)
}

const node = await createLibp2p({
  privateKey:
    seed === undefined
      ? await generateKeyPair('Ed25519')
      : await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(seed)),
  addresses: { listen: [listen] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionManager: { reconnectRetries: 0 },
  services: {
    dialer: dialer(),
    watch: networkWatch(),
    ...(ways.includes('beacon') ? { beacon: beacon({ voice }) } : {}),
    ...(ways.includes('mdns') ? { mdns: mdns({ voice }) } : {})
  },
  start: false
})
const services: { beacon?: Beacon; mdns?: Mdns } = node.services
const { dialer: dials, watch } = node.services

function onFound({ detail }: CustomEvent<Found>): void {
  say({ event: 'found', ...detail })
  dials.found(detail)
}
services.beacon?.addEventListener('found', onFound)
services.mdns?.addEventListener('found', onFound)
function onDoor({ detail }: CustomEvent<FoundDoor>): void {
  say({ event: 'door', ...detail })
}
services.beacon?.addEventListener('door', onDoor)
services.mdns?.addEventListener('door', onDoor)
services.beacon?.addEventListener('knock', ({ detail }) => {
  say({ event: 'knock', ...detail })
})
services.beacon?.addEventListener('foreign', ({ detail }) => {
  say({ event: 'foreign', ...detail })
})
createInterface(process.stdin).on('line', (line) => {
  const spoken = JSON.parse(line) as Voice
  services.beacon?.speak(spoken)
  services.mdns?.speak(spoken)
})
watch.addEventListener('change', () => {
  say({ event: 'network-changed' })
  services.beacon?.announce()
  void services.mdns?.restart()
  dials.networkChanged()
})
node.addEventListener('peer:connect', ({ detail }) => {
  say({ event: 'connected', id: detail.toString() })
})
node.addEventListener('peer:disconnect', ({ detail }) => {
  say({ event: 'disconnected', id: detail.toString() })
})

say({ event: 'starting', id: node.peerId.toString() })
await node.start()
say({ event: 'ready', addresses: node.getMultiaddrs().map(String) })
