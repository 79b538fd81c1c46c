import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { ConfigError } from '../errors.ts'
import { DEFAULT_BEACON_PORT, DEFAULT_PORT } from '../protocols/discovery/index.ts'
import { byteCount, lifetime } from './amounts.ts'
import { readEnvironment, type Environment } from './environment.ts'
import { reasonOf } from './files.ts'
import { LINK_ALL_UP_TO } from './mesh-size.ts'

/** What the owner can decide about a node. Each comes from a flag, else the environment, else config.json, else the default. */
export interface Settings {
  /** @default the first label of the host name, lower case */
  name: string
  /** TCP port for peers; the next free one is taken when it is in use, unless it was asked for. @default 6373 */
  port: number
  /** IP addresses or multiaddrs. @default all interfaces (IPv4) */
  listen: string[]
  /** Addresses that are dialled at once and kept. @default none */
  connect: string[]
  /** Whether this device answers at all, its own owner too. @default 'yes' */
  answer: 'yes' | 'no'
  /** Tokens a second at most, also for the owner. @default none */
  maxRate: number | null
  /** Bytes a second at most that other devices together get of this one's models. @default none */
  maxUpload: number | null
  /** Bytes of main memory that the models may take together. @default half of what there is */
  memory: number | null
  /** Milliseconds that a model stays loaded after its last answer; `Infinity` keeps it. @default 30 minutes */
  keepAlive: number
  /** Name of the model that answers where none is named. @default the strongest */
  model: string | null
  /** @default both */
  discovery: readonly DiscoveryWay[]
  /** UDP port of the beacon. @default 6372 */
  beaconPort: number
  /** In a mesh of more members a device is connected with a few, and hears of the rest by gossip. @default 32 */
  linkAllUpTo: number
  /** The two words of the only mesh to join; null where any will do. @default null */
  mesh: string | null
  /** Starts a mesh of its own, also where others are near. @default false */
  startNew: boolean
  /** Whether the name was chosen by somebody: then a member takes it on. */
  nameChosen: boolean
  /** Whether the port was chosen by somebody: then another one is not taken silently. */
  portChosen: boolean
}

export type DiscoveryWay = 'mdns' | 'beacon'

/** Settings as flags and embedding programs give them: all optional. */
export type GivenSettings = Partial<Omit<Settings, 'portChosen' | 'nameChosen' | 'memory' | 'keepAlive'>> & {
  /** Bytes, or as people write it: `3G`. @default half of the device's memory */
  memory?: number | string
  /** As people write it: `30m`, `0`, `forever`. @default '30m' */
  keepAlive?: number | string
}

/** Who is no member gets nothing there but the knowledge that a port is open. */
const ALL_INTERFACES = '0.0.0.0'
/** A question after lunch should not wait for a model to load, and a night should not find it in memory. */
const KEEP_ALIVE_MS = 30 * 60_000
/** A DNS label's length (RFC 1035), which is what a default name is. */
const LONGEST_NAME = 63

/** @throws {ConfigError} naming the source and the value */
export function resolveSettings(
  given: GivenSettings,
  configPath: string,
  environment: Environment = readEnvironment(),
  host: string = hostname()
): Settings {
  const sources = [withSource('the options', given), fromEnvironment(environment), fromConfig(configPath)]
  function first<T>(key: keyof GivenSettings, check: (value: unknown) => T): T | undefined {
    for (const { source, values } of sources) {
      const value: unknown = values[key]
      if (value === undefined || value === null) continue
      try {
        return check(value)
      } catch (err) {
        throw new ConfigError(`${key} in ${source} is ${JSON.stringify(value)}, but ${reasonOf(err)}.`, { cause: err })
      }
    }
    return undefined
  }
  const port = first('port', portNumber)
  const name = first('name', deviceName)
  return {
    name: name ?? defaultName(host),
    nameChosen: name !== undefined,
    mesh: first('mesh', meshWords) ?? null,
    startNew: first('startNew', trueOrFalse) ?? false,
    port: port ?? DEFAULT_PORT,
    portChosen: port !== undefined,
    listen: first('listen', strings) ?? [ALL_INTERFACES],
    connect: first('connect', strings) ?? [],
    answer: first('answer', yesOrNo) ?? 'yes',
    maxRate: first('maxRate', positive) ?? null,
    maxUpload: first('maxUpload', positive) ?? null,
    memory: first('memory', byteCount) ?? null,
    keepAlive: first('keepAlive', lifetime) ?? KEEP_ALIVE_MS,
    model: first('model', someText) ?? null,
    discovery: first('discovery', ways) ?? ['mdns', 'beacon'],
    beaconPort: first('beaconPort', portNumber) ?? DEFAULT_BEACON_PORT,
    linkAllUpTo: first('linkAllUpTo', members) ?? LINK_ALL_UP_TO
  }
}

