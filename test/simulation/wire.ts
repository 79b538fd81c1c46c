import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { Connection, PeerId, Stream, StreamHandler, Topology } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { TopicValidatorResult, type GossipSub, type Message } from '@libp2p/gossipsub'
import type { World } from './world.ts'

/** One way through a switch. Whole milliseconds, so that what happens together is worked off together. */
const LATENCY_MS = 1
/** What a frame costs beside its bytes: TCP and IP 52, Noise 18 (length and tag), yamux 12. */
const FRAME_BYTES = 82
/** A new connection, there and back: TCP, Noise, yamux, the negotiation of protocols, and identify with its record. */
const CONNECT_BYTES = 4000
/** In a gossiped message beside its data: author, key, signature, number and topic. */
const MESSAGE_BYTES = 175
/** What libp2p's gossipsub forwards a message to, of those that it is connected with: its D, and its Dhi where it has no more. */
const MESH_DEGREE = 6
const MOST_MESH = 12

export interface Traffic {
  sent: number
  received: number
  /** Gossiped messages that came, and those of them that were new and whose signature was therefore checked. */
  messages: number
  verified: number
}

/** Devices that are off, and dead ones, refuse a dial, as a host does on which the process is gone, or say nothing, as one whose cable is pulled. */
type Life = 'off' | 'alive' | 'killed' | 'cut'

interface Handled {
  handler: StreamHandler
}

/** One device's end of the network: what its services see of libp2p. Only what ours use is there. */
export class Endpoint extends EventTarget {
  readonly peerId: PeerId
  readonly id: string
  readonly address: string
  readonly traffic: Traffic = { sent: 0, received: 0, messages: 0, verified: 0 }
  life: Life = 'off'
  readonly #wire: Wire
  readonly #handlers = new Map<string, Handled>()
  readonly #topologies: Topology[] = []
  readonly #connections = new Map<string, SimulatedConnection[]>()
  readonly #seen = new Set<number>()
  readonly topicValidators: GossipSub['topicValidators'] = new Map()

  constructor(wire: Wire, key: Uint8Array, number: number) {
    super()
    this.#wire = wire
    this.peerId = peerIdFromPublicKey(publicKeyFromRaw(key))
    this.id = this.peerId.toString()
    this.address = `/ip4/10.${number >> 16}.${(number >> 8) & 255}.${number & 255}/tcp/6373`
  }

  readonly registrar = {
    handle: (protocol: string, handler: StreamHandler) => {
      this.#handlers.set(protocol, { handler })
      return Promise.resolve()
    },
    unhandle: (protocol: string) => {
      this.#handlers.delete(protocol)
      return Promise.resolve()
    },
    register: (_protocol: string, topology: Topology) => {
      this.#topologies.push(topology)
      return Promise.resolve('')
    },
    unregister: () => undefined
  }

