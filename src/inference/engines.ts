import type { Engine, ModelInfo } from '../interface.ts'
import type { LocalEngine } from './index.ts'
import type { Served } from './served/index.ts'

/** Asks handed to another engine at a time. */
const SERVED_AT_ONCE = 32

/** The engine of this device and the other ones that it uses, as one: a model's hash says whose it is. */
export function joinEngines(local: LocalEngine, served: Served): LocalEngine {
  const engineOf = (hash: string): Engine | Served => (served.has(hash) ? served : local)
  return {
    async models(): Promise<ModelInfo[]> {
      const [own, others] = await Promise.all([local.models(), served.models()])
      return [...others, ...own]
    },
    measure: (hash, options) => engineOf(hash).measure(hash, options),
    generate: (request, options) => engineOf(request.model).generate(request, options),
    unload: (hash) => engineOf(hash).unload(hash),
    async stop(): Promise<void> {
      await Promise.all([served.stop(), local.stop()])
    },
    providers: () => local.providers(),
    hardware: () => local.hardware(),
    // What others serve is measured by its real answers.
    bench: (hash, options) => local.bench(hash, options),
    // Other engines batch, or queue beyond a few by themselves; vLLM takes far more.
    atOnce: (hash) => (served.has(hash) ? SERVED_AT_ONCE : local.atOnce(hash)),
    pid: () => local.pid(),
    memory: () => local.memory()
  }
}
