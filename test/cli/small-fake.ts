import type {
  AskEvent,
  AskOptions,
  BenchEvent,
  BenchOptions,
  Discovery,
  Finding,
  Mesh,
  MeshEvent,
  MeshStatus,
  MembershipStatus,
  Message,
  ModelInfo,
  Pause,
  PauseOptions,
  PeerInfo,
  PlacementRow
} from '../../src/interface.ts'
import { SmallLibrary } from './small-library.ts'
import { SmallSnapshots } from './small-snapshots.ts'
import { FakeEngines } from '../fixtures/fake-engines.ts'
import { FakeConversations, FakeMemory } from '../fixtures/fake-memory.ts'
import { SmallMembership } from './small-membership.ts'

export const DESKTOP = { name: 'desktop', id: '12D3KooWDesktop' }
export const LAPTOP = { name: 'laptop', id: '12D3KooWLaptop' }

export function peer(changes: Partial<PeerInfo> = {}): PeerInfo {
  return {
    ...DESKTOP,
    state: 'connected',
    model: 'qwen3-4b',
    tokensPerSecond: 42.4,
    queue: 0,
    roundTripMs: 3.2,
    foundBy: ['mdns', 'beacon'],
    lastSeenMs: 0,
    addresses: ['/ip4/192.168.1.5/tcp/6373'],
    version: '0.1.0',
    hardware: 'NVIDIA',
    answering: 'yes',
    resumesInMs: null,
    ...changes
  }
}

export function modelInfo(changes: Partial<ModelInfo> = {}): ModelInfo {
  return {
    name: 'mini',
    hash: 'ab'.repeat(32),
    bytes: 3_400_000,
    parameters: 850_000,
    quantization: 'fp32',
    contextLength: 256,
    loaded: true,
    builtIn: true,
    broken: null,
    ...changes
  }
}

export function membershipStatus(changes: Partial<MembershipStatus> = {}): MembershipStatus {
  return {
    state: 'provisional',
    members: 1,
    recovery: false,
    door: { open: false, closesInMs: 0, newcomers: [] },
    comparing: null,
    openDoors: [],
    ...changes
  }
}

export function meshStatus(changes: Partial<MeshStatus> = {}): MeshStatus {
  return {
    ...LAPTOP,
    version: '0.1.0',
    home: '/home/me/ownmesh',
    state: 'running',
    answering: 'yes',
    addresses: ['/ip4/127.0.0.1/tcp/6373'],
    mesh: 'amber-otter',
    membership: membershipStatus(),
    models: [modelInfo()],
    hardware: 'cpu, 8 cores',
    tokensPerSecond: 640,
    peers: [],
    resumesInMs: null,
    asks: { running: 0, answered: 12, asked: 3, failed: 1 },
    counters: {
      answered: 12,
      refused: 2,
      broken: 0,
      movedAway: 0,
      promptTokens: 480,
      answerTokens: 1200,
      asked: 3,
      failed: 1,
      failovers: 1,
      uptimeMs: 200_000,
      pausedMs: 0
    },
    remembered: { memories: 3, conversations: 1, shared: [{ ...DESKTOP, state: 'synced' }] },
    uptimeMs: 200_000,
    memory: { node: 110, engine: 240 },
    ...changes
  }
}

/** An answer of `qwen3-4b` on the desktop, a piece at a time. */
export function answerOf(...pieces: string[]): AskEvent[] {
  return [
    { type: 'accepted', peer: DESKTOP, model: { name: 'qwen3-4b', hash: 'cd'.repeat(32) } },
    ...pieces.map((text) => ({ type: 'text' as const, text })),
    {
      type: 'done',
      model: 'qwen3-4b',
      peer: DESKTOP,
      finishReason: 'stop',
      promptTokens: 9,
      answerTokens: pieces.length,
      timeToFirstTokenMs: 80,
      tokensPerSecond: 42.4,
      failovers: 0
    }
  ]
}

