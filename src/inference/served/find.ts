import type { AbortOptions, EngineKind, FoundEngine } from '../../interface.ts'
import { lookWithin } from './look.ts'

/** Where each kind listens when nobody has told it otherwise, as its makers document it. */
export const USUAL_PORTS: Readonly<Record<Exclude<EngineKind, 'other'>, number>> = {
  ollama: 11434,
  'llama.cpp': 8080,
  'lm-studio': 1234,
  vllm: 8000,
  exo: 52415
}

/** Loopback answers within milliseconds; a server that is loading may take longer, and is found the next time. */
const LOOK_MS = 1_500

/**
 * Known engines at their usual ports of this machine. Asks loopback only, without any key, what models there are. What
 * is none of the known kinds is nobody's business: other programs use such ports too.
 *
 * @param known addresses that are in use already
 * @param ports @default the usual ones
 */
export async function findEngines(
  known: readonly string[],
  { signal }: AbortOptions = {},
  ports: readonly number[] = Object.values(USUAL_PORTS)
): Promise<FoundEngine[]> {
  const taken = new Set(known.map(portOnLoopback))
  const tries = ports.filter((port) => !taken.has(port)).map((port) => tryPort(port, signal))
  signal?.throwIfAborted()
  const found = await Promise.all(tries)
  signal?.throwIfAborted()
  return found.filter((each) => each !== null)
}

async function tryPort(port: number, signal: AbortSignal | undefined): Promise<FoundEngine | null> {
  const url = `http://127.0.0.1:${port}`
  try {
    const { kind, models } = await lookWithin(LOOK_MS, { name: url, url, keyFile: null }, null, signal)
    return kind === 'other' ? null : { kind, name: kind, url, models: models.length }
  } catch {
    // Nobody is there, or somebody else.
    return null
  }
}

function portOnLoopback(url: string): number | null {
  const { hostname, port, protocol } = new URL(url)
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
  return isHere ? Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port) : null
}
