import { TopicValidatorResult, type Message } from '@libp2p/gossipsub'
import type { Capability } from '../../interface.ts'
import { decodeNotice, encodeNotice, type Lost } from '../capability/words.ts'
import { systemClock } from '../clock.ts'
import { MAX_LOST, MAX_NOTICE_BYTES } from '../limits.ts'
import { silentLog } from '../log.ts'
import { PeerRates } from '../rate.ts'
import { GAP_MS, NOTICE_RATE, NOTICES_TOPIC } from './constants.ts'
import type { Notice, Notices, NoticesComponents, NoticesInit } from './index.ts'
import { isNews, repeatMs } from './pace.ts'

export class GossipedNotices implements Notices {
  readonly #components: NoticesComponents
  readonly #init: Required<NoticesInit>
  readonly #listeners = new Set<(notice: Notice) => void>()
  readonly #rates = new PeerRates(NOTICE_RATE)
  #latest: Capability | undefined
  /** What was sent last. */
  #published: Capability | undefined
  #publishedAt = -Infinity
  #repeatAt = -Infinity
  #lost: Lost[] = []
  /** Something is to be told before the next repetition. */
  #isDue = false
  #stopWaiting: (() => void) | undefined
  #started = false

  constructor(components: NoticesComponents, init: NoticesInit) {
    this.#components = components
    this.#init = {
      accept: () => true,
      devices: () => 1,
      random: Math.random,
      clock: systemClock,
      log: silentLog,
      ...init
    }
  }

  start(): void {
    // Gossipsub itself starts meanwhile, and takes topics only after that.
  }

  afterStart(): void {
    const { pubsub } = this.#components
    // A notice is given to the listeners from the validator, which has it decoded already; it sees each one once.
    pubsub.topicValidators.set(NOTICES_TOPIC, (_from, message) => this.#judge(message))
    pubsub.subscribe(NOTICES_TOPIC)
    this.#started = true
    this.#isDue = true
    this.#publishWhenDue()
  }

  beforeStop(): void {
    this.#started = false
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
    this.#components.pubsub.unsubscribe(NOTICES_TOPIC)
    this.#components.pubsub.topicValidators.delete(NOTICES_TOPIC)
  }

  stop(): void {
    // Everything was let go before gossipsub stopped.
  }

  publish(capability: Capability): void {
    this.#latest = capability
    if (this.#published !== undefined && !isNews(this.#published, capability, this.#init.devices())) return
    this.#tell()
  }

  lost(lost: Lost): void {
    if (this.#lost.length < MAX_LOST) this.#lost.push(lost)
    this.#tell()
  }

  renew(): void {
    this.#tell()
  }

  listen(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(): void {
    this.#isDue = true
    this.#publishWhenDue()
  }

  #publishWhenDue(): void {
    const { clock, devices, random } = this.#init
    this.#stopWaiting?.()
    if (!this.#started || this.#latest === undefined) return
    const now = clock.monotonic()
    if (now >= this.#repeatAt || (this.#isDue && now >= this.#publishedAt + GAP_MS)) {
      this.#publishedAt = now
      this.#repeatAt = now + repeatMs(devices(), random())
      this.#published = this.#latest
      this.#isDue = false
      void this.#send(this.#latest, this.#lost.splice(0))
    }
    const wait = (this.#isDue ? this.#publishedAt + GAP_MS : this.#repeatAt) - now
    this.#stopWaiting = clock.after(wait, () => {
      this.#publishWhenDue()
    })
  }

  async #send(capability: Capability, lost: readonly Lost[]): Promise<void> {
    try {
      await this.#components.pubsub.publish(NOTICES_TOPIC, encodeNotice(capability, lost))
    } catch (error) {
      this.#init.log.warn(`no notice over gossip: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** Rejected is what its signer got wrong; ignored is what this device, for reasons of its own, does not want. */
  #judge(message: Message): TopicValidatorResult {
    if (message.type !== 'signed' || message.data.byteLength > MAX_NOTICE_BYTES) return TopicValidatorResult.Reject
    const peer = message.from.toString()
    if (peer === this.#components.peerId.toString() || !this.#init.accept(peer)) return TopicValidatorResult.Ignore
    if (!this.#rates.take(peer, this.#init.clock.monotonic())) return TopicValidatorResult.Ignore
    let notice: Notice
    try {
      const { capability, lost } = decodeNotice(message.data)
      notice = { peer, capability, ...(lost.length > 0 && { lost }) }
    } catch {
      return TopicValidatorResult.Reject
    }
    for (const listener of this.#listeners) listener(notice)
    return TopicValidatorResult.Accept
  }
}
