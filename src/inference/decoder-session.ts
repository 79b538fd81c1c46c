import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { BrokenModelError } from '../errors.ts'
import { floatsOfHalves } from './float16.ts'
import { PAST, presentOf, whyNotRunnable } from './graph-fit.ts'
import type { Padding } from './graph-fit.ts'
import { PLACES, WORTH_BYTES, newOf, rewire } from './graph-rewrite.ts'
import type { RewiredGraph, Wishes } from './graph-rewrite.ts'
import { KvBuffers } from './kv-buffers.ts'
import type { KvLayout } from './kv-buffers.ts'
import { numbersFor } from './kv-rows.ts'
import type { CacheShape, CacheTensors } from './kv-rows.ts'
import { reasonOf } from './model-folder.ts'
import { summarizeOnnx } from './onnx-file.ts'
import { whyNotTrusted } from './rewiring-check.ts'
import type { Runtime } from './runtime.ts'

const PRESENT = /^present\.\d+\.(key|value)$/

/** Keys and values of the tokens read so far, of one row or of some that lie beside each other. */
export interface KvCache {
  /** By the name of the input that takes them. */
  readonly tensors: CacheTensors
  /** Tokens read so far, of the longest row. */
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
          // To wake a thread takes longer than most operators do, so it looks for more a moment before it sleeps; a long
          // moment costs half the speed as soon as anything else runs on the device.
          'intra_op.allow_spinning': '1',
          'intra_op.spin_duration_us': '50',
          force_spinning_stop: '1',
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

  /**
   * The cache before the first token.
   * @param options.whole to have the graph give all keys and values each time, whatever else it can. @default false
   */
  empty({ whole = false } = {}): KvCache {
    return whole ? this.#fresh(1, 0) : this.roomFor([0], null)
  }

  /**
   * Room for what rows have read already, so many tokens each; the caller puts it there (`placeIn`).
   * @param padding where the graph wants rows filled up that are shorter than the longest, unless there are buffers for
   * them (`KvLayout`); null where there is one row
   */
  roomFor(lengths: readonly number[], padding: Padding): KvCache {
    const width = Math.max(...lengths)
    const layout = this.#layout
    // What the rows of a pack are told apart by, the mask or their lengths, has to be what the graph goes by.
    const fits = padding === null || layout === (padding === 'left' ? 'packed' : 'padded')
    if (layout === null || !fits) return this.#fresh(lengths.length, width)
    const buffers = new KvBuffers(this.#runtime, this.shapes, padding === 'left' ? 'spaced' : layout, lengths)
    return { tensors: buffers.tensors(), length: width, buffers }
  }

  #fresh(rows: number, width: number): KvCache {
    const { Tensor } = this.#runtime
    const tensors = this.shapes.map((shape) => {
      const { name, type, heads, size } = shape
      return [name, new Tensor(type, numbersFor(shape, rows, width), [rows, heads, width, size])] as const
    })
    return { tensors: Object.fromEntries(tensors), length: width, buffers: null }
  }

  /**
   * Reads tokens after those in the cache, which is used up by it.
   * @returns the cache with them, and the logits that follow the last one (a copy, the caller's to change)
   */
  async forward(cache: KvCache, ids: readonly number[]): Promise<{ cache: KvCache; logits: Float32Array }> {
    const input = after(cache, ids)
    const { buffers } = cache
    try {
      const result = await this.#run(cache, input)
      if (buffers === null) this.free(cache)
      return { cache: result.cache, logits: lastRow(result.logits) }
    } catch (err) {
      if (buffers === null) throw err
      // Nothing was added, so the same tokens can be read the other way.
      const result = await this.#runWhole(buffers.whole(), input)
      this.#layout = null
      this.#remark(`keys and values are copied as a whole from now on: ${reasonOf(err)}`)
      const { tensors, logits } = result
      return { cache: { tensors, length: cache.length + ids.length, buffers: null }, logits: lastRow(logits) }
    }
  }

  /**
   * One more token for each of several rows; the mask says which of the cache are a row's own. The cache is used up by it,
   * and where it fails it is as it was.
   *
   * @returns the cache with one token more, and each row's logits, the caller's to change
   */
  async forwardRows(cache: KvCache, input: RowsInput): Promise<{ cache: KvCache; logits: Float32Array[] }> {
    const rows = input.ids.length
    const result = await this.#run(cache, { rows, ...input })
    const all = floatsOf(result.logits.data)
    const width = all.length / rows
    return { cache: result.cache, logits: input.ids.map((_, row) => all.subarray(row * width, (row + 1) * width)) }
  }

  async #run(cache: KvCache, input: RunInput): Promise<{ cache: KvCache; logits: Tensor }> {
    const { buffers } = cache
    const count = input.ids.length / input.rows
    const length = cache.length + count
    if (buffers === null) {
      const { tensors, logits } = await this.#runWhole(cache.tensors, input)
      return { cache: { tensors, length, buffers }, logits }
    }
    const logits = await this.#runNew(cache.tensors, buffers, input)
    return { cache: { tensors: buffers.tensors(), length, buffers }, logits }
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

  /** Adds what is new to the buffers, or, where it fails, nothing. */
  async #runNew(past: CacheTensors, buffers: KvBuffers, input: RunInput): Promise<Tensor> {
    const count = input.ids.length / input.rows
    const names = this.#past.map(({ name }) => [name, newOf(presentOf(name))] as const)
    const feeds = { ...this.#feeds(past, input), [PLACES]: buffers.places(count) }
    const results = await this.#session.run(feeds, ['logits', ...names.map(([, output]) => output)])
    const news = names.map(([name, output]) => [name, results[output] as Tensor] as const)
    buffers.append(Object.fromEntries(news), count)
    return results.logits as Tensor
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
