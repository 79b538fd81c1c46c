/**
 * The engine: prompt in, tokens out, on onnxruntime.
 *
 * Models are folders in the Hugging Face layout (`config.json`, `tokenizer.json`, `tokenizer_config.json`,
 * `onnx/model*.onnx`). All work happens in a child process, started at the first need and again after its death: a run
 * of the graph blocks its thread, and a crash in native code must not take the node down. This side keeps the list of
 * models, the measurements and the running requests; `child.ts` is the other side, `messages.ts` is what they say.
 *
 * @example
 * ```ts
 * const engine = createEngine({ modelFolders: () => [mini], userFolder, measurements, log })
 * const [model] = await engine.models()
 * for await (const event of engine.generate({ id, model: model.hash, messages, sampling: {} }, { signal })) …
 * await engine.stop()
 * ```
 */
import type { AbortOptions, BenchEvent, Engine } from '../interface.ts'
import { OnnxEngine } from './engine.ts'
import type { DeviceMemory } from './memory-need.ts'

/** A folder that holds a model. */
export interface ModelPlace {
  path: string
  name: string
  builtIn: boolean
  /** Whether it lies outside of the home, where it may be gone one day. @default false */
  isElsewhere?: boolean
}

/** Strings that outlive the process: hashes of large files and measured speeds take time to make again. */
export interface MeasurementStore {
  get(key: string): string | undefined
  set(key: string, value: string): void
}

export interface EngineLog {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
}

export interface EngineInit {
  /** Models that are there by themselves, such as the built-in one; asked again on each `models()`. */
  modelFolders: () => ModelPlace[]
  /** Absolute path; each folder in it is a model of the folder's name. It need not exist. */
  userFolder: string
  measurements: MeasurementStore
  log: EngineLog
  /** The package that holds onnxruntime. @default 'onnxruntime-node' */
  runtime?: string
  /**
   * Tokens that come quicker than this are sent together. 0 where each is wanted by itself, as it is for pacing.
   * @default 10
   */
  gatherMs?: number
  /** What the models may take together, and what the device has. @default no limit */
  memory?: DeviceMemory
  /** A model that nobody asked for so long is unloaded. @default never */
  keepAliveMs?: number
  /** A model was loaded or unloaded. */
  changed?: () => void
}

export interface LocalEngine extends Engine {
  /**
   * Measures this device with one model; see `Mesh.bench`.
   *
   * @throws {UnknownModelError} {BrokenModelError} {BusyError} {EngineUnavailableError} {EngineFailedError}
   */
  bench(hash: string, options?: AbortOptions): AsyncIterable<BenchEvent>
  /** How many answers of a model run beside each other here; more wait. 1 of one that is not known. */
  atOnce(hash: string): number
  /** Process id of the child, or null while there is none. */
  pid(): number | null
  /** Megabytes resident in the child, or null while there is none. */
  memory(): Promise<number | null>
}

export type { DeviceMemory } from './memory-need.ts'
export { createCatalog, keepContentHash, modelHashOf, type Catalog, type CatalogModel } from './catalog.ts'
export { ORIGIN, encodeOrigin, readOrigin } from './origin.ts'

export { graphicsCards } from './hardware.ts'

export function createEngine(init: EngineInit): LocalEngine {
  return new OnnxEngine(init)
}
