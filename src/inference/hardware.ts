import { readFile, readdir } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'

/** Below this size of the weights the work of one token is too short to be shared out. */
const TINY_MODEL_BYTES = 32 * 2 ** 20

let physicalCores: Promise<number> | undefined

/** Cores without hyperthreads: two threads of one core share its arithmetic. Looked up once, it takes some 50 ms. */
async function lookUpCores(): Promise<number> {
  const { cpu } = await import('systeminformation')
  return (await cpu()).physicalCores
}

/** Threads for work within an operator: one for a tiny model, else the cores that are there and may be used. */
export async function threadsFor(modelBytes: number): Promise<number> {
  if (modelBytes < TINY_MODEL_BYTES) return 1
  physicalCores ??= lookUpCores()
  return Math.max(1, Math.min((await physicalCores) || Infinity, availableParallelism()))
}

/** The processor in words, for example `cpu, 4 cores (AMD Ryzen 5 7600)`. */
export function processorInWords(): string {
  const cores = availableParallelism()
  const model = cpus()[0]?.model.replace(/\s+/g, ' ').trim() ?? ''
  return `cpu, ${cores} ${cores === 1 ? 'core' : 'cores'}${model === '' || model === 'unknown' ? '' : ` (${model})`}`
}

/** Vendors of graphics processors, by their PCI number (pci.ids). */
const VENDORS: Readonly<Record<string, string>> = { '0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel' }

/** Vendors of the graphics cards in this device (others by their number); null where the system does not tell it cheaply. */
export async function graphicsCards(devices = '/sys/bus/pci/devices'): Promise<string[] | null> {
  const names = await readdir(devices).catch(() => null)
  if (names === null) return null
  const cards: string[] = []
  for (const name of names) {
    const told = (file: string): Promise<string> => readFile(join(devices, name, file), 'latin1').catch(() => '')
    // Class 03 is a display controller (PCI Code and ID Assignment Specification).
    if (!(await told('class')).startsWith('0x03')) continue
    const vendor = (await told('vendor')).trim()
    cards.push(VENDORS[vendor] ?? vendor)
  }
  return cards
}

/** The graphics adapter in words, for example `cuda (NVIDIA RTX 4070)`. A label only: it may find nothing. */
export async function adapterInWords(provider: string): Promise<string> {
  const { graphics } = await import('systeminformation')
  const { controllers } = await graphics()
  const names = controllers.map(({ model }) => model).filter((model) => model !== '')
  return names.length === 0 ? provider : `${provider} (${names.join(', ')})`
}
