import { PeerUnreachableError } from '../../src/errors.ts'
import type { Scored } from '../../src/crdt/index.ts'
import type { AskEvent, AskOptions, GenerateEvent, GenerateRequest, Message } from '../../src/interface.ts'
import { answer } from '../../src/node/answer.ts'
import type { AnswerDependencies } from '../../src/node/answer.ts'
import type { Candidate } from '../../src/node/candidate.ts'
import { InFlight } from '../../src/node/in-flight.ts'
import { recall, type Recalled } from '../../src/node/memories/recalling.ts'
import { asideAfterFailure, NOT_ASIDE } from '../../src/node/setting-aside.ts'
import type { Aside } from '../../src/node/setting-aside.ts'
import { Warmth } from '../../src/node/warmth.ts'
import { WrongRequest } from './fake-model.ts'
import type { FakeModel } from './fake-model.ts'
import { VirtualClock } from './virtual-clock.ts'

/** What happens to one attempt, after so many events of the engine. */
export interface Fault {
  after: number
  /**
   * - `error`: the stream fails; - `end`: it ends without `done`; - `hang`: nothing more comes
   * - `lost`: nothing more comes, and the device is known to be away
   * - `deaf`: as `hang`, and it says more much later, whatever the signal says
   */
  kind: 'error' | 'end' | 'hang' | 'lost' | 'deaf'
  error?: Error
}

/** One attempt as a device saw it. */
export interface Run {
  peer: string
  request: GenerateRequest
  signal: AbortSignal
  state: 'running' | 'closed'
}

/** Devices with fake models: everything that `answer` needs, and a record of what it did. */
export class FakeDevices implements AnswerDependencies {
  readonly clock = new VirtualClock()
  readonly inFlight = new InFlight()
  readonly runs: Run[] = []
  readonly failures: { peer: string; error: unknown }[] = []
  readonly successes: string[] = []
  readonly warmth = new Warmth()
  /** Requests that no correct asker would send; they fail like any other, and would go unnoticed. */
  readonly wrongRequests: string[] = []
  readonly devices: (Candidate & { models: FakeModel[] })[]
  /** Decides what becomes of an attempt, by its number and the device. */
  fault: (attempt: number, peer: string) => Fault | undefined = () => undefined
  /** Milliseconds before an event. */
  delay: (event: GenerateEvent) => number = () => 10
  /** What a search among the memories finds. */
  remembered: Scored[] = []
  /** How often `waiting` comes before the first token. */
  waitings = 0
  readonly #lost = new Map<string, AbortController>()
  readonly #aside = new Map<string, Aside>()
  #ids = 0

  constructor(devices: [Candidate, FakeModel[]][]) {
    this.devices = devices.map(([candidate, models]) => ({ ...candidate, models }))
  }

  candidates(): Candidate[] {
    return this.devices.map((device) => ({
      ...device,
      heardAt: device.state === 'connected' ? this.clock.monotonic() : device.heardAt,
      inFlight: this.inFlight.count(device.peer.id),
      asideUntil: this.#aside.get(device.peer.id)?.until ?? -Infinity
    }))
  }

  usable() {
    return {}
  }

  recall(messages: readonly Message[]): Recalled {
    return recall(
      messages,
      () => this.remembered,
      (memory) => memory
    )
  }

  began(peerId: string) {
    return this.inFlight.begin(peerId, this.clock.monotonic())
  }

  failed(peer: string, error: unknown, startedAt: number): void {
    this.failures.push({ peer, error })
    const aside = this.#aside.get(peer) ?? NOT_ASIDE
    this.#aside.set(peer, asideAfterFailure(aside, error, startedAt, this.clock.monotonic()))
  }

  succeeded(peer: string): void {
    this.successes.push(peer)
    this.#aside.delete(peer)
  }

  randomId(): string {
    return (++this.#ids).toString(16).padStart(28, '0') + 'ffff'
  }

  lost(peerId: string): AbortSignal {
    let controller = this.#lost.get(peerId)
    if (controller === undefined || controller.signal.aborted)
      this.#lost.set(peerId, (controller = new AbortController()))
    return controller.signal
  }

  /** The device goes away, and everybody who waits for it is told. */
  lose(peerId: string): void {
    for (const device of this.devices) if (device.peer.id === peerId) device.state = 'away'
    this.#lost.get(peerId)?.abort(new PeerUnreachableError('The cable was pulled.'))
  }

  async *generate(
    peer: string,
    request: GenerateRequest,
    { signal }: { signal: AbortSignal }
  ): AsyncGenerator<GenerateEvent> {
    const fault = this.fault(this.runs.length, peer)
    const run: Run = { peer, request, signal, state: 'running' }
    this.runs.push(run)
    const model = this.devices
      .find((device) => device.peer.id === peer)
      ?.models.find(({ offer }) => offer.hash === request.model)
    try {
      if (model === undefined) throw new WrongRequest('asked for a model that is not there')
      let given = 0
      for (const event of this.#events(model, request)) {
        if (given++ === fault?.after) {
          if (fault.kind === 'end') return
          if (fault.kind === 'error') throw fault.error ?? new PeerUnreachableError('The connection was reset.')
          if (fault.kind === 'lost') this.lose(peer)
          await this.clock.sleep(1e6, fault.kind === 'deaf' ? undefined : signal)
        }
        await this.clock.sleep(this.delay(event), signal.aborted ? undefined : signal)
        yield event
      }
    } catch (error) {
      if (error instanceof WrongRequest) this.wrongRequests.push(error.message)
      throw error
    } finally {
      run.state = 'closed'
    }
  }

  /** Asks, lets time pass until all is quiet, and gives the events and how it ended. */
  async ask(
    options: AskOptions = {},
    onEvent?: (event: AskEvent) => boolean,
    prompt: string | Message[] = 'What is it?'
  ): Promise<Asked> {
    const events: AskEvent[] = []
    const read = async (): Promise<unknown> => {
      try {
        for await (const event of answer(prompt, options, this)) {
          events.push(event)
          if (onEvent?.(event) === true) break
        }
      } catch (error) {
        return error
      }
      return undefined
    }
    const error = await this.clock.run(read())
    const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
    return { events, text, error }
  }

  *#events(model: FakeModel, request: GenerateRequest): Generator<GenerateEvent> {
    for (const event of model.generate(request)) {
      yield event
      if (event.type !== 'accepted') continue
      for (let i = 0; i < this.waitings; i++) yield { type: 'waiting', place: 0, loaded: null, prefilled: null }
    }
  }
}

export interface Asked {
  events: AskEvent[]
  text: string
  error: unknown
}
