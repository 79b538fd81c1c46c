import '../../src/polyfill.ts'
import { identify, type Identify } from '@libp2p/identify'
import type { Libp2p, ServiceMap, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { createLibp2p, type Libp2pOptions, type ServiceFactoryMap } from 'libp2p'
import { encrypter } from '../../src/protocols/encrypter.ts'
import { muxer } from '../../src/protocols/muxer.ts'

/** A libp2p node on loopback with a port of its own, as `node` makes one, and the services under test. */
export function testNode<Services extends ServiceMap>(
  services: ServiceFactoryMap<Services>,
  more: Pick<Libp2pOptions, 'privateKey' | 'connectionGater'> = {}
): Promise<Libp2p<Services & { identify: Identify }>> {
  return createLibp2p({
    ...more,
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [encrypter],
    streamMuxers: [muxer],
    // Heartbeats of our own tell who lives; libp2p's would cut a suspended device off.
    connectionMonitor: { enabled: false },
    services: { identify: identify(), ...services } as ServiceFactoryMap<Services & { identify: Identify }>
  })
}

const TEST_PROTOCOL = '/mesh/test/1.0.0'

/** Both ends of a stream between two nodes, over TCP, Noise and yamux as in life; `stop` ends the nodes. */
export async function streamPair(): Promise<{ near: Stream; far: Stream; stop: () => Promise<void> }> {
  const [a, b] = await Promise.all([testNode({}), testNode({})])
  const far = new Promise<Stream>((resolve) => void b.handle(TEST_PROTOCOL, resolve))
  const near = await a.dialProtocol(b.getMultiaddrs(), TEST_PROTOCOL)
  const stop = async () => {
    await a.stop()
    await b.stop()
  }
  return { near, far: await far, stop }
}

/** Lets the event loop turn until it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

/** Resolves with the stream's error, or undefined when it closes well. */
export function closed(stream: Stream): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stream.addEventListener('close', ({ error }) => {
      resolve(error)
    })
  })
}
