/**
 * Other engines: servers with the OpenAI API (Ollama, llama.cpp, LM Studio, vLLM, exo, any other), whose models this
 * device offers as its own. Each is looked at every few seconds; one that is down offers nothing until it is back. A
 * model's size comes from what the server says of it, else from its name, else from its owner; its speed from real
 * answers, and until the first of them from its size. Nothing is loaded for a measurement.
 *
 * Servers tell no token ids, so an answer that breaks off is carried on by its text, and only where the server can
 * (`carrying-on.ts`): a model of any other takes whole answers alone.
 *
 * @example
 * ```ts
 * const served = createServed({ engines: [{ name: 'ollama', url, keyFile: null, parameters: null }], measurements, log, changed })
 * for (const model of await served.models()) …
 * ```
 */
import type { AbortOptions, Engine, EngineInfo } from '../../interface.ts'
import type { EngineLog, MeasurementStore } from '../index.ts'
import type { ChatTimes } from './chat.ts'
import { ServedEngines } from './engines.ts'

export { engineUrl } from './address.ts'
export { findEngines } from './find.ts'

/** An engine as it is kept. */
export interface EngineEntry {
  name: string
  /** As `engineUrl` gives it. */
  url: string
  /** Absolute path, or null. */
  keyFile: string | null
  /** Number of weights, for models that do not tell; or null. */
  parameters: number | null
}

export interface ServedTimes extends ChatTimes {
  /**
   * Between two tries to connect, which find out within moments that a server went or came, and leave no line in its
   * log. @default 2000
   */
  touchMs?: number
  /** Between two looks, which see what models there are. @default 15000 */
  lookMs?: number
  /** How long a look may take. @default 5000 */
  lookTimeoutMs?: number
}

export interface ServedInit {
  engines: readonly EngineEntry[]
  measurements: MeasurementStore
  log: EngineLog
  /** What is offered has changed: models came, went, or have other rates. */
  changed: () => void
  times?: ServedTimes
}

export interface Served extends Omit<Engine, 'providers' | 'hardware'> {
  /** Whether a model is offered now. */
  has(hash: string): boolean
  list(): EngineInfo[]
  /** Looks first. Replaces one of its name. @throws {ServedEngineError} when it cannot be used */
  add(entry: EngineEntry, options?: AbortOptions): Promise<EngineInfo>
  /** Whether there was one. What it answers now ends. */
  remove(name: string): boolean
}

export function createServed(init: ServedInit): Served {
  return new ServedEngines(init)
}
