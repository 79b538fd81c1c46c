import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { BrokenModelError } from '../errors.ts'
import { floatsOfHalves } from './float16.ts'
import { PAST, presentOf, whyNotRunnable } from './graph-fit.ts'
import { numbersFor } from './kv-rows.ts'
import type { CacheShape, CacheTensors, Numbers } from './kv-rows.ts'
import { summarizeOnnx } from './onnx-file.ts'
import type { Runtime } from './runtime.ts'

const PRESENT = /^present\.\d+\.(key|value)$/

/** Keys and values of the tokens read so far, by the name of the input that takes them. */
export interface KvCache {
  readonly tensors: CacheTensors
  /** Tokens read so far. */
  readonly length: number
}

export interface SessionOptions {
  provider: string
  threads: number
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

/** One decoder-only graph with a key/value cache. What it takes and gives is read from its own inputs and outputs. */
export class DecoderSession {
  readonly #runtime: Runtime
  readonly #session: InferenceSession
  readonly #inputs: ReadonlySet<string>
  readonly #past: readonly TensorMetadata[]
  /** Number of logits of one row. */
  readonly vocabulary: number
  /** Whether the cache stays on a graphics card. */
  readonly isOnDevice: boolean
  #shapes: readonly CacheShape[] | undefined

  /**
   * Opens a graph. With WebGPU the key/value cache stays on the device where that works; else, and with every other
   * provider, it is copied out and in again with each token (onnxruntime-node 1.30 knows no other place for it).
   *
   * @throws {BrokenModelError} when the graph is none that can be run token by token; else the provider's own error
   */
  static async create(runtime: Runtime, path: string, options: SessionOptions): Promise<DecoderSession> {
    if (options.provider === 'webgpu') {
      const onDevice = await DecoderSession.#onDevice(runtime, path, options)
      if (onDevice !== null) return onDevice
    }
    return DecoderSession.#open(runtime, path, options, {})
  }

  /** Null where it does not work, whatever the reason: without it the same error comes again, or none. */
  static async #onDevice(runtime: Runtime, path: string, options: SessionOptions): Promise<DecoderSession | null> {
    let session: DecoderSession | undefined
    try {
      const { outputs } = await summarizeOnnx(path)
      const places = outputs.filter(({ name }) => PRESENT.test(name)).map(({ name }) => [name, 'gpu-buffer'] as const)
      session = await DecoderSession.#open(runtime, path, options, Object.fromEntries(places))
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
    path: string,
    { provider, threads }: SessionOptions,
    preferredOutputLocation: Record<string, 'gpu-buffer'>
  ): Promise<DecoderSession> {
    const session = await runtime.InferenceSession.create(path, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      // Errors only: the rest would be noise in the node's log.
      logSeverityLevel: 3,
      preferredOutputLocation,
      ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
      // A waiting thread that spins costs half the speed as soon as anything else runs on the device.
      extra: { session: { 'intra_op.allow_spinning': '0' } }
    })
    try {
      return new DecoderSession(runtime, session, path, Object.keys(preferredOutputLocation).length > 0)
    } catch (err) {
      await session.release()
      throw err
    }
  }

  private constructor(runtime: Runtime, session: InferenceSession, path: string, isOnDevice: boolean) {
    this.#runtime = runtime
    this.isOnDevice = isOnDevice
    this.#session = session
    this.#inputs = new Set(session.inputNames)
    const refuse = (reason: string): never => {
      throw new BrokenModelError(`${path} cannot be run: ${reason}.`)
    }
    const reason = whyNotRunnable(session.inputNames, session.outputNames)
    if (reason !== null) refuse(reason)
    this.#past = session.inputMetadata.filter(
      (input): input is TensorMetadata => input.isTensor && PAST.test(input.name)
    )
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

  /** The cache before the first token. */
  empty(): KvCache {
    const tensors: Record<string, Tensor> = {}
    for (const shape of this.shapes) tensors[shape.name] = this.tensorOf(shape, numbersFor(shape, 1, 0), 1)
    return { tensors, length: 0 }
  }

  /**
   * Reads tokens after those in the cache, which is used up by it.
   * @returns the cache with them, and the logits that follow the last one (a copy, the caller's to change)
   */
  async forward(cache: KvCache, ids: readonly number[]): Promise<{ cache: KvCache; logits: Float32Array }> {
    const length = cache.length + ids.length
    const { tensors, logits } = await this.#run(cache.tensors, {
      rows: 1,
      ids,
      positions: ids.map((_, index) => cache.length + index),
      mask: new BigInt64Array(length).fill(1n)
    })
    this.free(cache)
    return { cache: { tensors, length }, logits: lastRow(logits) }
  }

  /**
   * One more token for each of several rows, whose caches lie in the same tensors and are as long as the longest; the mask
   * says which of it are a row's own. It reads them and leaves them as they are.
   *
   * @returns the cache with one column more, and each row's logits, the caller's to change
   */
  async forwardRows(past: CacheTensors, input: RowsInput): Promise<{ tensors: CacheTensors; logits: Float32Array[] }> {
    const rows = input.ids.length
    const { tensors, logits } = await this.#run(past, { rows, ...input })
    const all = floatsOf(logits.data)
    const width = all.length / rows
    return { tensors, logits: input.ids.map((_, row) => all.subarray(row * width, (row + 1) * width)) }
  }

  async #run(
    past: CacheTensors,
    { rows, ids, positions, mask }: RowsInput & { rows: number }
  ): Promise<{ tensors: CacheTensors; logits: Tensor }> {
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
    const results = await this.#session.run(feeds)
    const tensors: Record<string, Tensor> = {}
    for (const { name } of this.#past) tensors[name] = results[presentOf(name)] as Tensor
    return { tensors, logits: results.logits as Tensor }
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
