import { setMaxListeners } from 'node:events'
import { ModelTooLargeError, NodeUnreachableError, NotAnsweringError, UnknownModelError } from '../errors.ts'
import type {
  AbortOptions,
  AskEvent,
  AskOptions,
  BenchEvent,
  BenchOptions,
  DiscoverOptions,
  Discovery,
  Engines,
  Finding,
  Membership,
  MembershipStatus,
  Mesh,
  MeshConversations,
  MeshEvent,
  MeshMemory,
  MeshSnapshots,
  MeshStatus,
  Message,
  ModelInfo,
  ModelLibrary,
  Pause,
  PauseOptions,
  PeerInfo,
  PlacementRow
} from '../interface.ts'
import { graphicsCards } from '../inference/index.ts'
import type { LocalEngine } from '../inference/index.ts'
import { DEFAULT_PORT, diagnose, readNetworkFacts, scan } from '../protocols/discovery/index.ts'
import type { OwnAnswers } from './answering.ts'
import type { Asking } from './asking.ts'
import type { Broadcast } from './broadcast.ts'
import { benchable } from './benchable.ts'
import { examine } from './doctor.ts'
import type { LocalLibrary } from './library/local-library.ts'
import type { Living } from './living.ts'
import { FIRST_MEASUREMENT_MS, type Measuring } from './measuring.ts'
import type { ModelChoice } from './model-choice.ts'
import type { Neighbours } from './neighbours.ts'
import type { Network } from './network.ts'
import type { OwnCapability } from './own-capability.ts'
import type { Paths } from './paths.ts'
import { LocalConversations } from './memories/local-conversations.ts'
import { LocalMemory } from './memories/local-memory.ts'
import type { Remembering } from './memories/remembering.ts'
import { settled, wait } from './settled.ts'

/** The parts of a node, put together by `start.ts`. */
export interface LocalMeshParts {
  id: string
  paths: Paths
  engine: LocalEngine
  /** Null in a process that has no identity and speaks to nobody. */
  network: Network | null
  /** Whether this process only asks. */
  visiting: boolean
  capability: OwnCapability
  neighbours: Neighbours
  measuring: Measuring
  answers: OwnAnswers
  asking: Asking
  living: Living
  events: Broadcast<MeshEvent>
  library: LocalLibrary
  membership: Membership & { status: () => MembershipStatus; readonly words: string | null }
  engines: Engines
  choice: ModelChoice
  remembering: Remembering
  snapshots: MeshSnapshots
  /** Ends everything, once. */
  close: () => Promise<void>
}

/** A device on the LAN takes the connection and says what it runs in far less. */
const REMEMBERED_PEERS_MS = 1500
const DISCOVER_MS = 3000

/** The `Mesh` in this process. */
export class LocalMesh implements Mesh {
  readonly membership: Membership
  readonly library: ModelLibrary
  readonly engines: Engines
  readonly memory: MeshMemory
  readonly conversations: MeshConversations
  readonly snapshots: MeshSnapshots
  readonly #parts: LocalMeshParts
  #stopped: Promise<void> | undefined
  #over = false

  constructor(parts: LocalMeshParts) {
    this.#parts = parts
    this.membership = parts.membership
    this.library = parts.library
    this.engines = parts.engines
    this.snapshots = parts.snapshots
    const begin = (options: AbortOptions) => this.#begin(options)
    this.memory = new LocalMemory(parts.remembering, begin)
    this.conversations = new LocalConversations(parts.remembering, begin)
  }