/**
 * A `Mesh` that says what a test lays into it, word for word, and writes down what it is asked. Tests of texts need
 * this rather than `fixtures/fake-mesh.ts`, which is one mesh that keeps every promise of the interface.
 */
export class SmallFake implements Mesh {
  readonly membership = new SmallMembership()
  readonly library = new SmallLibrary()
  readonly engines = new FakeEngines()
  readonly memory = new FakeMemory({ device: LAPTOP.id })
  readonly conversations = new FakeConversations({ device: LAPTOP.id })
  readonly snapshots = new SmallSnapshots()
  status_ = meshStatus()
  discoveries: Discovery[] = []
  rows: PlacementRow[] = []
  findings: Finding[] = []
  asked: { prompt: string | Message[]; options: AskOptions }[] = []
  benches: BenchOptions[] = []
  benched: BenchEvent[] = []
  stopped = 0
  shutdowns: ({ finishMs?: number } | undefined)[] = []
  pauses: PauseOptions[] = []
  resumed = 0
  pause_: Pause = { resumesInMs: null, running: 0, finishMs: 60_000 }
  /** What an ask answers: events, an error to throw among them, or `wait` to stay until it is aborted. */
  answer: (prompt: string | Message[]) => (AskEvent | Error | 'wait')[] = () => answerOf('84')
  readonly #events: MeshEvent[] = []
  #wake: () => void = () => undefined
  #ended = false

  async *ask(prompt: string | Message[], options: AskOptions = {}): AsyncGenerator<AskEvent> {
    this.asked.push({ prompt, options })
    for (const event of this.answer(prompt)) {
      await Promise.resolve()
      options.signal?.throwIfAborted()
      if (event instanceof Error) {
        throw event
      }
      if (event === 'wait') {
        await new Promise((_, reject) => {
          options.signal?.addEventListener('abort', () => {
            reject(options.signal?.reason as Error)
          })
        })
      } else {
        yield event
      }
    }
  }

  async status({ signal }: { signal?: AbortSignal } = {}): Promise<MeshStatus> {
    await Promise.resolve()
    signal?.throwIfAborted()
    return this.status_
  }

  peers(): Promise<PeerInfo[]> {
    return Promise.resolve(this.status_.peers)
  }

  discover(): Promise<Discovery[]> {
    return Promise.resolve(this.discoveries)
  }

  why(): Promise<PlacementRow[]> {
    return Promise.resolve(this.rows)
  }

  models(): Promise<ModelInfo[]> {
    return Promise.resolve(this.status_.models)
  }

  doctor(): Promise<Finding[]> {
    return Promise.resolve(this.findings)
  }

  async *bench(options: BenchOptions = {}): AsyncGenerator<BenchEvent> {
    this.benches.push(options)
    for (const event of this.benched) {
      await Promise.resolve()
      options.signal?.throwIfAborted()
      yield event
    }
  }

  async *events({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<MeshEvent> {
    const wake = (): void => {
      this.#wake()
    }
    signal?.addEventListener('abort', wake)
    for (;;) {
      const event = this.#events.shift()
      if (signal?.aborted === true || (event === undefined && this.#ended)) {
        return
      }
      if (event === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      } else {
        yield event
      }
    }
  }

  stop(): Promise<void> {
    this.stopped++
    return Promise.resolve()
  }

  pause(options: PauseOptions = {}): Promise<Pause> {
    this.pauses.push(options)
    return Promise.resolve({ ...this.pause_, resumesInMs: options.forMs ?? null })
  }

  resume(): Promise<void> {
    this.resumed++
    return Promise.resolve()
  }

  shutdown(options?: { finishMs?: number }): Promise<void> {
    this.shutdowns.push(options)
    return Promise.resolve()
  }

  /** Something happens in the mesh. */
  emit(event: MeshEvent): void {
    this.#events.push(event)
    this.#wake()
  }

  /** The node ends. */
  end(): void {
    this.#ended = true
    this.#wake()
  }
}
