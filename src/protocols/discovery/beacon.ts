import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { TypedEventEmitter } from '@libp2p/interface'
import { silentLog } from '../log.ts'
import { announcedOn, dialableFrom } from './addresses.ts'
import { BeaconSockets } from './beacon-sockets.ts'
import { DEFAULT_BEACON_PORT } from './constants.ts'
import { decodeDatagram, encodeDatagram } from './datagram.ts'
import { HeardDevices } from './heard-devices.ts'
import { contains, ipv4Networks, neighbourhood } from './interfaces.ts'
import { SourceRates, Tellings } from './source-rates.ts'
import { answerToKnock, isSameVoice, meaningOf, sayings, SILENT, tagFor } from './voice.ts'
import type { RemoteInfo } from 'node:dgram'
import type { Log } from '../log.ts'
import type { Outlet } from './beacon-sockets.ts'
import type { BeaconDatagram } from './datagram.ts'
import type { Beacon, BeaconComponents, BeaconEvents, BeaconInit, BeaconState, Voice } from './index.ts'
import type { InterfaceTable } from './interfaces.ts'
import type { Saying } from './voice.ts'

/** Waits between the first beacons: datagrams get lost, and the goal is to be found within 3 s of the start. */
const BURST_MS = [0, 250, 500, 750, 1500]
/** Then one this often, plus or minus a fifth so that devices that started together drift apart. */
const INTERVAL_MS = 5000
/** Missing this many in a row, a device counts as new when it is heard again, and is answered at once. */
const FORGET_MS = 6 * INTERVAL_MS
/**
 * Sixteen processes on one machine may start at once, each heard twice on each of a few networks. In all: a home of
 * thirty devices in which every door is open is a tenth of it, and reading as many costs a tenth of one core at most.
 */
const HEARD_RATE = { each: { capacity: 256, perSecond: 64 }, all: { capacity: 2048, perSecond: 512 } }
/**
 * Answers go to an address that the datagram claims: too few and too small to be of use in flooding somebody. Knocks
 * have a rate of their own, so that strangers do not use up what members are due.
 */
const ANSWER_RATE = { each: { capacity: 16, perSecond: 4 }, all: { capacity: 64, perSecond: 16 } }
/** A home has a few open doors at most; each is passed on when it changes and once a second at most. */
const DOOR_RATE = { each: { capacity: 16, perSecond: 4 }, all: { capacity: 64, perSecond: 16 } }
/** Four newcomers on one machine, and a dozen in all, are more than one person lets in at once. */
const KNOCK_RATE = {
  everyMs: 60_000,
  each: { capacity: 4, perSecond: 1 / 15 },
  all: { capacity: 12, perSecond: 1 / 5 }
}
/** One neighbour is news enough for who looks for a mesh; sixteen are a crowded network. */
const FOREIGN_RATE = { everyMs: 60_000, each: { capacity: 4, perSecond: 1 }, all: { capacity: 16, perSecond: 1 } }
/** Copies of a home are few, and each process of one is told of once; forged ones have no end. */
const CLONE_RATE = {
  everyMs: Infinity,
  each: { capacity: 4, perSecond: 1 / 5 },
  all: { capacity: 16, perSecond: 1 / 5 }
}

/** `Beacon` of index.ts over UDP. */
export class UdpBeacon extends TypedEventEmitter<BeaconEvents> implements Beacon {
  readonly instance: string
  readonly #components: BeaconComponents
  readonly #port: number
  readonly #interfaces: () => InterfaceTable
  readonly #log: Log
  readonly #sockets: BeaconSockets
  readonly #heardRate = new SourceRates(HEARD_RATE)
  readonly #answerRate = new SourceRates(ANSWER_RATE)
  readonly #knockAnswerRate = new SourceRates(ANSWER_RATE)
  readonly #doorRate = new SourceRates(DOOR_RATE)
  readonly #knocks = new Tellings(KNOCK_RATE)
  readonly #foreign = new Tellings(FOREIGN_RATE)
  readonly #clones = new Tellings(CLONE_RATE)
  readonly #members = new HeardDevices(FORGET_MS)
  readonly #doors = new HeardDevices(FORGET_MS)
  /** By address, for `state`. */
  readonly #others = new HeardDevices(FORGET_MS)
  #voice: Voice
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
    this.#voice = init.voice ?? SILENT
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

