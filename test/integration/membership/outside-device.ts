import '../../../src/polyfill.ts'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, PrivateKey } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { PairRefusal } from '../../../src/interface.ts'
import { deviceKeyOf } from '../../../src/node/membership/keys.ts'
import { pair, type Pair, type PairConversation } from '../../../src/protocols/pair/index.ts'
import { roster, type RosterExchange } from '../../../src/protocols/roster/index.ts'
import { hashOf } from '../../../src/trust/record-encoding.ts'
import { commitmentOf } from '../../../src/trust/index.ts'
import type { Device } from '../device.ts'

interface Services extends Record<string, unknown> {
  pair: Pair
  roster: RosterExchange
}

/**
 * A libp2p node that keeps none of our rules: with a key of its own, or with one that was a device's. It
 * can speak `pair` and `roster` as we do, and any other protocol as bytes.
 */
export class OutsideDevice {
  readonly node: Libp2p<Services>
  /** What it has for others who ask for its roster: any bytes. */
  said: Uint8Array[] = []

  private constructor(node: Libp2p<Services>) {
    this.node = node
  }

  static async create(privateKey?: PrivateKey): Promise<OutsideDevice> {
    const device: { current?: OutsideDevice } = {}
    const said = (): Uint8Array[] => device.current?.said ?? []
    const node = await createLibp2p<Services>({
      privateKey: privateKey ?? (await generateKeyPair('Ed25519')),
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionMonitor: { enabled: false },
      services: {
        pair: pair({ answer: () => Promise.resolve() }),
        roster: roster({
          mine: () => ({ digest: randomBytes(32).toString('hex'), hashes: said().map(hashOf) }),
          records: (hashes) => said().filter((bytes) => hashes.includes(hashOf(bytes))),
          merge: () => undefined
        })
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

  /**
   * As a newcomer that keeps to the protocol, as far as both have revealed what they committed to.
   *
   * @param revealed another nonce than the one that it has committed to
   */
  async beginPairing(address: string, revealed?: string): Promise<PairConversation> {
    const { remotePeer } = await this.connect(address)
    const conversation = await this.node.services.pair.open(remotePeer)
    const nonce = randomBytes(16).toString('hex')
    const session = randomBytes(16).toString('hex')
    await conversation.send({ type: 'hello', session, ticket: null })
    const answer = await conversation.receive()
    if (answer.type !== 'commitment') throw new Error(`it answers ${JSON.stringify(answer)}`)
    const mesh = answer.mesh ?? ''
    const commitment = commitmentOf({ side: 'newcomer', key: deviceKeyOf(this.id), mesh, session, nonce })
    await conversation.send({ type: 'commitment', commitment, mesh: null })
    await conversation.receive()
    await conversation.send({ type: 'reveal', nonce: revealed ?? nonce })
    return conversation
  }

  /** Why it is refused when it says hello. @throws when it is not even listened to */
  async askToBeLetIn(address: string): Promise<PairRefusal | null> {
    const { remotePeer } = await this.connect(address)
    const conversation = await this.node.services.pair.open(remotePeer)
    try {
      await conversation.send({ type: 'hello', session: randomBytes(16).toString('hex'), ticket: null })
      const answer = await conversation.receive({ timeoutMs: 3000 })
      return answer.type === 'refused' ? answer.reason : null
    } finally {
      conversation.abort(new Error('it goes'))
    }
  }

  /** What others open a stream for, by protocol, from now on. */
  async listenToEverything(protocols: readonly string[]): Promise<string[]> {
    const told: string[] = []
    const own = new Set(this.node.getProtocols())
    for (const protocol of protocols.filter((each) => !own.has(each))) {
      await this.node.handle(protocol, (stream) => {
        told.push(protocol)
        stream.abort(new Error('heard'))
      })
    }
    return told
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
