import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import type { Ipv4Network } from './interfaces.ts'

/**
 * An own group in the administratively scoped block (RFC 2365): routers keep it inside the site, and it is none of
 * the well-known ones.
 */
const GROUP = '239.255.63.72'

/** Only the own link: a neighbour network has its own devices. */
const TTL = 1

export type Receive = (bytes: Uint8Array, from: RemoteInfo) => void

/** One network and the socket that speaks on it. */
export interface Outlet {
  network: Ipv4Network
  socket: Socket
  announced: boolean
  /** Why the last datagram could not be sent, or null. */
  sendError: string | null
  /** Whether an own datagram came back through the network stack: multicast or broadcast works on this interface. */
  heardBack: boolean
}

/**
 * The sockets of a beacon. One listens on the common port, shared with the other processes of this machine; and there
 * is one for each network to send from, bound to that network's own address. So a datagram leaves by its interface
 * whatever the routing table says (no default route is needed), its source is an address that the receiver can reach,
 * and an answer to the source port reaches exactly this process even where many share the common port: of those the
 * kernel gives a unicast datagram to one only.
 */
export class BeaconSockets {
  readonly #port: number
  readonly #receive: Receive
  #listener: Socket | undefined
  #outlets = new Map<string, Outlet>()
  #listenError: string | null = null

  constructor(port: number, receive: Receive) {
    this.#port = port
    this.#receive = receive
  }

  get outlets(): Outlet[] {
    return [...this.#outlets.values()]
  }

  /** Why the common port cannot be listened on, or null. Without it answers still come, to the sending sockets. */
  get listenError(): string | null {
    return this.#listenError
  }

  /** Follows the networks that are there now. `rejoin` after a change: a group is left when its interface goes. */
  async refresh(networks: Ipv4Network[], rejoin: boolean): Promise<void> {
    await this.#listen()
    const wanted = new Map(networks.map((network) => [`${network.name} ${network.address}`, network]))
    for (const [key, { socket }] of this.#outlets) {
      if (wanted.has(key)) continue
      this.#outlets.delete(key)
      socket.close()
    }
    for (const [key, network] of wanted) {
      const known = this.#outlets.get(key)
      if (known !== undefined) {
        known.network = network
        if (rejoin) this.#join(network, rejoin)
        continue
      }
      const outlet = await this.#open(network)
      if (outlet === undefined) continue
      this.#outlets.set(key, outlet)
      this.#join(network, true)
    }
  }

  /** To everybody on one network, twice: some access points drop multicast, others broadcast. */
  async announce(outlet: Outlet, bytes: Uint8Array): Promise<void> {
    const errors = [
      await sendTo(outlet.socket, bytes, this.#port, GROUP),
      await sendTo(outlet.socket, bytes, this.#port, outlet.network.broadcast)
    ]
    outlet.announced = true
    outlet.sendError = errors.every((error) => error !== null) ? (errors[0] ?? null) : null
  }

  /**
   * To one device: at the port that it spoke from, which is its own, and at the common port, which is the one that a
   * firewall there lets through.
   */
  async answer(outlet: Outlet, bytes: Uint8Array, to: RemoteInfo): Promise<void> {
    await sendTo(outlet.socket, bytes, to.port, to.address)
    if (to.port !== this.#port) await sendTo(outlet.socket, bytes, this.#port, to.address)
  }

  close(): void {
    this.#listener?.close()
    this.#listener = undefined
    for (const { socket } of this.#outlets.values()) socket.close()
    this.#outlets.clear()
  }

  async #listen(): Promise<void> {
    if (this.#listener !== undefined) return
    // On Linux this is SO_REUSEADDR, on macOS and BSD libuv sets SO_REUSEPORT: either way every process on the port gets
    // every multicast and broadcast datagram.
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    this.#listenError = await bind(socket, this.#port)
    if (this.#listenError !== null) return
    socket.on('message', this.#receive)
    socket.on('error', () => undefined)
    this.#listener = socket
    for (const { network } of this.#outlets.values()) this.#join(network, false)
  }

  async #open(network: Ipv4Network): Promise<Outlet | undefined> {
    const socket = createSocket({ type: 'udp4' })
    // An address that vanished between the listing and this line; the next refresh no longer lists it.
    if ((await bind(socket, 0, network.address)) !== null) return undefined
    const outlet: Outlet = { network, socket, announced: false, sendError: null, heardBack: false }
    socket.on('message', this.#receive)
    socket.on('error', (error) => {
      outlet.sendError = error.message
    })
    socket.setBroadcast(true)
    socket.setMulticastTTL(TTL)
    socket.setMulticastLoopback(true)
    ignoringFailure(() => {
      socket.setMulticastInterface(network.address)
    })
    return outlet
  }

  #join(network: Ipv4Network, afresh: boolean): void {
    // The kernel refuses a second membership on one interface (two addresses), and any on one without multicast.
    if (afresh) ignoringFailure(() => this.#listener?.dropMembership(GROUP, network.address))
    ignoringFailure(() => this.#listener?.addMembership(GROUP, network.address))
  }
}

/** Null when bound; otherwise closes the socket and tells why. */
function bind(socket: Socket, port: number, address?: string): Promise<string | null> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => {
      socket.close()
      resolve(error.message)
    }
    socket.once('error', failed)
    socket.bind({ port, ...(address === undefined ? {} : { address }) }, () => {
      socket.off('error', failed)
      resolve(null)
    })
  })
}

function sendTo(socket: Socket, bytes: Uint8Array, port: number, address: string): Promise<string | null> {
  return new Promise((resolve) => {
    try {
      socket.send(bytes, port, address, (error) => {
        resolve(error?.message ?? null)
      })
    } catch (error) {
      // The socket was closed by a refresh or by the end; there is nobody to tell.
      resolve(error instanceof Error ? error.message : String(error))
    }
  })
}

function ignoringFailure(attempt: () => void): void {
  try {
    attempt()
  } catch {
    // Multicast is one of two ways, and `heardBack` shows what really works.
  }
}
