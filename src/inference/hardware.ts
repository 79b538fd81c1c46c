import { availableParallelism, cpus } from 'node:os'

/** Below this size of the weights the work of one token is too short to be shared out. */
const TINY_MODEL_BYTES = 32 * 2 ** 20

/** Threads for work within an operator: one for a tiny model, else the cores that are really there. */
export async function threadsFor(modelBytes: number): Promise<number> {
  if (modelBytes < TINY_MODEL_BYTES) return 1
  const { cpu } = await import('systeminformation')
  const { physicalCores } = await cpu()
  // Two threads of one core share its arithmetic, so hyperthreads do not count; nor do cores this process may not use.
  return Math.max(1, Math.min(physicalCores || Infinity, availableParallelism()))
}

/** The processor in words, for example `cpu, 4 cores (AMD Ryzen 5 7600)`. */
export function processorInWords(): string {
  const cores = availableParallelism()
  const model = cpus()[0]?.model.replace(/\s+/g, ' ').trim() ?? ''
  return `cpu, ${cores} ${cores === 1 ? 'core' : 'cores'}${model === '' || model === 'unknown' ? '' : ` (${model})`}`
}

/** The graphics adapter in words, for example `cuda (NVIDIA RTX 4070)`. A label only: it may find nothing. */
export async function adapterInWords(provider: string): Promise<string> {
  const { graphics } = await import('systeminformation')
  const { controllers } = await graphics()
  const names = controllers.map(({ model }) => model).filter((model) => model !== '')
  return names.length === 0 ? provider : `${provider} (${names.join(', ')})`
}
