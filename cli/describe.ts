/** How devices, models and their states are put into words. */
import type { Discovery, FoundBy, MeshStatus, ModelInfo, PeerInfo } from '../src/interface.ts'
import { ago, rate } from './human.ts'

const WAYS: Readonly<Record<FoundBy, string>> = {
  mdns: 'mDNS',
  beacon: 'beacon',
  remembered: 'remembered',
  address: 'address',
  scan: 'scan',
  gossip: 'gossip',
  incoming: 'its call'
}

const LIST = new Intl.ListFormat('en')

export function ways(foundBy: readonly FoundBy[]): string {
  return foundBy.map((way) => WAYS[way]).join(', ')
}

/** As `ways`, in a sentence. */
export function byWays(foundBy: readonly FoundBy[]): string {
  return `by ${LIST.format(foundBy.map((way) => WAYS[way]))}`
}

export function peerState({ state, lastSeenMs }: PeerInfo): string {
  return state === 'connected' ? state : `${state}, seen ${ago(lastSeenMs)}`
}

export function reached({ connected, dialError }: Discovery): string {
  return connected ? 'connected' : (dialError ?? 'not connected')
}

/** The model that answers here if no other is asked for: the largest that works, the built-in one last. */
export function strongest(models: readonly ModelInfo[]): ModelInfo | undefined {
  const [first] = models
    .filter(({ broken }) => broken === null)
    .sort((a, b) => Number(a.builtIn) - Number(b.builtIn) || (b.parameters ?? 0) - (a.parameters ?? 0))
  return first
}

/** What this device answers with, or why it does not. */
export function answersHere({ answering, models, tokensPerSecond }: MeshStatus): string {
  const model = strongest(models)
  if (model === undefined) {
    const reason = models.find(({ broken }) => broken !== null)?.broken
    return `nothing${reason === undefined || reason === null ? '' : ` (${reason})`}`
  }
  if (answering !== 'yes') {
    return `nothing (${answering === 'no' ? 'this device only asks' : `it is ${answering}`})`
  }
  const name = model.builtIn ? 'built-in helper (sums, and help about mesh only)' : model.name
  return tokensPerSecond === null ? `${name}, not measured yet` : `${name}, ${rate(tokensPerSecond)} tokens/s`
}

/** Whether nothing beyond this machine can reach a node at these multiaddrs. */
export function onLoopbackOnly(addresses: readonly string[]): boolean {
  return addresses.every((address) => /^\/(?:ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/.test(address))
}
