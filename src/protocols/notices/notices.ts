import { TopicValidatorResult, type Message } from '@libp2p/gossipsub'
import type { Capability } from '../../interface.ts'
import { decodeCapability, encodeCapability } from '../capability/words.ts'
import { systemClock } from '../clock.ts'
import { MAX_NOTICE_BYTES } from '../limits.ts'
import { silentLog } from '../log.ts'
import { PeerRates } from '../rate.ts'
import { GAP_MS, NOTICE_RATE, NOTICES_TOPIC, REPEAT_MS } from './constants.ts'
import type { Notice, Notices, NoticesComponents, NoticesInit } from './index.ts'

export class GossipedNotices implements Notices {
  readonly #components: NoticesComponents
  readonly #init: Required<NoticesInit>
  readonly #listeners = new Set<(notice: Notice) => void>()
  readonly #rates = new PeerRates(NOTICE_RATE)
  #latest: Capability | undefined
  #publishedAt = -Infinity
  #stopWaiting: (() => void) | undefined
  #started = false

  constructor(components: NoticesComponents, init: NoticesInit) {
    this.#components = components
    this.#init = { accept: () => true, clock: systemClock, log: silentLog, ...init }
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
    this.#stopWaiting?.()
    this.#publishWhenDue()
  }

  listen(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #publishWhenDue(): void {
    const { clock } = this.#init
    if (!this.#started || this.#latest === undefined) return
    const tooSoonBy = this.#publishedAt + GAP_MS - clock.monotonic()
    if (tooSoonBy <= 0) {
      this.#publishedAt = clock.monotonic()
      void this.#send(this.#latest)
    }
    this.#stopWaiting = clock.after(tooSoonBy > 0 ? tooSoonBy : REPEAT_MS, () => {
      this.#publishWhenDue()
    })
  }

  async #send(capability: Capability): Promise<void> {
    try {
      await this.#components.pubsub.publish(NOTICES_TOPIC, encodeCapability(capability))
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
    let capability: Capability
    try {
      capability = decodeCapability(message.data)
    } catch {
      return TopicValidatorResult.Reject
    }
    for (const listener of this.#listeners) listener({ peer, capability })
    return TopicValidatorResult.Accept
  }
}
