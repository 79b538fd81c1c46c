import { setImmediate as nextTurn } from 'node:timers/promises'
import { ProtocolError } from '../errors.ts'
import { readVector, type DeviceKey, type DocumentChange, type Documents } from './documents.ts'
import { EVERYTHING, type Bounds, type RangeHash } from './heads.ts'
import { generationOf } from './keys.ts'
import { MAX_PENDING_BYTES, MAX_UPDATE_BYTES } from './limits.ts'
import {
  bytesOf,
  checkMessage,
  FAN_OUT,
  LEAF,
  LIST_DOCUMENTS,
  MAX_STATES,
  type DocumentState,
  type SyncMessage
} from './sync-messages.ts'

/**
 * - `comparing`: what differs is being found and sent
 * - `synced`: both had the same when they last compared; what is written since goes out at once
 * - `stuck`: they differ, and three comparisons in a row brought nothing; it is tried again after the next change
 * - `stopped`: the session is over
 */
export type SyncState = 'comparing' | 'synced' | 'stuck' | 'stopped'

export interface SyncSessionInit {
  documents: Documents
  /** Who is at the other end, as the transport authenticated it. */
  peer: DeviceKey
  /** Exactly one side leads: the one that opened the stream. */
  leads: boolean
  /** Hands one message to the transport; fulfilled when there is room for the next. */
  send: (message: SyncMessage) => Promise<void>
  changed?: (state: SyncState) => void
  warn: (message: string) => void
}

type Job = { message: SyncMessage } | { delta: string; vector: Uint8Array }

/** Updates that are merged and not yet synced to the disk; a slow disk makes the sender wait. */
const MAX_UNSETTLED = 32

/** Comparisons in a row that may bring nothing before the session gives up for now. */
const FRUITLESS = 3

/**
 * One conversation between two devices about what each has and lacks. Knows no network: messages go to `send` and come by
 * `receive`, both ways at once; a transport that waits for `receive` before it reads on never has to hold more than one.
 */
export class SyncSession {
  readonly #init: SyncSessionInit
  readonly #jobs: Job[] = []
  /** Documents whose delta was asked for, because a live update did not fit. */
  readonly #asked = new Set<string>()
  /** Later generations that were offered: once, however many updates of earlier ones come. */
  readonly #offered = new Set<string>()
  #bytes = 0
  #working = false
  /** Whether something was answered since the last turn was given. */
  #answered = false
  /** Whether a live update was left out, so that both have to compare. */
  #behind = false
  #isRound = false
  /** Both roots when they were last compared: as long as either moves, comparing goes on. */
  #compared = ''
  #fruitless = 0
  #state: SyncState = 'comparing'
  #unwatch: (() => void) | null = null

  constructor(init: SyncSessionInit) {
    this.#init = init
  }

  get state(): SyncState {
    return this.#state
  }

  /** Whether nothing waits to be sent. */
  get isIdle(): boolean {
    return !this.#working
  }

