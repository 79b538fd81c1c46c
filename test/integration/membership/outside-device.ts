import '../../../src/polyfill.ts'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, PrivateKey } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { pair, type Pair, type PairConversation } from '../../../src/protocols/pair/index.ts'
import { roster, type RosterExchange } from '../../../src/protocols/roster/index.ts'
import type { Device } from '../device.ts'

interface Services extends Record<string, unknown> {
  pair: Pair
  roster: RosterExchange
}

/** What a device says of its roster to one that takes anything from it. */
export interface Said {
  digest: string
  hashes: string[]
  records: Uint8Array[]
}

/**
 * A libp2p node on loopback that keeps none of our rules: with a key of its own, or with one that was a device's. It
 * can speak `pair` and `roster` as we do, and any other protocol as bytes.
 */
export class OutsideDevice {
  readonly node: Libp2p<Services>
  /** What `roster` tells others. */
  said: Said | null = null

  private constructor(node: Libp2p<Services>) {
    this.node = node
  }

  static async create(privateKey?: PrivateKey): Promise<OutsideDevice> {
    const device: { current?: OutsideDevice } = {}
    const said = (): Said | null => device.current?.said ?? null
    const node = await createLibp2p<Services>({
      privateKey: privateKey ?? (await generateKeyPair('Ed25519')),
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionMonitor: { enabled: false },
      services: {
        pair: pair({ answer: () => Promise.resolve() }),
        roster: roster({ mine: said, records: () => said()?.records ?? [], merge: () => undefined })
      }
    })
    device.current = new OutsideDevice(node)
    return device.current
  }

  get id(): string {
    return this.node.peerId.toString()
  }

  connect(address: string): Promise<Connection> {
    return this.node.dial(multiaddr(address), { signal: AbortSignal.timeout(3000) })
  }

  /** Begins to speak `pair` with a device that runs. */
  async visit(
    device: Device,
    address = addressOf(device)
  ): Promise<{ connection: Connection; conversation: PairConversation }> {
    const connection = await this.connect(address)
    const conversation = await this.node.services.pair.open(connection.remotePeer)
    return { connection, conversation }
  }

  async stop(): Promise<void> {
    await this.node.stop()
  }
}

/** One that it listens on, with its id. */
export function addressOf(device: Device): string {
  const [ready] = device.lines
  if (ready?.event !== 'ready') throw new Error(`${device.name} is not ready`)
  return `${ready.addresses[0] ?? ''}/p2p/${ready.peerId}`
}
