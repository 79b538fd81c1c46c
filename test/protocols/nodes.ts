import '../../src/polyfill.ts'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify, type Identify } from '@libp2p/identify'
import type { Libp2p, ServiceMap } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { createLibp2p, type ServiceFactoryMap } from 'libp2p'
import { yamuxOptions } from '../../src/protocols/stream.ts'

/** A libp2p node on loopback with a port of its own, as `node` makes one, and the services under test. */
export function testNode<Services extends ServiceMap>(
  services: ServiceFactoryMap<Services>
): Promise<Libp2p<Services & { identify: Identify }>> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(yamuxOptions)],
    // Heartbeats of our own tell who lives; libp2p's would cut a suspended device off.
    connectionMonitor: { enabled: false },
    services: { identify: identify(), ...services } as ServiceFactoryMap<Services & { identify: Identify }>
  })
}
