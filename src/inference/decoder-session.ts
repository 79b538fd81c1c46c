import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { BrokenModelError } from '../errors.ts'
import { floatsOfHalves } from './float16.ts'
import { PAST, presentOf, whyNotRunnable } from './graph-fit.ts'
import { PLACES, WORTH_BYTES, newOf, rewire } from './graph-rewrite.ts'
import type { RewiredGraph, Wishes } from './graph-rewrite.ts'
import { KvBuffers } from './kv-buffers.ts'
import type { KvLayout } from './kv-buffers.ts'
import { numbersFor } from './kv-rows.ts'
import type { CacheShape, CacheTensors, Numbers } from './kv-rows.ts'
import { reasonOf } from './model-folder.ts'
import { summarizeOnnx } from './onnx-file.ts'
import { whyNotTrusted } from './rewiring-check.ts'
import type { Runtime } from './runtime.ts'

const PRESENT = /^present\.\d+\.(key|value)$/

/** Keys and values of the tokens read so far. */
export interface KvCache {
  /** By the name of the input that takes them. */
  readonly tensors: CacheTensors
  /** Tokens read so far. */
  readonly length: number
  /** Whose memory the tensors are, where it is used again for the next token; null where each run gives new ones. */
  readonly buffers: KvBuffers | null
}

export interface SessionOptions {
  provider: string
  threads: number
  /** What of the graph may be wired otherwise (see `rewiring.ts`). @default all that helps with this provider */
  rewiring?: Wishes
  /** Hears why a graph is run as it is, where it could have been rewired. @default nobody */
  remark?: (text: string) => void
}

/** A file, and what is run in its place; null where that is the file itself. */
interface Graph {
  path: string
  rewired: RewiredGraph | null
}

type TensorMetadata = Extract<InferenceSession.ValueMetadata, { isTensor: true }>

/** One token for each of several rows. */
export interface RowsInput {
  ids: readonly number[]
  /** Of those tokens. */
  positions: readonly number[]
  /** Rows × (tokens of the cache + 1). */
  mask: BigInt64Array
}

/** As many tokens for each row. */
type RunInput = RowsInput & { rows: number }

/** One decoder-only graph with a key/value cache. What it takes and gives is read from its own inputs and outputs. */
export class DecoderSession {
  readonly #runtime: Runtime
  readonly #session: InferenceSession
  readonly #inputs: ReadonlySet<string>
  readonly #past: readonly TensorMetadata[]
  /** All that is wanted of a run where nothing is kept here. */
  readonly #outputs: readonly string[]
  readonly #remark: (text: string) => void
  /** How what is kept here lies; null where the graph gives all keys and values each time. */
  #layout: KvLayout | null
  /** Number of logits of one row. */
  readonly vocabulary: number
  /** Whether the cache stays on a graphics card. */
  readonly isOnDevice: boolean
  #shapes: readonly CacheShape[] | undefined

  /**
   * Opens a graph, rewired where that helps and is found to compute the same; else as it is.
   *
   * With WebGPU the key/value cache stays on the device where that works; with every other provider it is copied out and
   * in again with each token (onnxruntime-node 1.30 knows no other place for it), on the processor only what is new of it.
   *
   * @throws {BrokenModelError} when the graph is none that can be run token by token; else the provider's own error
   */
  static async create(runtime: Runtime, path: string, options: SessionOptions): Promise<DecoderSession> {
    const { provider, remark = () => undefined } = options
    const { rewiring = { lastRow: true, newRowsFrom: provider === 'cpu' ? WORTH_BYTES : Infinity } } = options
    let reason: string | null = null
    try {
      const rewired = await rewire(path, rewiring)
      if (rewired !== null) return await DecoderSession.#checked(runtime, { path, rewired }, options)
    } catch (err) {
      reason = reasonOf(err)
    }
    const session = await DecoderSession.#placed(runtime, { path, rewired: null }, options)
    // Where that does not work either, it was not the rewiring.
    if (reason !== null) remark(`${path} runs as it is, without rewiring (${provider}): ${reason}`)
    return session
  }