  speak(voice: Voice): void {
    if (isSameVoice(voice, this.#voice)) return
    // Members of another mesh are no members of this one.
    if (voice.mesh !== this.#voice.mesh) this.#members.clear()
    this.#voice = voice
    // Who begins to look, or opens a door, must not miss for a minute what it was told before.
    this.#knocks.clear()
    this.#foreign.clear()
    this.#doors.clear()
    this.announce()
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
      speaking: sayings(this.#voice).length > 0,
      heard: this.#members.list(now),
      others: this.#others.list(now).map(({ source, agoMs }) => ({ address: source, agoMs }))
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
        for (const saying of sayings(this.#voice)) {
          const bytes = this.#datagram(saying, outlet, false)
          if (bytes !== undefined) await this.#sockets.announce(outlet, bytes)
        }
      }
    } catch (error) {
      this.#log.warn(`a beacon could not be sent: ${String(error)}`)
    }
  }

  /** What to say on one network; undefined when we listen, but not there. Who listens nowhere only asks for answers. */
  #datagram(saying: Saying, { network }: Outlet, answer: boolean): Uint8Array | undefined {
    const listening = this.#components.transportManager.getAddrs().map(String)
    const announced = announcedOn(network, listening)
    if (announced.length === 0 && listening.length > 0) return undefined
    return encodeDatagram({
      tag: tagFor(saying, this.#voice),
      instance: this.instance,
      peerId: this.#components.peerId,
      answer,
      addresses: saying === 'knock' ? [] : announced,
      words: saying === 'door' ? this.#voice.door : null
    })
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    const now = performance.now()
    if (!this.#started || !this.#heardRate.take(from.address, now)) return
    const datagram = decodeDatagram(bytes)
    if (datagram === undefined) return
    if (datagram.peerId.equals(this.#components.peerId)) {
      this.#hearOwn(datagram, from, now)
      return
    }
    const meaning = meaningOf(datagram, this.#voice)
    if (meaning === 'mesh') {
      this.#hearMember(datagram, from, now)
      return
    }
    this.#others.hear({ id: from.address, instance: null, said: '', source: from.address }, now)
    if (meaning === 'door') this.#hearDoor(datagram, from, now)
    else if (meaning === 'knock') this.#hearKnock(datagram, from, now)
    else if (this.#foreign.tell(from.address, from.address, now)) {
      this.safeDispatchEvent('foreign', { detail: { address: from.address } })
    }
  }

  /** Our own id: our own datagram coming back, or somebody who runs with a copy of our key. */
  #hearOwn({ instance, answer }: BeaconDatagram, from: RemoteInfo, now: number): void {
    if (instance === this.instance) {
      for (const outlet of this.#sockets.outlets) outlet.heardBack ||= outlet.network.address === from.address
      return
    }
    if (!this.#clones.tell(instance, from.address, now)) return
    const [saying] = sayings(this.#voice)
    if (!answer && saying !== undefined && this.#answerRate.take(from.address, now)) this.#answer(saying, from)
    this.safeDispatchEvent('clone', { detail: { instance, address: from.address } })
  }

  #hearMember({ peerId, instance, addresses, answer }: BeaconDatagram, from: RemoteInfo, now: number): void {
    const id = peerId.toString()
    const dialable = dialableFrom(from.address, addresses, neighbourhood(this.#interfaces()))
    const { isNew, isNews } = this.#members.hear({ id, instance, said: dialable.join(), source: from.address }, now)
    // So that finding is mutual at once, even where our own announcements do not get through.
    if (isNew && !answer && this.#answerRate.take(from.address, now)) this.#answer('mesh', from)
    if (!isNews || dialable.length === 0) return
    this.safeDispatchEvent('found', { detail: { id, addresses: dialable, way: 'beacon', instance } })
  }

  #hearDoor({ peerId, instance, addresses, words }: BeaconDatagram, from: RemoteInfo, now: number): void {
    const id = peerId.toString()
    const dialable = dialableFrom(from.address, addresses, neighbourhood(this.#interfaces()))
    if (dialable.length === 0) return
    const said = `${words} ${dialable.join()}`
    if (!this.#doors.hear({ id, instance, said, source: from.address }, now).isNews) return
    if (!this.#doorRate.take(from.address, now)) return
    this.safeDispatchEvent('door', { detail: { id, addresses: dialable, words, way: 'beacon', instance } })
  }

  #hearKnock({ peerId, answer }: BeaconDatagram, from: RemoteInfo, now: number): void {
    if (answer) return
    const saying = answerToKnock(this.#voice)
    if (saying !== undefined && this.#knockAnswerRate.take(from.address, now)) this.#answer(saying, from)
    const id = peerId.toString()
    if (!this.#knocks.tell(id, from.address, now)) return
    this.safeDispatchEvent('knock', { detail: { id, address: from.address } })
  }

  #answer(saying: Saying, to: RemoteInfo): void {
    const outlet = this.#outletTowards(to.address)
    const bytes = outlet === undefined ? undefined : this.#datagram(saying, outlet, true)
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
}
