/** How devices, models and their states are put into words. */
import type {
  Discovery,
  Door,
  EngineKind,
  FoundBy,
  FoundEngine,
  MemberInfo,
  MeshStatus,
  ModelInfo,
  OpenDoor,
  PeerInfo
} from '../src/interface.ts'
import { ago, clockTime, count, rate } from './human.ts'

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

export function peerState({ state, lastSeenMs, answering, resumesInMs }: PeerInfo): string {
  if (state !== 'connected') {
    return `${state}, seen ${ago(lastSeenMs)}`
  }
  return answering === 'paused'
    ? `${state}, ${pausedUntil(resumesInMs)}`
    : answering === 'draining'
      ? 'stopping'
      : state
}

/** `paused until 18:30`, or `paused` where it does not end by itself. */
export function pausedUntil(resumesInMs: number | null): string {
  return resumesInMs === null ? 'paused' : `paused until ${clockTime(new Date(Date.now() + resumesInMs))}`
}

export function reached({ connected, dialError }: Discovery): string {
  return connected ? 'connected' : (dialError ?? 'not connected')
}

/** The model that answers here if no other is asked for: the chosen one, else the largest that works; built in comes last. */
export function strongest(models: readonly ModelInfo[]): ModelInfo | undefined {
  const [first] = models
    .filter(({ broken, tooLarge }) => broken === null && tooLarge === undefined)
    .sort(
      (a, b) =>
        Number(b.chosen === true) - Number(a.chosen === true) ||
        Number(a.builtIn) - Number(b.builtIn) ||
        (b.parameters ?? 0) - (a.parameters ?? 0)
    )
  return first
}

/** What this device answers with, or why it does not. */
export function answersHere({ answering, models, tokensPerSecond, resumesInMs }: MeshStatus): string {
  const model = strongest(models)
  if (model === undefined) {
    const hindered = models.find(({ broken, tooLarge }) => broken !== null || tooLarge !== undefined)
    const reason = hindered?.broken ?? hindered?.tooLarge
    return `nothing${reason === undefined ? '' : ` (${reason})`}`
  }
  if (answering === 'paused') {
    return `nothing, ${pausedUntil(resumesInMs)}`
  }
  if (answering !== 'yes') {
    return `nothing (${answering === 'no' ? 'this device only asks' : 'it is stopping'})`
  }
  const chosen = model.chosen === true ? ', as you chose' : ''
  const name = (model.builtIn ? 'built-in helper (sums, and help about mesh only)' : model.name) + chosen
  return tokensPerSecond === null ? `${name}, not measured yet` : `${name}, ${rate(tokensPerSecond)} tokens/s`
}

/** Whether nothing beyond this machine can reach a node at these multiaddrs. */
export function onLoopbackOnly(addresses: readonly string[]): boolean {
  return addresses.every((address) => /^\/(?:ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/.test(address))
}

/** The host of a multiaddr, which is what people know devices by before they know names; else the whole. */
export function hostOf(address: string): string {
  return /^\/(?:ip4|ip6|dns[46]?)\/([^/]+)/.exec(address)?.[1] ?? address
}

/** As long as something stays, in whole minutes. */
export function minutes(ms: number): string {
  return count(Math.max(1, Math.round(ms / 60_000)), 'minute')
}

export function doorState({ open, closesInMs, newcomers }: Door): string {
  if (!open) {
    return 'closed'
  }
  const waiting = newcomers.length === 0 ? '' : `; ${count(newcomers.length, 'device')} before it`
  return `open for ${minutes(closesInMs)}${waiting}`
}

/** A mesh nearby as a person may call it: its words, else its device's id. */
export function doorName({ mesh, id }: OpenDoor): string {
  return mesh ?? id
}

export function memberState(member: MemberInfo, peers: readonly PeerInfo[]): string {
  const peer = peers.find(({ id }) => id === member.id)
  return member.state === 'away' && peer !== undefined ? peerState(peer) : member.state
}

/** Which mesh this device belongs to, and how it stands there. */
export function meshState({ mesh, membership }: MeshStatus, hint: (line: string) => string): string {
  const others = Math.max(0, membership.members - 1)
  switch (membership.state) {
    case 'none':
      return `none (${hint('join')} finds one, or starts one)`
    case 'looking':
      return 'none yet; it is looking for one'
    case 'waiting':
      return 'none yet; others are near, and none lets it in'
    case 'removed':
      return `${mesh ?? 'its mesh'} has removed this device (${hint('join --new-key')} makes it a new one)`
    case 'provisional':
      return `${mesh ?? ''}, alone in it`
    case 'member':
      return `${mesh ?? ''}, with ${count(others, 'other device')}`
  }
}

const KINDS: Readonly<Record<EngineKind, string>> = {
  ollama: 'Ollama',
  'llama.cpp': 'llama.cpp',
  'lm-studio': 'LM Studio',
  vllm: 'vLLM',
  exo: 'exo',
  other: 'a server with the OpenAI API'
}

export function engineKind(kind: EngineKind): string {
  return KINDS[kind]
}

/** An engine that runs here and does not answer for the mesh yet, with the command that changes that. */
export function foundEngine({ kind, name, url, models }: FoundEngine, hint: (line: string) => string): string {
  return `${KINDS[kind]} runs on this device (${count(models, 'model')}). To let it answer: ${hint(`engine add ${name} ${url}`)}`
}
