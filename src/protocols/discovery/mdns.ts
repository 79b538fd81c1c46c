import { networkInterfaces } from 'node:os'
import { TypedEventEmitter } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { silentLog } from '../log.ts'
import { dialableFrom } from './addresses.ts'
import { COMMON_TAG, MDNS_PORT } from './constants.ts'
import { neighbourhood } from './interfaces.ts'
import type { PeerDiscovery, PeerInfo, Startable } from '@libp2p/interface'
import type { MulticastDNSComponents } from '@libp2p/mdns'
import type { Log } from '../log.ts'
import type { Mdns, MdnsEvents, MdnsInit, MdnsState } from './index.ts'

/** Waits between the first queries, then one this often: libp2p's own default of 10 s misses the goal of 3 s. */
const BURST_MS = [0, 500, 1000, 1500]
const INTERVAL_MS = 10_000

/** The module's own queries tell nobody whether they could be sent, so ours go out instead and its are put off. */
const NEVER_MS = 2 ** 31 - 1

/** An unchanged announcement is passed on at most this often: every device answers every query of every other. */
const REPEAT_MS = 1000
const MAX_KNOWN = 256

/** The part of `multicast-dns` that the module of libp2p keeps in its public field `mdns`. */
interface Responder {
  query(
    query: { questions: { name: string; type: 'PTR' }[] },
    type: undefined,
    to: undefined,
    done: (error?: Error | null) => void
  ): void
  prependListener(event: 'query' | 'response', listener: (packet: Packet, from: { address: string }) => void): void
}

interface Packet {
  questions?: { name: string }[]
}

type Module = PeerDiscovery & Startable & { mdns?: Responder }

/**
 * `Mdns` of index.ts: libp2p's module, started anew when the network changes. It listens to the module's own `peer`
 * event, which comes with every answer: libp2p's `peer:discovery` comes once for each peer, so that one which restarted
 * on another port would never be found again.
 */
export class WrappedMdns extends TypedEventEmitter<MdnsEvents> implements Mdns {
  readonly #components: MulticastDNSComponents
  readonly #init: MdnsInit
  readonly #serviceTag: string
  readonly #log: Log
  readonly #passedOn = new Map<string, { addresses: string; at: number }>()
  #module: Module | undefined
  #started = false
  #turn: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #sent = 0
  /** The sender of the packet that is being handled: the module's event does not carry it. */
  #source = ''
  #sendError: string | null = null
  #heardBack = false

  constructor(components: MulticastDNSComponents, init: MdnsInit = {}) {
    super()
    this.#components = components
    this.#init = init
    this.#serviceTag = `_${init.tag ?? COMMON_TAG}._udp.local`
    this.#log = init.log ?? silentLog
  }

  async start(): Promise<void> {
    this.#started = true
    await this.#inTurn(() => this.#open())
  }

  async stop(): Promise<void> {
    this.#started = false
    await this.#inTurn(() => this.#close())
  }

  async restart(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#close()
      // A stop that came meanwhile is not undone.
      if (this.#started) await this.#open()
    })
  }

  /** Opening and closing take time, and a change of the network may come in the middle. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work, work)
    return this.#turn
  }

  async #open(): Promise<void> {
    const { port = MDNS_PORT } = this.#init
    // The factory's declared type leaves out what its object is.
    const module = mdns({ interval: NEVER_MS, serviceTag: this.#serviceTag, port })(this.#components) as Module
    module.addEventListener('peer', ({ detail }) => {
      this.#found(detail)
    })
    await module.start()
    this.#module = module
    module.mdns?.prependListener('response', (_packet, { address }) => {
      this.#source = address
    })
    module.mdns?.prependListener('query', ({ questions = [] }, { address }) => {
      if (questions.some(({ name }) => name === this.#serviceTag) && this.#isOwn(address)) this.#heardBack = true
    })
    this.#sent = 0
    this.#heardBack = false
    this.#sendError = null
    this.#schedule()
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer)
    const module = this.#module
    this.#module = undefined
    await module?.stop()
  }

  state(): MdnsState {
    return { sendError: this.#sendError, heardBack: this.#heardBack, heard: [...this.#passedOn.keys()] }
  }

  #schedule(): void {
    const wait = BURST_MS[this.#sent++] ?? INTERVAL_MS
    this.#timer = setTimeout(() => {
      const query = { questions: [{ name: this.#serviceTag, type: 'PTR' as const }] }
      this.#module?.mdns?.query(query, undefined, undefined, (error) => {
        this.#sendError = error?.message ?? null
      })
      this.#schedule()
    }, wait)
  }

  #found({ id, multiaddrs }: PeerInfo): void {
    const neighbours = neighbourhood(this.#interfaces())
    const addresses = dialableFrom(this.#source, multiaddrs.map(String), neighbours)
    const key = id.toString()
    const before = this.#passedOn.get(key)
    const now = performance.now()
    if (addresses.length === 0) return
    if (before?.addresses === addresses.join() && now - before.at < REPEAT_MS) return
    this.#passedOn.delete(key)
    this.#passedOn.set(key, { addresses: addresses.join(), at: now })
    for (const oldest of this.#passedOn.keys()) {
      if (this.#passedOn.size <= MAX_KNOWN) break
      this.#passedOn.delete(oldest)
    }
    this.#log.debug(`mDNS: ${key} at ${addresses.join(' ')}`)
    this.safeDispatchEvent('found', { detail: { id: key, addresses, way: 'mdns', instance: null } })
  }

  #isOwn(address: string): boolean {
    return neighbourhood(this.#interfaces()).isOwn(address)
  }

  #interfaces(): ReturnType<typeof networkInterfaces> {
    return (this.#init.interfaces ?? networkInterfaces)()
  }
}
