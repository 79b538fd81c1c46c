import type Database from 'libsql'
import {
  Conversations,
  Documents,
  History,
  Maintenance,
  Memories,
  SyncSession,
  type DeviceKey,
  type DocumentChange,
  type MemoryStore,
  type StoredNotice
} from '../../crdt/index.ts'
import { AmbiguousMemoryError, PeerUnreachableError } from '../../errors.ts'
import type { MemoryEvent, MemoryNotice, PeerLabel, Remembered, SyncedPeer } from '../../interface.ts'
import type { Clock } from '../../protocols/clock.ts'
import type { SyncLink, SyncTalk } from '../../protocols/sync/index.ts'
import { reasonOf } from '../files.ts'
import { memoryStore } from '../memory-store.ts'
import { deviceKeyOf, peerIdOf } from '../membership/keys.ts'
import { idOf } from './memory-id.ts'

/** Compaction and audit are a few documents an hour; what is due for erasing is days old. */
const MAINTENANCE_MS = 60 * 60_000
/** After the start other things come first. */
const FIRST_MAINTENANCE_MS = 60_000
/**
 * Live updates reach whoever is connected; comparing finds what a fault on either side has lost all the same. It costs 44
 * bytes.
 */
const CHECK_MS = 60_000

/**
 * After each update that comes or goes while somebody waits for an answer: it takes some milliseconds, and so an ask keeps
 * nineteen twentieths of the time. Seven hundred memories a second go on meanwhile.
 */
const GIVE_WAY_MS = 200

export interface RememberingInit {
  database: Database.Database
  clock: Clock
  /** PeerId of this device, or null while it has none. */
  self: string | null
  /** Whether a device's word counts now, by its PeerId. */
  isMember: (id: string) => boolean
  /** How a device is called. */
  label: (id: string) => PeerLabel
  /** Whether an answer is being made here, or waited for. */
  isBusy: () => boolean
  emit: (event: MemoryEvent) => void
  warn: (message: string) => void
}

/** What the home remembers: its documents, kept sound, in sync with every member that is connected. */
export class Remembering {
  readonly store: MemoryStore
  readonly documents: Documents
  readonly memories: Memories
  readonly conversations: Conversations
  readonly history: History
  readonly #init: RememberingInit
  readonly #maintenance: Maintenance
  readonly #sessions = new Map<SyncSession, string>()
  readonly #stopped = new AbortController()
  #stopTimers: (() => void)[] = []

  constructor(init: RememberingInit) {
    this.#init = init
    const { database, clock, self, warn } = init
    const now = clock.wall
    this.store = memoryStore(database)
    this.documents = new Documents({
      store: this.store,
      now,
      isMember: (key) => init.isMember(peerIdOf(key)),
      warn,
      vanished: (notice) => {
        init.emit({ type: 'memories-vanished', notice: this.notice(notice) })
      }
    })
    const device = (): DeviceKey | null => (self === null ? null : deviceKeyOf(self))
    this.memories = new Memories({ documents: this.documents, store: this.store, now, device })
    this.conversations = new Conversations({ documents: this.documents, now, device })
    this.history = new History({ documents: this.documents, store: this.store })
    this.#maintenance = new Maintenance({ documents: this.documents, store: this.store, now, warn })
    this.documents.onChange((change) => {
      this.#tell(change)
    })
  }

  /** From now on the store is looked after. */
  start(): void {
    const { clock } = this.#init
    const maintain = () => void this.#maintain()
    this.#stopTimers = [
      clock.after(FIRST_MAINTENANCE_MS, maintain),
      clock.every(MAINTENANCE_MS, maintain),
      clock.every(CHECK_MS, () => {
        for (const session of this.#sessions.keys()) session.check()
      })
    ]
  }

  stop(): void {
    for (const stop of this.#stopTimers) stop()
    for (const session of this.#sessions.keys()) session.stop()
    this.#stopped.abort(new Error('the node stops'))
  }

  /** A member is connected: from now on both tell each other what they have and what changes. */
  meet({ peer, leads, send }: SyncLink): SyncTalk {
    const { isMember, label, warn } = this.#init
    const id = peer.toString()
    const session = new SyncSession({
      documents: this.documents,
      peer: deviceKeyOf(id),
      leads,
      send: async (message) => {
        // Its stream is being ended; nothing more goes out meanwhile.
        if (!isMember(id)) throw new PeerUnreachableError('The other device is no member any more.')
        await send(message)
        if (message.type === 'update') await this.#giveWay()
      },
      warn: (message) => {
        warn(`${label(id).name}: ${message}`)
      }
    })
    return {
      start: () => {
        this.#sessions.set(session, id)
        session.start()
      },
      receive: async (message) => {
        await session.receive(message)
        if (message.type === 'update') await this.#giveWay()
      },
      stop: () => {
        this.#sessions.delete(session)
        session.stop()
      }
    }
  }

  /** How much there is, and who shares it. */
  status(): Remembered {
    const shared = [...this.#sessions].flatMap(([{ state }, id]): SyncedPeer[] =>
      state === 'stopped' ? [] : [{ ...this.#init.label(id), state }]
    )
    return { memories: this.memories.count(), conversations: this.conversations.list().length, shared }
  }

  /**
   * The id of the conversation of which this is a beginning. A whole one may be of a conversation that holds nothing yet.
   *
   * @throws {UnknownMemoryError} {AmbiguousMemoryError}
   */
  conversation(given: string): string {
    const id = idOf(given)
    if (id.length === 16) return id
    const ids = this.conversations.list().flatMap((each) => (each.id.startsWith(id) ? [each.id] : []))
    if (ids.length > 1) {
      throw new AmbiguousMemoryError(`${id} fits several conversations: ${ids.join(', ')}.`, { details: { ids } })
    }
    return ids[0] ?? id
  }

  notice({ id, time, count, from }: StoredNotice): MemoryNotice {
    return { id, time, count, from: this.#labelOf(from) }
  }

  async #giveWay(): Promise<void> {
    const { clock, isBusy } = this.#init
    if (isBusy()) await new Promise<void>((resolve) => clock.after(GIVE_WAY_MS, resolve))
  }

  #tell({ document, from, added, changed, vanished }: DocumentChange): void {
    if (added.length + changed.length + vanished.length === 0 && document.startsWith('m-')) return
    const conversation = /^c-([0-9a-z]+)/.exec(document)?.[1]
    const source = this.#labelOf(from)
    this.#init.emit(
      conversation === undefined
        ? { type: 'memory-changed', added, changed, forgotten: vanished, from: source }
        : { type: 'conversation-changed', conversation, added, forgotten: vanished, from: source }
    )
  }

  #labelOf(key: DeviceKey | null): PeerLabel | null {
    return key === null ? null : this.#init.label(peerIdOf(key))
  }

  async #maintain(): Promise<void> {
    const { signal } = this.#stopped
    try {
      await this.#maintenance.run({ signal })
    } catch (error) {
      if (!signal.aborted) this.#init.warn(`Memories could not be tidied up: ${reasonOf(error)}.`)
    }
  }
}
