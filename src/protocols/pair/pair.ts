import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { CODE_P2P } from '@multiformats/multiaddr'
import { BusyError, PeerUnreachableError } from '../../errors.ts'
import type { AbortOptions } from '../../interface.ts'
import { systemClock } from '../clock.ts'
import { MAX_RECORDS_FRAME_BYTES } from '../limits.ts'
import { silentLog } from '../log.ts'
import { opened } from '../open.ts'
import { PeerRates, take, type Bucket } from '../rate.ts'
import { asError } from '../stream.ts'
import { PAIR_PROTOCOL } from './constants.ts'
import { Conversation } from './conversation.ts'
import type { Pair, PairComponents, PairConversation, PairInit } from './index.ts'
import {
  FIRST_MESSAGE_MS,
  MAX_CONVERSATIONS,
  MAX_MEMBER_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_NEWCOMER_BYTES,
  MAX_PAIR_STREAMS,
  OVERALL_RATE,
  PEER_RATE
} from './limits.ts'

/** A newcomer that is here; `silent` until its first message has come. */
interface Guest {
  conversation: Conversation
  state: 'silent' | 'speaking'
}

export class PairService implements Pair {
  readonly #components: PairComponents
  readonly #init: Required<PairInit>
  /** By PeerId, those that came first at the front. */
  readonly #guests = new Map<string, Guest>()
  readonly #rates = new PeerRates(PEER_RATE)
  #overall: Bucket | undefined

  constructor(components: PairComponents, init: PairInit) {
    this.#components = components
    this.#init = { firstMessageMs: FIRST_MESSAGE_MS, clock: systemClock, log: silentLog, ...init }
  }

  async start(): Promise<void> {
    await this.#components.registrar.handle(PAIR_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: MAX_PAIR_STREAMS,
      maxOutboundStreams: MAX_PAIR_STREAMS
    })
  }

  async stop(): Promise<void> {
    for (const { conversation } of this.#guests.values()) {
      conversation.abort(new PeerUnreachableError('This device is stopping.'))
    }
    await this.#components.registrar.unhandle(PAIR_PROTOCOL)
  }

  async open(peer: PeerId, options: AbortOptions = {}): Promise<PairConversation> {
    let address = ''
    const stream = await opened(
      PAIR_PROTOCOL,
      async (signal) => {
        const connection = await this.#components.connectionManager.openConnection(peer, { signal })
        address = addressOf(connection)
        return connection.newStream(PAIR_PROTOCOL, { signal })
      },
      options
    )
    return new Conversation(stream, {
      peer,
      address,
      maxFrameBytes: MAX_RECORDS_FRAME_BYTES,
      maxBytes: MAX_MEMBER_BYTES
    })
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const id = connection.remotePeer.toString()
    const conversation = new Conversation(stream, {
      peer: connection.remotePeer,
      address: addressOf(connection),
      maxFrameBytes: MAX_MESSAGE_BYTES,
      maxBytes: MAX_NEWCOMER_BYTES
    })
    const refusal = this.#refusal(id)
    if (refusal !== null) {
      this.#init.log.debug(`no pairing with ${id}: ${refusal}`)
      await conversation.refuse('busy', new BusyError(refusal))
      return
    }
    // It comes again because it lost the first one, which we may not have noticed yet.
    this.#guests.get(id)?.conversation.abort(new PeerUnreachableError('A newer conversation took its place.'))
    const guest: Guest = { conversation, state: 'silent' }
    this.#guests.set(id, guest)
    // Its place is free as soon as it has gone, whether `answer` has noticed or not.
    conversation.closed.addEventListener('abort', () => {
      if (this.#guests.get(id) === guest) this.#guests.delete(id)
    })
    try {
      await conversation.begin({ timeoutMs: this.#init.firstMessageMs })
      guest.state = 'speaking'
      await this.#init.answer(conversation)
      await conversation.close()
    } catch (error) {
      this.#init.log.debug(`pairing with ${id} ended: ${asError(error).message}`)
      conversation.abort(asError(error))
    }
  }

  /** Why a newcomer is not spoken with now, or null. The peer's own rate comes first, so that it alone bears its noise. */
  #refusal(id: string): string | null {
    const now = this.#init.clock.monotonic()
    if (!this.#rates.take(id, now)) return 'it comes too often'
    const { bucket, allowed } = take(this.#overall, OVERALL_RATE, now)
    this.#overall = bucket
    if (!allowed) return 'too many come'
    if (this.#guests.has(id) || this.#guests.size < MAX_CONVERSATIONS) return null
    // Those who came and say nothing must not keep out those who speak.
    const silent = [...this.#guests].find(([, { state }]) => state === 'silent')
    if (silent === undefined) return `${MAX_CONVERSATIONS} are here already`
    const [, { conversation }] = silent
    conversation.abort(new PeerUnreachableError('Another newcomer took the place of one that said nothing.'))
    return null
  }
}

function addressOf({ remoteAddr }: Connection): string {
  return remoteAddr.decapsulateCode(CODE_P2P).toString()
}