/** The first label of a host name, lower case, with nothing but letters, digits and hyphens. */
export function defaultName(host: string): string {
  const label = host.toLowerCase().split('.')[0] ?? ''
  return label.replace(/[^a-z0-9-]/g, '').slice(0, LONGEST_NAME) || 'device'
}

interface Source {
  source: string
  values: Partial<Record<keyof GivenSettings, unknown>>
}

function withSource(source: string, values: Source['values']): Source {
  return { source, values }
}

function fromEnvironment(environment: Environment): Source {
  const list = (text: string | undefined) => text?.split(',').map((part) => part.trim())
  const { name, port, answer, maxRate, maxUpload, memory, keepAlive, beaconPort } = environment
  return withSource('the environment', {
    name,
    port,
    answer,
    maxRate,
    maxUpload,
    memory,
    keepAlive,
    beaconPort,
    listen: list(environment.listen),
    connect: list(environment.connect),
    discovery: environment.discovery === 'none' ? [] : list(environment.discovery)
  })
}

function fromConfig(path: string): Source {
  if (!existsSync(path)) return withSource(path, {})
  try {
    const values: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new Error('it is not an object')
    return withSource(path, values)
  } catch (err) {
    throw new ConfigError(`Cannot use ${path}: ${reasonOf(err)}. Mend it or move it away.`, { cause: err })
  }
}

function portNumber(value: unknown): number {
  const port = Number(value)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('a port is a whole number up to 65535')
  return port
}

/** Whether a device may be called so: by its owner here, or by itself on the wire. */
export function isDeviceName(name: string): boolean {
  return new RegExp(`^[\\p{L}\\p{N}][\\p{L}\\p{N}._-]{0,${LONGEST_NAME - 1}}$`, 'u').test(name)
}

function deviceName(value: unknown): string {
  if (typeof value === 'string' && isDeviceName(value)) return value
  throw new Error(`a name is letters, digits, '.', '_' and '-', at most ${LONGEST_NAME}`)
}

function strings(value: unknown): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw new Error('a list of texts is needed')
}

function someText(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new Error('a name is needed')
}

function yesOrNo(value: unknown): 'yes' | 'no' {
  if (value === 'yes' || value === 'no') return value
  throw new Error("it is 'yes' or 'no'")
}

function meshWords(value: unknown): string {
  if (typeof value === 'string' && /^[a-z]+-[a-z]+$/i.test(value.trim())) return value.trim().toLowerCase()
  throw new Error("a mesh is two words, such as 'amber-otter'")
}

function trueOrFalse(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new Error('it is true or false')
}

function positive(value: unknown): number {
  const number = Number(value)
  if (!(number > 0 && number < Infinity)) throw new Error('a number above 0 is needed')
  return number
}

function members(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw new Error('a whole number from 1 is needed')
}

function ways(value: unknown): DiscoveryWay[] {
  const known = strings(value)
  if (known.every((way): way is DiscoveryWay => way === 'mdns' || way === 'beacon')) return known
  throw new Error("the ways are 'mdns' and 'beacon'")
}
