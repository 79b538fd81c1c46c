import { mdns } from '@libp2p/mdns'
import { take } from '../rate.ts'
import { MDNS_PORT } from './constants.ts'
import type { PeerDiscovery, PeerInfo, Startable } from '@libp2p/interface'
import type { MulticastDNSComponents } from '@libp2p/mdns'
import type { Bucket } from '../rate.ts'

/** Waits between the first queries, then one this often: libp2p's own default of 10 s misses the goal of 3 s. */
const BURST_MS = [0, 500, 1000, 1500]
const INTERVAL_MS = 10_000

/** The module's own queries tell nobody whether they could be sent, so ours go out instead and its are put off. */
const NEVER_MS = 2 ** 31 - 1

/** A response goes to everybody, and RFC 6762 (6) wants a second between two; a few may be lost at the start. */
const RESPONSE_RATE = { capacity: 4, perSecond: 1 }

/** The part of `multicast-dns` that the module of libp2p keeps in its public field `mdns`. */
interface Responder {
  query(
    query: { questions: { name: string; type: 'PTR' }[] },
    type: undefined,
    to: undefined,
    done: (error?: Error | null) => void
  ): void
  respond(answers: unknown): void
  prependListener(event: 'query' | 'response', listener: (packet: Packet, from: { address: string }) => void): void
}

interface Packet {
  questions?: { name: string }[]
  answers?: { name: string; type: string; data?: unknown }[]
}

type Module = PeerDiscovery & Startable & { mdns?: Responder }

export interface MdnsServiceInit {
  /** What is asked for and answered to, `_name._udp.local`. */
  name: string
  /** Whether queries are answered, or only sent. */
  answering: boolean
  /** How the answers call this device: one label, never the same twice. */
  instanceName: string
  /** @default 5353 */
  port?: number
  isOwn: (address: string) => boolean
  heard: (response: MdnsResponse) => void
}

/** A device answered. */
export interface MdnsResponse {
  peer: PeerInfo
  /** The address that the packet came from. */
  source: string
  /** How the answer calls the device: `instanceName` there. */
  instanceName: string
}

/**
 * libp2p's module for one service name, with queries of ours. It listens to the module's own `peer` event, which comes
 * with every answer: libp2p's `peer:discovery` comes once for each peer, so that one which restarted on another port
 * would never be found again.
 */
export class MdnsService {
  readonly #init: MdnsServiceInit
  readonly #module: Module
  #timer: NodeJS.Timeout | undefined
  #sent = 0
  #responses: Bucket | undefined
  /** Of the packet that is being handled: the module's event does not carry it. */
  #source = ''
  #instanceName = ''
  /** Why the last query did not leave this device, or null. */
  sendError: string | null = null
  /** An own query came back through the network stack. */
  heardBack = false

  constructor(components: MulticastDNSComponents, init: MdnsServiceInit) {
    const { name, answering, instanceName, port = MDNS_PORT } = init
    this.#init = init
    const module = mdns({ interval: NEVER_MS, serviceTag: name, broadcast: answering, peerName: instanceName, port })
    // The factory's declared type leaves out what its object is.
    this.#module = module(components) as Module
    this.#module.addEventListener('peer', ({ detail }) => {
      init.heard({ peer: detail, source: this.#source, instanceName: this.#instanceName })
    })
  }

  async open(): Promise<void> {
    await this.#module.start()
    if (this.#module.mdns !== undefined) this.#attach(this.#module.mdns)
    // Our own queries come back to us too, and are answered to everybody: so the burst announces us as well.
    this.#schedule()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#module.stop()
  }

  #attach(responder: Responder): void {
    const { name, isOwn } = this.#init
    responder.prependListener('response', ({ answers = [] }, { address }) => {
      const pointer = answers.find((answer) => answer.type === 'PTR' && answer.name === name)?.data
      this.#source = address
      this.#instanceName = typeof pointer === 'string' ? pointer.replace(/\..*/s, '') : ''
    })
    responder.prependListener('query', ({ questions = [] }, { address }) => {
      if (questions.some((question) => question.name === name) && isOwn(address)) this.heardBack = true
    })
    const respond = responder.respond.bind(responder)
    responder.respond = (answers) => {
      const { bucket, allowed } = take(this.#responses, RESPONSE_RATE, performance.now())
      this.#responses = bucket
      if (allowed) respond(answers)
    }
  }

  #schedule(): void {
    const wait = BURST_MS[this.#sent++] ?? INTERVAL_MS
    this.#timer = setTimeout(() => {
      const query = { questions: [{ name: this.#init.name, type: 'PTR' as const }] }
      this.#module.mdns?.query(query, undefined, undefined, (error) => {
        this.sendError = error?.message ?? null
      })
      this.#schedule()
    }, wait)
  }
}
