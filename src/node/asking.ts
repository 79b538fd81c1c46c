import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { PeerUnreachableError, PeerSilentError } from '../errors.ts'
import type {
  AskEvent,
  AskOptions,
  Capability,
  Generate,
  Message,
  PeerLabel,
  PeerState,
  PlacementRow
} from '../interface.ts'
import { systemClock, type Clock } from '../protocols/clock.ts'
import { answer, type AnswerDependencies } from './answer.ts'
import { readAsk } from './ask.ts'
import type { Candidate } from './candidate.ts'
import { InFlight } from './in-flight.ts'
import type { PeerRecord, Peers } from './peers.ts'
import { place, placementRow } from './placement.ts'
import { asideAfterFailure, NOT_ASIDE, type Aside } from './setting-aside.ts'
import { usableModels, type UsableModels } from './size-class.ts'
import { Warmth } from './warmth.ts'

export interface AskingInit {
  self: { id: string; label: () => PeerLabel; capability: () => Capability }
  peers: Peers
  /** Unique names by id, this device's among them. */
  names: () => Map<string, string>
  /** The engine of this device. */
  here: Generate
  /** Whether a peer that is not connected can be asked all the same. @default as its record says */
  stateOf?: (record: PeerRecord) => PeerState
  /** A peer, over the wire; one that is not connected is dialled first. */
  there: (peerId: string, ...rest: Parameters<Generate>) => ReturnType<Generate>
  /** What is remembered here and fits what is asked. */
  recall: AnswerDependencies['recall']
  clock?: Clock
}

/** How this device asks: it gathers the candidates, remembers who failed, and lets `answer` do the rest. */
export class Asking {
  readonly #init: AskingInit
  readonly #clock: Clock
  readonly #inFlight = new InFlight()
  readonly #warmth = new Warmth()
  /** Those that failed and have not succeeded since. A process that started anew did not fail. */
  readonly #aside = new Map<string, Aside & { instance: string | undefined }>()
  /** One for each device that was asked and is not lost yet. */
  readonly #lost = new Map<string, AbortController>()
  readonly #dependencies: AnswerDependencies
  #usable: UsableModels = {}
  readonly #running = new Set<Promise<void>>()
  #asked = 0
  #failed = 0
  #failovers = 0

  constructor(init: AskingInit) {
    this.#init = init
    this.#clock = init.clock ?? systemClock
    const now = this.#clock.monotonic
    this.#dependencies = {
      candidates: () => this.#candidates(),
      usable: () => this.#usable,
      generate: (peerId, request, options) =>
        peerId === init.self.id ? init.here(request, options) : init.there(peerId, request, options),
      lost: (peerId) => this.#lostSignal(peerId),
      began: (peerId) => this.#inFlight.begin(peerId, now()),
      failed: (peerId, error, startedAt) => {
        this.#forgetStrangers()
        const aside = asideAfterFailure(this.#asideOf(peerId) ?? NOT_ASIDE, error, startedAt, now())
        this.#aside.set(peerId, { ...aside, instance: this.#instanceOf(peerId) })
      },
      succeeded: (peerId) => {
        this.#aside.delete(peerId)
      },
      warmth: this.#warmth,
      recall: init.recall,
      // Drawn from a store; `randomBytes` asks the system each time.
      randomId: () => randomUUID().replaceAll('-', ''),
      clock: this.#clock
    }
  }

