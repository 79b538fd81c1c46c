import type { Socket } from 'node:net'
import { connect } from 'node:net'
import {
  InvalidFileError,
  InvalidRequestError,
  MeshError,
  NodeUnreachableError,
  PromptTooLongError
} from '../errors.ts'
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
  Mesh,
  MeshConversations,
  MeshEvent,
  MeshMemory,
  MeshSnapshots,
  MeshStatus,
  Message,
  ModelCopyEvent,
  ModelInfo,
  ModelLibrary,
  Pause,
  PauseOptions,
  PeerInfo,
  PlacementRow
} from '../interface.ts'
import type { ConnectControlInit } from './index.ts'
import { greet, receive, send } from './exchange.ts'
import { controlLibrary } from './library.ts'
import { controlMembership } from './membership.ts'
import { controlConversations, controlMemory } from './memory.ts'
import { checkToken } from './proof.ts'
import { controlSnapshots } from './snapshots.ts'
import { METHODS, packed, unpacked } from './wire.ts'
import type { MethodName } from './wire.ts'

type Prompt = string | Message[]

/** A `Mesh` over the control socket. Each call has a connection of its own: ten at once keep apart by themselves. */
export class ControlClient implements Mesh {
  readonly membership: Membership = controlMembership((method, options) => this.#value(method, options))
  readonly library: ModelLibrary = controlLibrary(
    (method, options) => this.#value(method, options),
    (method, options) => this.#call<ModelCopyEvent>(method, options)
  )
  readonly engines: Engines = {
    list: (options) => this.#value('engines.list', options),
    add: (options) => this.#value('engines.add', options),
    remove: (options) => this.#value('engines.remove', options),
    look: (options) => this.#value('engines.look', options)
  }
  readonly memory: MeshMemory = controlMemory((method, options) => this.#value(method, options))
  readonly conversations: MeshConversations = controlConversations((method, options) => this.#value(method, options))
  readonly snapshots: MeshSnapshots = controlSnapshots(
    (method, options) => this.#value(method, options),
    (method, options) => this.#call(method, options)
  )
  readonly #init: Required<Omit<ConnectControlInit, 'signal'>>
  readonly #connections = new Set<Socket>()
  #stopped = false

  constructor(init: Required<Omit<ConnectControlInit, 'signal'>>) {
    checkToken(init.token)
    this.#init = init
  }

  ask(prompt: Prompt, options?: AskOptions): AsyncIterable<AskEvent> {
    return this.#call<AskEvent>('ask', options, prompt)
  }

  status(options?: AbortOptions): Promise<MeshStatus> {
    return this.#value('status', options)
  }

  peers(options?: AbortOptions): Promise<PeerInfo[]> {
    return this.#value('peers', options)
  }

  discover(options?: DiscoverOptions): Promise<Discovery[]> {
    return this.#value('discover', options)
  }

  why(prompt?: Prompt, options?: AskOptions): Promise<PlacementRow[]> {
    return this.#value('why', options, prompt)
  }

  models(options?: AbortOptions): Promise<ModelInfo[]> {
    return this.#value('models', options)
  }

  doctor(options?: AbortOptions): Promise<Finding[]> {
    return this.#value('doctor', options)
  }

  bench(options?: BenchOptions): AsyncIterable<BenchEvent> {
    return this.#call<BenchEvent>('bench', options)
  }

  events(options?: AbortOptions): AsyncIterable<MeshEvent> {
    return this.#call<MeshEvent>('events', options)
  }

  pause(options?: PauseOptions): Promise<Pause> {
    return this.#value('pause', options)
  }

  async resume(options?: AbortOptions): Promise<void> {
    await this.#value('resume', options)
  }

  stop(): Promise<void> {
    this.#stopped = true
    for (const socket of this.#connections) socket.destroy()
    return Promise.resolve()
  }

  async shutdown(options?: { finishMs?: number }): Promise<void> {
    const given: AbortOptions & { finishMs?: number } = { ...options }
    await this.#value('shutdown', given)
  }

  /** Whether the node is there and proves the token. */
  async reach(signal?: AbortSignal): Promise<void> {
    const socket = this.#dial(signal)
    try {
      await greet(socket, this.#init)
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      socket.destroy()
    }
  }

  /** The answer's end is its value. The interface says which type, and the node's compiler has checked it. */
  async #value<T>(method: MethodName, options?: AbortOptions, prompt?: Prompt): Promise<T> {
    const { value } = await this.#call<never, T>(method, options, prompt).next()
    return value
  }

  async *#call<Event, Value = unknown>(
    method: MethodName,
    { signal, ...options }: AbortOptions = {},
    prompt?: Prompt
  ): AsyncGenerator<Event, Value> {
    const { atClose, gives } = METHODS[method]
    const body = encode(method, options, prompt)
    const socket = this.#dial(signal)
    let heard = false
    try {
      await greet(socket, this.#init)
      const response = await send(socket, method, body)
      heard = true
      for await (const reply of receive(response)) {
        signal?.throwIfAborted()
        if ('done' in reply) {
          return unpacked(reply.done, gives) as Value
        }
        yield reply.event as Event
      }
      throw new Error('The reply broke off.')
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof MeshError) {
        throw error
      }
      // We let go of a stream of events; or the node that was told to end did, before it could say so.
      if ((this.#stopped && atClose === 'end') || (heard && atClose === 'stay')) {
        return null as Value
      }
      throw this.#unreachable(error)
    } finally {
      socket.destroy()
    }
  }

  #dial(signal: AbortSignal | undefined): Socket {
    signal?.throwIfAborted()
    if (this.#stopped) {
      throw this.#unreachable()
    }
    const socket = connect(this.#init.path)
    const hangUp = (): void => {
      socket.destroy()
    }
    this.#connections.add(socket)
    signal?.addEventListener('abort', hangUp)
    // Whoever reads from the socket learns of its errors there.
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#connections.delete(socket)
      signal?.removeEventListener('abort', hangUp)
    })
    return socket
  }

  #unreachable(cause?: unknown): NodeUnreachableError {
    return new NodeUnreachableError(
      this.#stopped
        ? 'This connection to the node was let go; connect again to ask more.'
        : 'The node stopped before it had said everything. Start it again with `mesh join`, then repeat.',
      { cause }
    )
  }
}

function encode(method: MethodName, options: object, prompt: Prompt | undefined): Buffer {
  const { longest, takes } = METHODS[method]
  const body = Buffer.from(JSON.stringify({ prompt, options: packed(options, takes) }))
  if (body.length <= longest) {
    return body
  }
  if (takes !== undefined) {
    throw new InvalidFileError(`The ${takes} is larger than any that a node takes; it is probably another file.`)
  }
  const size = `${body.length} bytes, and a node takes at most ${longest}`
  throw method.includes('.')
    ? new InvalidRequestError(`What was given has ${size}.`)
    : new PromptTooLongError(`The question has ${size}. Ask about a part of it.`)
}