  /** Tells the other side the root hash; it does the same, and if they are equal that is all. */
  start(): void {
    this.#unwatch = this.#init.documents.onChange((change) => {
      this.#pass(change)
    })
    this.#tellRoot(false)
  }

  stop(): void {
    this.#unwatch?.()
    this.#jobs.length = 0
    this.#enter('stopped')
  }

  /** Compares again: after a silence, or when the store was mended. */
  check(): void {
    this.#fruitless = 0
    if (!this.#isRound) this.#tellRoot(true)
  }

  /**
   * Takes one message; fulfilled when it is done with.
   *
   * @throws {ProtocolError} {NotAllowedError} end the session and the connection then
   */
  async receive(message: SyncMessage): Promise<void> {
    if (this.#state === 'stopped') return
    checkMessage(message)
    switch (message.type) {
      case 'root':
        this.#onRoot(message.hash, message.answer)
        break
      case 'ranges':
        for (const range of message.ranges) {
          this.#onRange(range)
          await nextTurn()
        }
        break
      case 'list':
        this.#onList(message)
        break
      case 'states':
        for (const state of message.documents) {
          this.#onState(state, message.answer)
          await nextTurn()
        }
        break
      case 'update':
        await this.#onUpdate(message.document, message.update)
        break
      case 'turn':
        this.#onTurn()
    }
    // Invariant 7: between two messages others have their turn.
    await nextTurn()
  }

  #onRoot(theirs: Uint8Array, answer: boolean): void {
    const { documents, leads } = this.#init
    const own = documents.heads.root()
    if (answer) this.#tellRoot(false)
    this.#asked.clear()
    this.#offered.clear()
    if (Buffer.compare(theirs, own) === 0) {
      this.#fruitless = 0
      if (!this.#isRound) this.#enter('synced')
      return
    }
    this.#enter('comparing')
    if (!leads || this.#isRound) return
    const compared = `${Buffer.from(own).toString('hex')} ${Buffer.from(theirs).toString('hex')}`
    this.#fruitless = compared === this.#compared ? this.#fruitless + 1 : 0
    this.#compared = compared
    if (this.#fruitless >= FRUITLESS) {
      this.#enter('stuck')
      return
    }
    this.#isRound = true
    this.#describe(EVERYTHING, documents.heads.size <= LIST_DOCUMENTS)
    this.#queue({ message: { type: 'turn' } })
    this.#answered = false
  }

  #onRange(range: RangeHash): void {
    const { heads } = this.#init.documents
    const own = heads.rangeHash(range)
    if (Buffer.compare(own.hash, range.hash) === 0) return
    this.#describe(range, Math.max(own.count, range.count) <= LEAF || own.count <= 1)
  }

  #describe(bounds: Bounds, asList: boolean): void {
    const { heads } = this.#init.documents
    if (asList) {
      this.#answer({ type: 'list', from: bounds.from, to: bounds.to, documents: heads.heads(bounds) })
      return
    }
    this.#answer({ type: 'ranges', ranges: heads.split(bounds, FAN_OUT) })
  }

  /** What differs within a list: tell the state of it, and be told theirs. */
  #onList({ from, to, documents: theirs }: Bounds & { documents: { id: string; head: Uint8Array }[] }): void {
    const { heads } = this.#init.documents
    const own = heads.heads({ from, to })
    const known = new Map(own.map(({ id, head }) => [id, head]))
    const named = new Set(theirs.map(({ id }) => id))
    const differing = [
      ...theirs.filter(({ id, head }) => Buffer.compare(known.get(id) ?? NOTHING, head) !== 0),
      ...own.filter(({ id }) => !named.has(id))
    ]
    const ids = differing.map(({ id }) => id).filter((id) => !this.#isOutdated(id))
    for (let start = 0; start < ids.length; start += MAX_STATES) {
      const documents = ids.slice(start, start + MAX_STATES).map((id) => this.#stateOf(id))
      this.#answer({ type: 'states', documents, answer: true })
    }
  }

  #onState({ id, vector, structure, content }: DocumentState, answer: boolean): void {
    const { documents } = this.#init
    if (this.#isOutdated(id)) {
      // They get the generation that took its place.
      this.#offer(documents.heads.get(id)?.id ?? id)
      return
    }
    const own = documents.heads.get(id)
    const theirs = vector.length === 0 ? new Map<number, number>() : readVector(vector)
    documents.heed(id, theirs)
    if (own?.id === id && vector.length > 0 && Buffer.compare(own.structure, structure) === 0) {
      // Equal writes that say different things: two processes wrote under one number.
      if (Buffer.compare(own.content, content) !== 0) {
        this.#init.warn(`${id} was written by two devices under one number (a copied disk?); its entries are kept.`)
        documents.heal(id)
      }
      return
    }
    if (own?.id === id) this.#answerWith({ delta: id, vector })
    if (answer) this.#answer({ type: 'states', documents: [this.#stateOf(id)], answer: false })
  }

  async #onUpdate(id: string, update: Uint8Array): Promise<void> {
    const { documents, peer } = this.#init
    // The other device still has it: one sync of the disk serves all that comes while it takes its time.
    const merged = documents.merge(peer, id, update, { lazily: true })
    if (merged.outcome === 'gap') {
      // One question a document: a flood of updates that do not fit costs one answer.
      if (this.#asked.has(id)) return
      this.#asked.add(id)
      this.#queue({ message: { type: 'states', documents: [this.#stateOf(id)], answer: false } })
    } else if (merged.outcome === 'superseded') {
      this.#offer(merged.by)
    } else if (merged.outcome === 'full') {
      this.#init.warn(`${id} is full: what another device wrote into it is not here.`)
    } else {
      this.#asked.delete(id)
    }
    if (documents.unsettled >= MAX_UNSETTLED) await documents.settled()
  }

  #onTurn(): void {
    if (this.#answered || !this.#init.leads) {
      this.#queue({ message: { type: 'turn' } })
      this.#answered = false
      return
    }
    if (!this.#isRound) return
    this.#isRound = false
    this.#tellRoot(true)
  }

  /** A later generation is offered like an unknown document: with what is here of it. */
  #offer(id: string): void {
    if (this.#offered.has(id)) return
    this.#offered.add(id)
    this.#answer({ type: 'states', documents: [this.#stateOf(id)], answer: true })
  }

  #isOutdated(id: string): boolean {
    const latest = this.#init.documents.heads.get(id)
    return latest !== undefined && generationOf(latest.id) > generationOf(id)
  }

  #stateOf(id: string): DocumentState {
    const record = this.#init.documents.heads.get(id)
    if (record?.id !== id) return { id, vector: NOTHING, structure: NOTHING, content: NOTHING }
    return { id, vector: record.vector, structure: record.structure, content: record.content }
  }

  /** What was written here, or came from somebody else, goes out at once. */
  #pass({ document, from, update }: DocumentChange): void {
    if (from === this.#init.peer) return
    if (update.length > MAX_UPDATE_BYTES) this.#behind = true
    else this.#queue({ message: { type: 'update', document, update } }, true)
  }

  #tellRoot(answer: boolean): void {
    this.#queue({ message: { type: 'root', hash: this.#init.documents.heads.root(), answer } })
  }

  #answer(message: SyncMessage): void {
    this.#answerWith({ message })
  }

  #answerWith(job: Job): void {
    this.#answered = true
    this.#queue(job)
  }

  /** What there is no room for is left out, and found again by the next comparison. */
  #queue(job: Job, isLive = false): void {
    if (this.#state === 'stopped') return
    const bytes = bytesOfJob(job)
    if (this.#bytes + bytes > MAX_PENDING_BYTES) {
      this.#behind ||= isLive
      if (isLive || !('message' in job) || job.message.type !== 'turn') return
    }
    this.#bytes += bytes
    this.#jobs.push(job)
    if (this.#working) return
    this.#working = true
    void this.#work()
  }

  async #work(): Promise<void> {
    try {
      for (;;) {
        const job = this.#jobs.shift()
        if (job === undefined) {
          if (!this.#behind) break
          this.#behind = false
          this.#tellRoot(true)
          continue
        }
        this.#bytes -= bytesOfJob(job)
        if ('message' in job) await this.#init.send(job.message)
        else await this.#sendDelta(job.delta, job.vector)
      }
    } catch (error) {
      // The transport is gone: whoever owns it is told by it.
      this.stop()
      if (error instanceof ProtocolError) this.#init.warn(error.message)
    } finally {
      this.#working = false
    }
  }

  async #sendDelta(id: string, vector: Uint8Array): Promise<void> {
    for (const update of this.#init.documents.pieces(id, vector.length === 0 ? undefined : vector)) {
      await this.#init.send({ type: 'update', document: id, update })
      await nextTurn()
    }
  }

  #enter(state: SyncState): void {
    if (this.#state === state || this.#state === 'stopped') return
    this.#state = state
    this.#init.changed?.(state)
  }
}

const NOTHING = new Uint8Array(0)

function bytesOfJob(job: Job): number {
  return 'message' in job ? bytesOf(job.message) : job.delta.length + job.vector.length
}