  /** Asks begun, those of them that ended in an error, and how often another device took one over. */
  get counts(): { asked: number; failed: number; failovers: number } {
    return { asked: this.#asked, failed: this.#failed, failovers: this.#failovers }
  }

  /** Asks that are under way. */
  get running(): number {
    return this.#running.size
  }

  /** Resolves when those that are under way now have ended, however they do. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  async *ask(prompt: string | Message[], options: AskOptions): AsyncGenerator<AskEvent, void> {
    this.#asked++
    let end = (): void => undefined
    const running = new Promise<void>((resolve) => (end = resolve))
    this.#running.add(running)
    try {
      for await (const event of answer(prompt, options, this.#dependencies)) {
        if (event.type === 'moved') this.#failovers++
        yield event
      }
    } catch (err) {
      if (options.signal?.aborted !== true) this.#failed++
      throw err
    } finally {
      this.#running.delete(running)
      end()
    }
  }

  /** Who would answer and why, best first. */
  why(prompt: string | Message[], options: AskOptions): PlacementRow[] {
    const candidates = this.#candidates()
    const { messages, placement } = readAsk(prompt, options, candidates)
    const request = { ...placement, warm: this.#warmth.find(messages) }
    return place(request, candidates, this.#usable, this.#clock.monotonic()).map(placementRow)
  }

  /** A peer went silent or away: nobody waits for it any longer. */
  lost(peerId: string, how: 'silent' | 'closed'): void {
    const error =
      how === 'silent'
        ? new PeerSilentError(`${this.#nameOf(peerId)} no longer answers: it sleeps, or the network is cut.`)
        : new PeerUnreachableError(`${this.#nameOf(peerId)} went away.`)
    this.#lost.get(peerId)?.abort(error)
    this.#lost.delete(peerId)
  }

  #lostSignal(peerId: string): AbortSignal {
    let controller = this.#lost.get(peerId)
    if (controller === undefined) {
      controller = new AbortController()
      // Each ask of that device listens.
      setMaxListeners(Infinity, controller.signal)
      this.#lost.set(peerId, controller)
    }
    return controller.signal
  }

  #nameOf(peerId: string): string {
    return this.#init.names().get(peerId) ?? peerId
  }

  #candidates(): Candidate[] {
    const { self, peers, stateOf = ({ state }: PeerRecord) => state } = this.#init
    const names = this.#init.names()
    const here: Candidate = {
      peer: self.label(),
      here: true,
      state: 'connected',
      capability: self.capability(),
      heardAt: this.#clock.monotonic(),
      roundTripMs: 0,
      inFlight: this.#inFlight.count(self.id),
      inFlightUnseen: 0,
      asideUntil: this.#asideUntil(self.id),
      resumesAtWall: this.#resumesAtWall(self.capability(), this.#clock.monotonic())
    }
    const there = peers.all().map((record): Candidate => this.#candidateOf(record, names, stateOf(record)))
    const candidates = [here, ...there]
    this.#usable = usableModels(candidates, this.#usable)
    return candidates
  }

  #candidateOf(record: PeerRecord, names: ReadonlyMap<string, string>, state: PeerState): Candidate {
    const { id, ownName, capability, heardAt, roundTripMs, noticedAt } = record
    return {
      peer: { id, name: names.get(id) ?? ownName },
      here: false,
      state,
      capability,
      heardAt,
      roundTripMs,
      inFlight: this.#inFlight.count(id),
      inFlightUnseen: this.#inFlight.countSince(id, heardAt),
      asideUntil: this.#asideUntil(id),
      resumesAtWall: this.#resumesAtWall(capability, noticedAt)
    }
  }

  #resumesAtWall(capability: Capability | null, noticedAt: number): number | null {
    if (capability?.resumesInMs === undefined) return null
    return this.#clock.wall() + noticedAt + capability.resumesInMs - this.#clock.monotonic()
  }

  /** Whoever the registry of peers has forgotten is a stranger here too. */
  #forgetStrangers(): void {
    const { self, peers } = this.#init
    for (const id of this.#aside.keys()) {
      if (id !== self.id && peers.get(id) === undefined) this.#aside.delete(id)
    }
  }

  #asideUntil(id: string): number {
    return this.#asideOf(id)?.until ?? -Infinity
  }

  #asideOf(id: string): Aside | undefined {
    const aside = this.#aside.get(id)
    return aside?.instance === this.#instanceOf(id) ? aside : undefined
  }

  #instanceOf(id: string): string | undefined {
    return this.#init.peers.get(id)?.capability?.instance
  }
}