  /** @throws {Error} when it computes something else */
  static async #checked(runtime: Runtime, graph: Graph, options: SessionOptions): Promise<DecoderSession> {
    const session = await DecoderSession.#placed(runtime, graph, options)
    try {
      const reason = await whyNotTrusted(session)
      if (reason !== null) throw new Error(reason)
      return session
    } catch (err) {
      await session.release()
      throw err
    }
  }

  static async #placed(runtime: Runtime, graph: Graph, options: SessionOptions): Promise<DecoderSession> {
    if (options.provider === 'webgpu') {
      const onDevice = await DecoderSession.#onDevice(runtime, graph, options)
      if (onDevice !== null) return onDevice
    }
    return DecoderSession.#open(runtime, graph, options, {})
  }

  /** Null where it does not work, whatever the reason: without it the same error comes again, or none. */
  static async #onDevice(runtime: Runtime, graph: Graph, options: SessionOptions): Promise<DecoderSession | null> {
    let session: DecoderSession | undefined
    try {
      const { outputs } = await summarizeOnnx(graph.path)
      const places = outputs.filter(({ name }) => PRESENT.test(name)).map(({ name }) => [name, 'gpu-buffer'] as const)
      session = await DecoderSession.#open(runtime, graph, options, Object.fromEntries(places))
      // Whether a cache that lies there can be read again shows with the second token.
      const { cache } = await session.forward(session.empty(), [0])
      try {
        session.free((await session.forward(cache, [0])).cache)
      } catch (err) {
        session.free(cache)
        throw err
      }
      return session
    } catch (err) {
      await session?.release()
      if (err instanceof BrokenModelError) throw err
      return null
    }
  }

  static async #open(
    runtime: Runtime,
    graph: Graph,
    { provider, threads, remark = () => undefined }: SessionOptions,
    preferredOutputLocation: Record<string, 'gpu-buffer'>
  ): Promise<DecoderSession> {
    const { path, rewired } = graph
    const options: InferenceSession.SessionOptions = {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      // Errors only: the rest would be noise in the node's log.
      logSeverityLevel: 3,
      preferredOutputLocation,
      ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
      extra: {
        session: {
          // A waiting thread that spins costs half the speed as soon as anything else runs on the device.
          'intra_op.allow_spinning': '0',
          ...(rewired !== null && { model_external_initializers_file_folder_path: rewired.folder })
        }
      }
    }
    const session = await (rewired === null
      ? runtime.InferenceSession.create(path, options)
      : runtime.InferenceSession.create(rewired.model, options))
    try {
      return new DecoderSession(runtime, session, graph, {
        remark,
        isOnDevice: Object.keys(preferredOutputLocation).length > 0
      })
    } catch (err) {
      await session.release()
      throw err
    }
  }

  private constructor(
    runtime: Runtime,
    session: InferenceSession,
    { path, rewired }: Graph,
    { remark, isOnDevice }: { remark: (text: string) => void; isOnDevice: boolean }
  ) {
    this.#runtime = runtime
    this.isOnDevice = isOnDevice
    this.#session = session
    this.#inputs = new Set(session.inputNames)
    this.#layout = rewired?.newRows ?? null
    this.#remark = remark
    const refuse = (reason: string): never => {
      throw new BrokenModelError(`${path} cannot be run: ${reason}.`)
    }
    const inputs = session.inputNames.filter((name) => name !== PLACES)
    const reason = whyNotRunnable(inputs, session.outputNames)
    if (reason !== null) refuse(reason)
    this.#past = session.inputMetadata.filter(
      (input): input is TensorMetadata => input.isTensor && PAST.test(input.name)
    )
    this.#outputs = ['logits', ...this.#past.map(({ name }) => presentOf(name))]
    const logits = session.outputMetadata.find(({ name }) => name === 'logits')
    const vocabulary = logits?.isTensor === true ? logits.shape.at(-1) : undefined
    if (vocabulary === undefined) refuse('it has no output logits')
    // A graph need not say it; then there is nothing to check ids against.
    this.vocabulary = typeof vocabulary === 'number' ? vocabulary : Infinity
  }

  /** What the graph takes as its cache. @throws {BrokenModelError} when that cannot be made here */
  get shapes(): readonly CacheShape[] {
    return (this.#shapes ??= this.#past.map(({ name, type, shape }) => {
      const [, heads, , size] = shape
      if (typeof heads !== 'number' || typeof size !== 'number' || (type !== 'float32' && type !== 'float16')) {
        throw new BrokenModelError(`The shape of ${name} (${type}, ${shape.join(' × ')}) cannot be used.`)
      }
      return { name, type, heads, size }
    }))
  }

  /** A tensor over numbers of that shape, which it does not copy. */
  tensorOf({ type, heads, size }: CacheShape, numbers: Numbers, rows: number): Tensor {
    return new this.#runtime.Tensor(type, numbers, [rows, heads, numbers.length / (rows * heads * size), size])
  }

  /**
   * The cache before the first token.
   * @param options.whole to have the graph give all keys and values each time, whatever else it can. @default false
   */
  empty({ whole = false } = {}): KvCache {
    const tensors = Object.fromEntries(
      this.shapes.map((shape) => [shape.name, this.tensorOf(shape, numbersFor(shape, 1, 0), 1)])
    )
    return whole ? { tensors, length: 0, buffers: null } : this.cacheOf(tensors, 0)
  }

  /** A cache of keys and values that were read before: the tensors are used as they are, or copied. */
  cacheOf(tensors: CacheTensors, length: number): KvCache {
    if (this.#layout === null) return { tensors, length, buffers: null }
    const buffers = new KvBuffers(this.#runtime, this.shapes, this.#layout)
    if (length > 0) buffers.append(tensors, length)
    return { tensors: buffers.tensors(), length, buffers }
  }

  /** The keys and values of a cache and nothing else, each as long as it is. */
  wholeOf({ tensors, buffers }: KvCache): CacheTensors {
    return buffers === null ? tensors : buffers.whole()
  }

  /**
   * Reads tokens after those in the cache, which is used up by it.
   * @returns the cache with them, and the logits that follow the last one (a copy, the caller's to change)
   */
  async forward(cache: KvCache, ids: readonly number[]): Promise<{ cache: KvCache; logits: Float32Array }> {
    const { buffers } = cache
    if (buffers === null) return this.#forwardWhole(cache, ids)
    try {
      return await this.#forwardNew(cache, buffers, ids)
    } catch (err) {
      // Nothing was added, so the same tokens can be read the other way.
      const result = await this.#forwardWhole({ ...cache, tensors: buffers.whole(), buffers: null }, ids)
      this.#layout = null
      this.#remark(`keys and values are copied as a whole from now on: ${reasonOf(err)}`)
      return result
    }
  }

  /**
   * One more token for each of several rows, whose caches lie in the same tensors and are as long as the longest; the mask
   * says which of it are a row's own. It reads them and leaves them as they are.
   *
   * @returns the cache with one column more, and each row's logits, the caller's to change
   */
  async forwardRows(past: CacheTensors, input: RowsInput): Promise<{ tensors: CacheTensors; logits: Float32Array[] }> {
    const rows = input.ids.length
    const { tensors, logits } = await this.#runWhole(past, { rows, ...input })
    const all = floatsOf(logits.data)
    const width = all.length / rows
    return { tensors, logits: input.ids.map((_, row) => all.subarray(row * width, (row + 1) * width)) }
  }

  async #forwardWhole(cache: KvCache, ids: readonly number[]): Promise<{ cache: KvCache; logits: Float32Array }> {
    const { tensors, logits } = await this.#runWhole(cache.tensors, after(cache, ids))
    this.free(cache)
    const length = cache.length + ids.length
    return { cache: { tensors, length, buffers: null }, logits: lastRow(logits) }
  }

  async #runWhole(past: CacheTensors, input: RunInput): Promise<{ tensors: CacheTensors; logits: Tensor }> {
    const { Tensor } = this.#runtime
    const feeds = this.#feeds(past, input)
    if (this.#inputs.has(PLACES)) {
      // Unused: a place that is there whatever is read.
      feeds[PLACES] = new Tensor('int64', new BigInt64Array(input.rows), [input.rows, 1, 1, 1])
    }
    const results = await this.#session.run(feeds, this.#outputs)
    const tensors: Record<string, Tensor> = {}
    for (const { name } of this.#past) tensors[name] = results[presentOf(name)] as Tensor
    return { tensors, logits: results.logits as Tensor }
  }

  async #forwardNew(
    cache: KvCache,
    buffers: KvBuffers,
    ids: readonly number[]
  ): Promise<{ cache: KvCache; logits: Float32Array }> {
    const names = this.#past.map(({ name }) => [name, newOf(presentOf(name))] as const)
    const feeds = { ...this.#feeds(cache.tensors, after(cache, ids)), [PLACES]: buffers.places(ids.length) }
    const results = await this.#session.run(feeds, ['logits', ...names.map(([, output]) => output)])
    const news = names.map(([name, output]) => [name, results[output] as Tensor] as const)
    buffers.append(Object.fromEntries(news), ids.length)
    const length = cache.length + ids.length
    return { cache: { tensors: buffers.tensors(), length, buffers }, logits: lastRow(results.logits as Tensor) }
  }

  #feeds(past: CacheTensors, { rows, ids, positions, mask }: RunInput): Record<string, Tensor> {
    const { Tensor } = this.#runtime
    const shape = [rows, ids.length / rows]
    const feeds: Record<string, Tensor> = { ...past }
    feeds.input_ids = new Tensor('int64', BigInt64Array.from(ids, BigInt), shape)
    if (this.#inputs.has('attention_mask')) {
      feeds.attention_mask = new Tensor('int64', mask, [rows, mask.length / rows])
    }
    if (this.#inputs.has('position_ids')) {
      feeds.position_ids = new Tensor('int64', BigInt64Array.from(positions, BigInt), shape)
    }
    for (const name of ['num_logits_to_keep', 'logits_to_keep']) {
      if (this.#inputs.has(name)) feeds[name] = new Tensor('int64', BigInt64Array.of(1n), [])
    }
    return feeds
  }

  /** Lets go of a cache: what lies on a device is seen by no garbage collector. */
  free({ tensors }: KvCache): void {
    for (const tensor of Object.values(tensors)) if (tensor.location === 'gpu-buffer') tensor.dispose()
  }

  /** Frees the weights. */
  async release(): Promise<void> {
    await this.#session.release()
  }
}

/** One row that goes on after its cache. */
function after({ length }: KvCache, ids: readonly number[]): RunInput {
  return {
    rows: 1,
    ids,
    positions: ids.map((_, index) => length + index),
    mask: new BigInt64Array(length + ids.length).fill(1n)
  }
}

function lastRow({ data, dims }: Tensor): Float32Array {
  const vocabulary = dims.at(-1) ?? 0
  // A copy of one row: the rest, many times as much, need not be held.
  if (data instanceof Float32Array) return data.slice(data.length - vocabulary)
  if (data instanceof Uint16Array) return floatsOf(data.subarray(data.length - vocabulary))
  return floatsOf(data).slice(-vocabulary)
}

function floatsOf(data: Tensor['data']): Float32Array {
  if (data instanceof Float32Array) return data
  // Node before 24 has no Float16Array: halves come as their 16 bits.
  if (data instanceof Uint16Array) return floatsOfHalves(data)
  return Float32Array.from(data as Iterable<number>, Number)
}