  readonly connectionManager = {
    getConnections: (peer: PeerId): Connection[] => this.connectionsWith(peer.toString()) as unknown as Connection[],
    openConnection: async (
      target: { toString(): string },
      { signal, force = false }: { signal: AbortSignal; force?: boolean }
    ): Promise<Connection> => {
      const [, address = '', id = ''] = /^(.*)\/p2p\/(.*)$/.exec(target.toString()) ?? []
      const [open] = this.connectionsWith(id)
      if (open !== undefined && !force) return open as unknown as Connection
      return (await this.#wire.connect(this, { address, id }, signal)) as unknown as Connection
    }
  }

  readonly pubsub = {
    topicValidators: this.topicValidators,
    subscribe: () => undefined,
    unsubscribe: () => undefined,
    publish: (_topic: string, data: Uint8Array) => {
      const message = this.#wire.message(this, data)
      this.#seen.add(message.number)
      // As gossipsub does with its own messages: to everybody that it is connected with.
      for (const id of this.#connections.keys()) this.#wire.gossip(this, id, message)
      return Promise.resolve({ recipients: [] })
    }
  }

  dial(
    addresses: readonly { toString(): string }[] | { toString(): string },
    { signal }: { signal: AbortSignal }
  ): Promise<Connection> {
    const [first] = Array.isArray(addresses) ? (addresses as { toString(): string }[]) : [addresses]
    return this.connectionManager.openConnection(first ?? '', { signal })
  }

  hangUp = (peer: PeerId): Promise<void> => {
    for (const connection of this.connectionsWith(peer.toString())) connection.end()
    return Promise.resolve()
  }

  connectionsWith(id: string): SimulatedConnection[] {
    return [...(this.#connections.get(id) ?? [])]
  }

  get connected(): string[] {
    return [...this.#connections.keys()]
  }

  handler(protocol: string): StreamHandler | undefined {
    return this.#handlers.get(protocol)?.handler
  }

  opened(connection: SimulatedConnection): void {
    const id = connection.remotePeer.toString()
    const others = this.#connections.get(id)
    if (others === undefined) this.#connections.set(id, [connection])
    else others.push(connection)
    this.#tell('connection:open', connection)
    if (others === undefined) this.#tell('peer:connect', connection.remotePeer)
    // When identify has told what the other one speaks.
    this.#wire.world.after(2 * LATENCY_MS, () => {
      if (connection.status !== 'open') return
      for (const topology of this.#topologies) {
        void topology.onConnect?.(connection.remotePeer, connection as unknown as Connection)
      }
    })
  }

  closed(connection: SimulatedConnection): void {
    const id = connection.remotePeer.toString()
    const left = (this.#connections.get(id) ?? []).filter((each) => each !== connection)
    if (left.length > 0) this.#connections.set(id, left)
    else if (this.#connections.delete(id)) this.#tell('peer:disconnect', connection.remotePeer)
  }

  async hear(from: Endpoint, message: GossipMessage): Promise<void> {
    if (this.life !== 'alive') return
    this.traffic.messages++
    if (this.#seen.has(message.number)) return
    this.#seen.add(message.number)
    this.traffic.verified++
    const { topicValidators } = this
    const result = await topicValidators.get('mesh/notices/1')?.(from.peerId, message.message)
    if (result !== TopicValidatorResult.Accept) return
    for (const id of this.#mesh(message.number)) if (id !== from.id) this.#wire.gossip(this, id, message)
  }

  /** To whom messages are passed on: all neighbours where there are few, else some, which differ with the message. */
  #mesh(number: number): string[] {
    const all = [...this.#connections.keys()]
    if (all.length <= MOST_MESH) return all
    return Array.from({ length: MESH_DEGREE }, (_, each) => all[(number * 31 + each * 7919) % all.length] ?? '')
  }

  #tell(type: string, detail: unknown): void {
    if (this.life === 'alive') this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

interface GossipMessage {
  number: number
  message: Message
}

/** The network between the devices: everybody can dial everybody. */
export class Wire {
  readonly world: World
  readonly #endpoints = new Map<string, Endpoint>()
  #messages = 0

  constructor(world: World) {
    this.world = world
  }

  endpoint(): Endpoint {
    const key = Uint8Array.from({ length: 32 }, () => Math.floor(256 * this.world.random()))
    const endpoint = new Endpoint(this, key, this.#endpoints.size)
    this.#endpoints.set(endpoint.id, endpoint)
    return endpoint
  }

  connect(from: Endpoint, to: { address: string; id: string }, signal: AbortSignal): Promise<SimulatedConnection> {
    const there = this.#endpoints.get(to.id)
    return new Promise((resolve, reject) => {
      const fail = () => {
        // The reason of a signal, as libp2p hands it on.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal.reason)
      }
      signal.addEventListener('abort', fail, { once: true })
      if (there?.life === 'cut') return
      // There and back for TCP, for Noise, and for what follows.
      this.world.after(6 * LATENCY_MS, () => {
        signal.removeEventListener('abort', fail)
        if (from.life !== 'alive' || signal.aborted) return
        if (there?.life !== 'alive' || there.address !== to.address) {
          reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
          return
        }
        this.count(from, there, CONNECT_BYTES / 2)
        this.count(there, from, CONNECT_BYTES / 2)
        const [near, far] = SimulatedConnection.between(this, from, there)
        from.opened(near)
        there.opened(far)
        resolve(near)
      })
    })
  }

  count(from: Endpoint, to: Endpoint, bytes: number): void {
    from.traffic.sent += bytes
    to.traffic.received += bytes
  }

  message(from: Endpoint, data: Uint8Array): GossipMessage {
    const message = { type: 'signed', from: from.peerId, data, topic: 'mesh/notices/1' } as unknown as Message
    return { number: this.#messages++, message }
  }

  gossip(from: Endpoint, to: string, message: GossipMessage): void {
    const there = this.#endpoints.get(to)
    if (there === undefined || from.life !== 'alive') return
    this.count(from, there, message.message.data.byteLength + MESSAGE_BYTES + FRAME_BYTES)
    this.world.after(LATENCY_MS, () => {
      void there.hear(from, message)
    })
  }

  /** A device dies: as its process is killed (its connections are reset), or as its cable is pulled (nothing is heard). */
  end(endpoint: Endpoint, how: 'killed' | 'cut'): void {
    endpoint.life = how
    if (how === 'cut') return
    for (const id of endpoint.connected) {
      for (const connection of endpoint.connectionsWith(id)) connection.end()
    }
  }
}

let streams = 0

class SimulatedConnection {
  readonly remotePeer: PeerId
  readonly direction: 'inbound' | 'outbound'
  status: 'open' | 'closed' = 'open'
  streams: SimulatedStream[] = []
  readonly #wire: Wire
  readonly #own: Endpoint
  readonly #there: Endpoint
  #other: SimulatedConnection | undefined

  private constructor(wire: Wire, own: Endpoint, there: Endpoint, direction: 'inbound' | 'outbound') {
    this.#wire = wire
    this.#own = own
    this.#there = there
    this.remotePeer = there.peerId
    this.direction = direction
  }

  static between(wire: Wire, one: Endpoint, other: Endpoint): [SimulatedConnection, SimulatedConnection] {
    const near = new SimulatedConnection(wire, one, other, 'outbound')
    const far = new SimulatedConnection(wire, other, one, 'inbound')
    near.#other = far
    far.#other = near
    return [near, far]
  }

  newStream(protocol: string): Promise<Stream> {
    return new Promise((resolve, reject) => {
      this.#wire.world.after(2 * LATENCY_MS, () => {
        const far = this.#other
        const handler = this.#there.handler(protocol)
        if (this.status !== 'open' || far === undefined || handler === undefined || this.#there.life !== 'alive') {
          reject(new Error('the connection is closed'))
          return
        }
        const [here, there] = SimulatedStream.between(this.#wire, protocol, [this.#own, this], [this.#there, far])
        this.streams.push(here)
        far.streams.push(there)
        void handler(there as unknown as Stream, far as unknown as Connection)
        resolve(here as unknown as Stream)
      })
    })
  }

  abort(): void {
    this.end()
  }

  /** Here at once, there when it is known there. */
  end(): void {
    if (this.status !== 'open') return
    this.ended()
    this.#wire.world.after(LATENCY_MS, () => {
      if (this.#there.life === 'alive') this.#other?.ended()
    })
  }

  ended(): void {
    if (this.status !== 'open') return
    this.status = 'closed'
    for (const stream of this.streams.splice(0)) stream.ended(new Error('the connection ended'))
    // As in life, where whoever reads the streams hears of it first.
    this.#wire.world.after(LATENCY_MS, () => {
      this.#own.closed(this)
    })
  }
}

type Listener = (event: { data?: Uint8Array; error?: Error }) => void

/** As much of libp2p's stream as ours use: written to without waiting, read by events. */
class SimulatedStream {
  readonly id = String(streams++)
  readonly protocol: string
  status: 'open' | 'aborted' = 'open'
  readStatus: 'readable' | 'closed' = 'readable'
  writeStatus: 'writable' | 'closed' = 'writable'
  readonly writableNeedsDrain = false
  readonly readableEnded = false
  readonly readBufferLength = 0
  readonly #wire: Wire
  readonly #own: Endpoint
  readonly #there: Endpoint
  readonly #connection: SimulatedConnection
  readonly #listeners = new Map<string, Set<Listener>>()
  #other: SimulatedStream | undefined

  private constructor(wire: Wire, protocol: string, own: Endpoint, there: Endpoint, connection: SimulatedConnection) {
    this.#wire = wire
    this.protocol = protocol
    this.#own = own
    this.#there = there
    this.#connection = connection
  }

  static between(
    wire: Wire,
    protocol: string,
    [one, near]: [Endpoint, SimulatedConnection],
    [other, far]: [Endpoint, SimulatedConnection]
  ): [SimulatedStream, SimulatedStream] {
    const here = new SimulatedStream(wire, protocol, one, other, near)
    const there = new SimulatedStream(wire, protocol, other, one, far)
    here.#other = there
    there.#other = here
    return [here, there]
  }

  addEventListener(type: string, listener: Listener): void {
    const listeners = this.#listeners.get(type) ?? new Set()
    listeners.add(listener)
    this.#listeners.set(type, listeners)
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener)
  }

  send(data: Uint8Array): boolean {
    if (this.writeStatus !== 'writable') throw new Error('the stream is closed')
    if (this.#own.life !== 'alive') return true
    this.#wire.count(this.#own, this.#there, data.byteLength + FRAME_BYTES)
    this.#wire.world.after(LATENCY_MS, () => {
      const other = this.#other
      if (this.#there.life === 'alive' && other !== undefined) other.#hear({ data }, 'message')
    })
    return true
  }

  pause(): void {
    // What is under way is never so much.
  }

  resume(): void {
    // It was never paused.
  }

  abort(error: Error): void {
    if (this.status !== 'open') return
    this.ended(error)
    this.#connection.streams = this.#connection.streams.filter((each) => each !== this)
    this.#wire.world.after(LATENCY_MS, () => {
      if (this.#there.life === 'alive') this.#other?.ended(new Error('the stream was reset'))
    })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  ended(error: Error): void {
    if (this.status !== 'open') return
    this.status = 'aborted'
    this.readStatus = 'closed'
    this.writeStatus = 'closed'
    this.#hear({ error }, 'close')
  }

  #hear(event: Parameters<Listener>[0], type: string): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(event)
  }
}
