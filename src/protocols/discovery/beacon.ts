import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { TypedEventEmitter } from '@libp2p/interface'
import { silentLog } from '../log.ts'
import { PeerRates } from '../rate.ts'
import { announcedOn, dialableFrom } from './addresses.ts'
import { BeaconSockets } from './beacon-sockets.ts'
import { COMMON_TAG, DEFAULT_BEACON_PORT } from './constants.ts'
import { decodeDatagram, encodeDatagram, tagOf } from './datagram.ts'
import { contains, ipv4Networks, neighbourhood } from './interfaces.ts'
import type { RemoteInfo } from 'node:dgram'
import type { Log } from '../log.ts'
import type { Outlet } from './beacon-sockets.ts'
import type { BeaconDatagram } from './datagram.ts'
import type { Beacon, BeaconComponents, BeaconEvents, BeaconInit, BeaconState } from './index.ts'
import type { InterfaceTable } from './interfaces.ts'

/** Waits between the first beacons: datagrams get lost, and the goal is to be found within 3 s of the start. */
const BURST_MS = [0, 250, 500, 750, 1500]
/** Then one this often, plus or minus a fifth so that devices that started together drift apart. */
const INTERVAL_MS = 5000
/** Missing this many in a row, a device counts as new when it is heard again, and is answered at once. */
const FORGET_MS = 6 * INTERVAL_MS
/** An unchanged announcement is passed on at most this often: it comes twice (multicast, broadcast) on each network. */
const REPEAT_MS = 1000
/** More devices than an owner has; the one that was quiet longest gives way. */
const MAX_KNOWN = 256
/** More networks than two devices share. */
const MAX_ANNOUNCEMENTS = 16
/** Sixteen processes on one machine may start at once, each heard twice on each of a few networks. */
const HEARD_RATE = { capacity: 256, perSecond: 64 }
/** Answers go to an address that the datagram claims: too few and too small to be of use in flooding somebody. */
const ANSWER_RATE = { capacity: 16, perSecond: 4 }

interface Known {
  instance: string
  /** What it announced, joined: a device announces something else on each network, and hearing them in turn is no change. */
  announcements: Set<string>
  heardAt: number
  passedOnAt: number
  source: string
}