  async *ask(prompt: string | Message[], options: AskOptions = {}): AsyncGenerator<AskEvent, void> {
    await this.#begin(options)
    if (this.#parts.living.isEnding) throw new NotAnsweringError('This device is stopping; ask again when it is back.')
    await this.#oriented(options)
    try {
      yield* this.#parts.asking.ask(prompt, options)
    } catch (err) {
      throw await this.#explained(err, options.model)
    }
  }

  async why(prompt: string | Message[] = 'Hello', options: AskOptions = {}): Promise<PlacementRow[]> {
    await this.#begin(options)
    await this.#oriented(options)
    return this.#parts.asking.why(prompt, options)
  }

  async status(options: AbortOptions = {}): Promise<MeshStatus> {
    await this.#begin(options)
    const { id, paths, engine, visiting, capability, answers, living, membership, remembering } = this.#parts
    const { answering, addresses, version, models: offers } = capability.get()
    const { counters } = living
    // The one that its owner chose, else the strongest.
    const first = offers[0]
    return {
      name: this.#name(),
      id,
      version,
      home: paths.home,
      state: this.#stopped !== undefined || living.isEnding ? 'stopping' : visiting ? 'visiting' : 'running',
      answering,
      addresses,
      mesh: membership.words,
      membership: membership.status(),
      models: await this.models(),
      hardware: engine.hardware(),
      tokensPerSecond: first?.decodeRate ?? null,
      peers: await this.peers(),
      resumesInMs: living.resumesInMs,
      asks: { running: answers.running, answered: counters.answered, asked: counters.asked, failed: counters.failed },
      counters,
      remembered: remembering.status(),
      uptimeMs: counters.uptimeMs,
      memory: { node: Math.round(process.memoryUsage.rss() / 2 ** 20), engine: await engine.memory() }
    }
  }

  async peers(options: AbortOptions = {}): Promise<PeerInfo[]> {
    await this.#begin(options)
    return this.#parts.neighbours.list()
  }

  async discover({ timeoutMs = DISCOVER_MS, scan: subnet, signal }: DiscoverOptions = {}): Promise<Discovery[]> {
    await this.#begin(signal === undefined ? {} : { signal })
    const { network, neighbours } = this.#parts
    if (network === null) return []
    network.services.beacon?.announce()
    const enough = new AbortController()
    const either = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal])
    try {
      await Promise.all([wait(timeoutMs, either), subnet === undefined ? undefined : this.#scan(subnet, either)])
    } finally {
      enough.abort()
    }
    return neighbours.discoveries()
  }

  async #scan(subnet: string, signal: AbortSignal): Promise<void> {
    // A scan tries many addresses at once, and each of them listens to the signal.
    setMaxListeners(Infinity, signal)
    const dials: Promise<void>[] = []
    for await (const address of scan(subnet, { signal })) {
      // An open port that is no device of ours, or our own, fails here and is no news.
      dials.push(this.#parts.neighbours.dialAddress(address, 'scan', signal).catch(() => undefined))
    }
    await Promise.all(dials)
  }

  async models(options: AbortOptions = {}): Promise<ModelInfo[]> {
    await this.#begin(options)
    const { engine, choice } = this.#parts
    return choice.mark(await engine.models())
  }

  async *bench({ model, ...options }: BenchOptions = {}): AsyncGenerator<BenchEvent, void> {
    await this.#begin(options)
    await settled(this.#parts.measuring.first, FIRST_MEASUREMENT_MS, options.signal)
    const models = await this.#parts.engine.models()
    const { hash } = benchable(models, this.#parts.capability.get().models, model)
    yield* this.#parts.engine.bench(hash, options)
    // What it offers follows from what was measured.
    await this.#parts.measuring.look()
  }

  async doctor(options: AbortOptions = {}): Promise<Finding[]> {
    await this.#begin(options)
    const { engine, network, neighbours, capability, paths, measuring } = this.#parts
    await settled(measuring.first, FIRST_MEASUREMENT_MS, options.signal)
    const own = examine({
      models: await engine.models(),
      providers: engine.providers(),
      graphics: await graphicsCards(),
      engineError: measuring.engineError,
      modelsFolder: paths.models,
      engines: await this.engines.list(options),
      clones: neighbours.clones,
      version: capability.get().version,
      peers: await this.peers()
    })
    if (network === null) return own
    const { beacon, mdns, dialer } = network.services
    const onNetwork = diagnose({
      ...(await readNetworkFacts(options)),
      beacon: beacon?.state() ?? null,
      mdns: mdns?.state() ?? null,
      known: dialer.known(),
      tcpPort: Number(/\/tcp\/(\d+)/.exec(capability.get().addresses[0] ?? '')?.[1] ?? DEFAULT_PORT)
    })
    return [...onNetwork, ...own]
  }

  events(options: AbortOptions = {}): AsyncIterable<MeshEvent> {
    return this.#parts.events.watch(options)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#parts.close().finally(() => {
      this.#over = true
    })
    return this.#stopped
  }

  async pause(options: PauseOptions = {}): Promise<Pause> {
    await this.#begin(options)
    return this.#parts.living.pause(options)
  }

  async resume(options: AbortOptions = {}): Promise<void> {
    await this.#begin(options)
    this.#parts.living.resume()
  }

  async shutdown({ finishMs }: { finishMs?: number } = {}): Promise<void> {
    await this.#parts.living.drain(finishMs)
    await this.stop()
  }

  /** What every call begins with. @throws {NodeUnreachableError} after the end, and the signal's reason */
  #begin({ signal }: AbortOptions): Promise<void> {
    return new Promise((resolve) => {
      signal?.throwIfAborted()
      if (this.#over) throw new NodeUnreachableError('This mesh was stopped; create or open another.')
      resolve()
    })
  }

  /** A model that nobody offers may be here, and be too large to be offered: then that is what its owner has to know. */
  async #explained(err: unknown, wanted: string | undefined): Promise<unknown> {
    if (!(err instanceof UnknownModelError) || wanted === undefined) return err
    const models = await this.#parts.engine.models()
    const reason = models.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())?.tooLarge
    return reason === undefined ? err : new ModelTooLargeError(reason, { cause: err })
  }

  #name(): string {
    const { id, capability, neighbours } = this.#parts
    return neighbours.names().get(id) ?? capability.get().name
  }

  /** Just after the start nobody knows who is there and how fast: better to wait a moment than to choose blindly. */
  async #oriented({ signal }: AbortOptions): Promise<void> {
    const { capability, measuring, neighbours, visiting } = this.#parts
    await Promise.all([
      capability.get().models.length > 0 ? undefined : settled(measuring.first, FIRST_MEASUREMENT_MS, signal),
      visiting ? settled(neighbours.remembered, REMEMBERED_PEERS_MS, signal) : undefined
    ])
  }
}
