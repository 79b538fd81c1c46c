import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { TypedEventEmitter } from '@libp2p/interface'
import { silentLog } from '../log.ts'
import { dialableFrom } from './addresses.ts'
import { COMMON_TAG } from './constants.ts'
import { tagOf } from './datagram.ts'
import { HeardDevices } from './heard-devices.ts'
import { neighbourhood } from './interfaces.ts'
import { MdnsService } from './mdns-service.ts'
import { SourceRates } from './source-rates.ts'
import { isSameVoice, SILENT } from './voice.ts'
import type { MulticastDNSComponents } from '@libp2p/mdns'
import type { Log } from '../log.ts'
import type { Mdns, MdnsEvents, MdnsInit, MdnsState, Voice } from './index.ts'
import type { MdnsResponse } from './mdns-service.ts'

const COMMON_SERVICE = `_${COMMON_TAG}._udp.local`

/** Every device answers every query of every other, and the answers go to everybody. */
const HEARD_RATE = { each: { capacity: 64, perSecond: 16 }, all: { capacity: 512, perSecond: 128 } }
/** Three of the slowest queries in a row. */
const FORGET_MS = 30_000

/** One service that a voice asks for: the mesh's own, or the one of open doors. */
interface Wanted {
  name: string
  event: 'found' | 'door'
  answering: boolean
  /** The two words that the answers tell, or null. */
  words: number | null
}

/** `Mdns` of index.ts: a service for each thing that the voice says, all started anew when the network changes. */
export class WrappedMdns extends TypedEventEmitter<MdnsEvents> implements Mdns {
  readonly #components: MulticastDNSComponents
  readonly #init: MdnsInit
  readonly #log: Log
  readonly #rates = new SourceRates(HEARD_RATE)
  readonly #heard = { found: new HeardDevices(FORGET_MS), door: new HeardDevices(FORGET_MS) }
  /** What is open, by what it was opened for. */
  readonly #services = new Map<string, MdnsService>()
  #voice: Voice
  #started = false
  #turn: Promise<void> = Promise.resolve()

  constructor(components: MulticastDNSComponents, init: MdnsInit = {}) {
    super()
    this.#components = components
    this.#init = init
    this.#voice = init.voice ?? SILENT
    this.#log = init.log ?? silentLog
  }

  async start(): Promise<void> {
    this.#started = true
    await this.#inTurn(() => this.#adjust())
  }

  async stop(): Promise<void> {
    this.#started = false
    await this.#inTurn(() => this.#adjust())
  }

  async restart(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#close([...this.#services.keys()])
      await this.#adjust()
    })
  }

  speak(voice: Voice): void {
    if (isSameVoice(voice, this.#voice)) return
    if (voice.mesh !== this.#voice.mesh) this.#heard.found.clear()
    this.#heard.door.clear()
    this.#voice = voice
    this.#inTurn(() => this.#adjust()).catch((error: unknown) => {
      this.#log.warn(`mDNS does not say what it should: ${String(error)}`)
    })
  }

  state(): MdnsState {
    const now = performance.now()
    const services = [...this.#services.values()]
    const heard = [...this.#heard.found.list(now), ...this.#heard.door.list(now)]
    return {
      speaking: servicesOf(this.#voice).length > 0,
      sendError: services.map(({ sendError }) => sendError).find((error) => error !== null) ?? null,
      heardBack: services.some(({ heardBack }) => heardBack),
      heard: [...new Set(heard.map(({ id }) => id))]
    }
  }

  /** Opening and closing take time, and a change of the network or of the voice may come in the middle. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work, work)
    return this.#turn
  }

  /** Opens what is missing and closes what is too much, by what is wanted now: a stop that came meanwhile is kept. */
  async #adjust(): Promise<void> {
    const wanted = this.#started ? servicesOf(this.#voice) : []
    const keys = new Map(wanted.map((each) => [JSON.stringify(each), each]))
    await this.#close([...this.#services.keys()].filter((key) => !keys.has(key)))
    for (const [key, each] of keys) {
      if (!this.#services.has(key)) await this.#open(key, each)
    }
  }

  async #open(key: string, { name, event, answering, words }: Wanted): Promise<void> {
    const service = new MdnsService(this.#components, {
      name,
      answering,
      instanceName: instanceName(words),
      ...(this.#init.port === undefined ? {} : { port: this.#init.port }),
      isOwn: (address) => neighbourhood(this.#interfaces()).isOwn(address),
      heard: (response) => {
        this.#hear(event, response)
      }
    })
    await service.open()
    this.#services.set(key, service)
  }

  async #close(keys: string[]): Promise<void> {
    const closing = keys.map((key) => this.#services.get(key)?.close() ?? Promise.resolve())
    for (const key of keys) this.#services.delete(key)
    await Promise.all(closing)
  }

  #hear(event: 'found' | 'door', { peer, source, instanceName }: MdnsResponse): void {
    const now = performance.now()
    if (!this.#rates.take(source, now)) return
    const addresses = dialableFrom(source, peer.multiaddrs.map(String), neighbourhood(this.#interfaces()))
    if (addresses.length === 0) return
    const id = peer.id.toString()
    const words = wordsOf(instanceName)
    const announcement = { id, instance: null, said: `${words} ${addresses.join()}`, source }
    if (!this.#heard[event].hear(announcement, now).isNews) return
    this.#log.debug(`mDNS: ${event} ${id} at ${addresses.join(' ')}`)
    const found = { id, addresses, way: 'mdns' as const, instance: null }
    if (event === 'found') this.safeDispatchEvent('found', { detail: found })
    else this.safeDispatchEvent('door', { detail: { ...found, words } })
  }

  #interfaces(): ReturnType<typeof networkInterfaces> {
    return (this.#init.interfaces ?? networkInterfaces)()
  }
}

/** What is asked for and answered with this voice. */
function servicesOf({ mesh, door, looking }: Voice): Wanted[] {
  return [
    ...(mesh === null ? [] : [{ name: serviceOf(mesh), event: 'found' as const, answering: true, words: null }]),
    ...(door === null && !looking
      ? []
      : [{ name: COMMON_SERVICE, event: 'door' as const, answering: door !== null, words: door }])
  ]
}

/** `om-` and 12 digits: a service name has 15 characters at most (RFC 6335, 5.1). */
function serviceOf(tag: string): string {
  return `_om-${tagOf(tag).slice(0, 12)}._udp.local`
}

/** How this device's answers call it: nothing of the owner, nothing that stays, and for a door its two words. */
function instanceName(words: number | null): string {
  const random = randomBytes(16).toString('hex')
  return words === null ? random : `door-${words.toString(16).padStart(4, '0')}-${random}`
}

function wordsOf(instanceName: string): number | null {
  const digits = /^door-([0-9a-f]{4})-/.exec(instanceName)?.[1]
  return digits === undefined ? null : Number.parseInt(digits, 16)
}