/** `Beacon` of index.ts over UDP. */
export class UdpBeacon extends TypedEventEmitter<BeaconEvents> implements Beacon {
  readonly instance: string
  readonly #components: BeaconComponents
  readonly #port: number
  readonly #tag: string
  readonly #interfaces: () => InterfaceTable
  readonly #log: Log
  readonly #sockets: BeaconSockets
  readonly #heardRate = new PeerRates(HEARD_RATE)
  readonly #answerRate = new PeerRates(ANSWER_RATE)
  readonly #known = new Map<string, Known>()
  readonly #clones = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #started = false
  #sent = 0
  /** The round of sending in progress; the next one waits for it, so that sockets are opened once. */
  #round: Promise<void> = Promise.resolve()
  readonly #onListening = (): void => {
    this.announce()
  }

  constructor(components: BeaconComponents, init: BeaconInit = {}) {
    super()
    this.#components = components
    this.instance = init.instance ?? randomBytes(8).toString('hex')
    this.#port = init.port ?? DEFAULT_BEACON_PORT
    this.#tag = tagOf(init.tag ?? COMMON_TAG)
    this.#interfaces = init.interfaces ?? networkInterfaces
    this.#log = init.log ?? silentLog
    this.#sockets = new BeaconSockets(this.#port, (bytes, from) => {
      this.#receive(bytes, from)
    })
  }

  start(): void {
    this.#started = true
    // libp2p starts to listen after its services have started, and only then there is something to announce.
    this.#components.events?.addEventListener('transport:listening', this.#onListening)
    this.announce()
  }

  async stop(): Promise<void> {
    this.#started = false
    this.#components.events?.removeEventListener('transport:listening', this.#onListening)
    clearTimeout(this.#timer)
    await this.#round
    this.#sockets.close()
  }

  announce(): void {
    if (!this.#started) return
    this.#sent = 0
    this.#schedule()
  }

  state(): BeaconState {
    const now = performance.now()
    return {
      port: this.#port,
      listenError: this.#sockets.listenError,
      networks: this.#sockets.outlets.map(({ network, announced, sendError, heardBack }) => ({
        name: network.name,
        address: network.address,
        loopback: network.loopback,
        announced,
        sendError,
        heardBack
      })),
      heard: [...this.#known].map(([id, { source, heardAt }]) => ({ id, source, agoMs: Math.round(now - heardAt) }))
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    const wait = BURST_MS[this.#sent] ?? INTERVAL_MS * (0.8 + 0.4 * Math.random())
    this.#timer = setTimeout(() => {
      const rejoin = this.#sent === 0
      this.#sent++
      this.#round = this.#round.then(() => this.#send(rejoin))
      this.#schedule()
    }, wait)
  }

  async #send(rejoin: boolean): Promise<void> {
    if (!this.#started) return
    try {
      await this.#sockets.refresh(ipv4Networks(this.#interfaces()), rejoin)
      for (const outlet of this.#sockets.outlets) {
        const bytes = this.#datagram(outlet, false)
        if (bytes !== undefined) await this.#sockets.announce(outlet, bytes)
      }
    } catch (error) {
      this.#log.warn(`a beacon could not be sent: ${String(error)}`)
    }
  }

  /** What to say on one network; undefined when we listen, but not there. Who listens nowhere only asks for answers. */
  #datagram({ network }: Outlet, answer: boolean): Uint8Array | undefined {
    const listening = this.#components.transportManager.getAddrs().map(String)
    const addresses = announcedOn(network, listening)
    if (addresses.length === 0 && listening.length > 0) return undefined
    const { peerId } = this.#components
    return encodeDatagram({ tag: this.#tag, instance: this.instance, peerId, answer, addresses })
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    const now = performance.now()
    if (!this.#started || !this.#heardRate.take(from.address, now)) return
    const datagram = decodeDatagram(bytes)
    if (datagram?.tag !== this.#tag) return
    if (datagram.peerId.equals(this.#components.peerId)) this.#receiveOwn(datagram, from, now)
    else this.#receiveOther(datagram, from, now)
  }

  /** Our own id: our own datagram coming back, or somebody who runs with a copy of our key. */
  #receiveOwn({ instance, answer }: BeaconDatagram, from: RemoteInfo, now: number): void {
    if (instance === this.instance) {
      for (const outlet of this.#sockets.outlets) outlet.heardBack ||= outlet.network.address === from.address
      return
    }
    if (this.#clones.has(instance) || this.#clones.size >= MAX_KNOWN) return
    this.#clones.add(instance)
    if (!answer) this.#answer(from, now)
    this.safeDispatchEvent('clone', { detail: { instance, address: from.address } })
  }

  #receiveOther({ peerId, instance, addresses, answer }: BeaconDatagram, from: RemoteInfo, now: number): void {
    const id = peerId.toString()
    const before = this.#known.get(id)
    const known = before?.instance === instance && now - before.heardAt <= FORGET_MS ? before : undefined
    if (known === undefined && !answer) this.#answer(from, now)
    const dialable = dialableFrom(from.address, addresses, neighbourhood(this.#interfaces()))
    const announcements = known?.announcements ?? new Set<string>()
    const isRepeat = known !== undefined && announcements.has(dialable.join()) && now - known.passedOnAt < REPEAT_MS
    if (announcements.size >= MAX_ANNOUNCEMENTS) announcements.clear()
    announcements.add(dialable.join())
    const passedOnAt = isRepeat ? known.passedOnAt : now
    this.#remember(id, { instance, announcements, heardAt: now, passedOnAt, source: from.address })
    if (isRepeat || dialable.length === 0) return
    this.safeDispatchEvent('found', { detail: { id, addresses: dialable, way: 'beacon', instance } })
  }

  /** So that finding is mutual at once, even where our own announcements do not get through. */
  #answer(to: RemoteInfo, now: number): void {
    if (!this.#answerRate.take(to.address, now)) return
    const outlet = this.#outletTowards(to.address)
    const bytes = outlet === undefined ? undefined : this.#datagram(outlet, true)
    if (outlet !== undefined && bytes !== undefined) void this.#sockets.answer(outlet, bytes, to)
  }

  #outletTowards(address: string): Outlet | undefined {
    const { outlets } = this.#sockets
    return (
      outlets.find(({ network }) => network.address === address) ??
      outlets.find(({ network }) => contains(network, address)) ??
      outlets.find(({ network }) => !network.loopback)
    )
  }

  #remember(id: string, known: Known): void {
    this.#known.delete(id)
    this.#known.set(id, known)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break
      this.#known.delete(oldest)
    }
  }
}
