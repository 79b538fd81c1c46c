import type { Capability, ModelOffer } from '../../src/interface.ts'
import type { Candidate } from '../../src/node/candidate.ts'
import type { PlacementRequest } from '../../src/node/placement.ts'

/** Devices and models for tests: ordinary ones, of which each test changes what it is about. */

export const NOW = 1_000_000

export function offer(changes: Partial<ModelOffer> = {}): ModelOffer {
  const name = changes.name ?? 'qwen3-4b'
  return {
    name,
    hash: hashOf(name),
    parameters: 4e9,
    quantization: 'q4',
    contextLength: 32_768,
    builtIn: false,
    prefillRate: 500,
    decodeRate: 40,
    ...changes
  }
}

export const MINI = offer({ name: 'mini', parameters: 1e6, builtIn: true, decodeRate: 640, prefillRate: 5000 })

export function hashOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0')
}

type Changes = Partial<Omit<Candidate, 'capability' | 'peer'>> & Partial<Pick<Capability, 'answering' | 'queue'>>

export function device(
  name: string,
  models: ModelOffer[],
  { answering = 'yes', queue = 0, ...changes }: Changes = {}
): Candidate {
  return {
    peer: { name, id: `12D3KooW${name}` },
    here: false,
    state: 'connected',
    capability: {
      name,
      instance: name,
      version: '0.1.0',
      sequence: 1,
      answering,
      models,
      queue,
      hardware: null,
      addresses: [],
      roster: null
    },
    heardAt: NOW,
    roundTripMs: changes.here === true ? null : 5,
    inFlight: 0,
    inFlightUnseen: 0,
    asideUntil: -Infinity,
    resumesAtWall: null,
    ...changes
  }
}

export function request(changes: Partial<PlacementRequest> = {}): PlacementRequest {
  return { promptTokens: 100, expectedTokens: 200, prefer: 'quality', ...changes }
}
