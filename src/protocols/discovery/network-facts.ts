import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { AbortOptions } from '../../interface.ts'

/** Looking at a firewall must not make `doctor` wait for a password prompt or a dead service. */
const COMMAND_TIMEOUT_MS = 2000

/** Flags of /proc/net/route and /proc/net/arp (linux/route.h, linux/if_arp.h). */
const ROUTE_UP = 0x1
const ROUTE_REJECT = 0x200
const ARP_COMPLETE = 0x2

/** Standard output of a command that ended well, or null: it is not there, failed, or took too long. */
export type Run = (command: string, args: string[], options: AbortOptions) => Promise<string | null>

export interface DefaultRoute {
  gateway: string
  interface: string
}

export interface Firewall {
  name: 'ufw' | 'firewalld'
  /** `6373/tcp` and the like, as far as the firewall told; null when it tells only the administrator. */
  open: string[] | null
}

/** What the operating system tells about its network. Null is "it did not tell". */
export interface SystemFacts {
  /** The default route, `none`, or null. */
  route: DefaultRoute | 'none' | null
  /** Hosts that this one exchanged frames with lately, the router left out. */
  neighbours: string[] | null
  /** The firewall that is active; null when none was found. */
  firewall: Firewall | null
}

export interface ReadOptions extends AbortOptions {
  /** @default process.platform */
  platform?: NodeJS.Platform
  run?: Run
  /** A file's text, or null. */
  read?: (path: string) => Promise<string | null>
}

/** Asks the operating system. Linux tells all, macOS its route, the others nothing that is read without rights. */
export async function readNetworkFacts(options: ReadOptions = {}): Promise<SystemFacts> {
  const { platform = process.platform, run = runCommand, read = readText, signal } = options
  const abort = signal === undefined ? {} : { signal }
  if (platform === 'darwin') {
    const found = await run('/sbin/route', ['-n', 'get', 'default'], abort)
    return { route: parseRouteGet(found), neighbours: null, firewall: null }
  }
  if (platform !== 'linux') return { route: null, neighbours: null, firewall: null }
  const routes = await read('/proc/net/route')
  const arp = await read('/proc/net/arp')
  const route = routes === null ? null : parseRoutes(routes)
  const gateway = route === null || route === 'none' ? undefined : route.gateway
  return {
    route,
    neighbours: arp === null ? null : parseArp(arp).filter((address) => address !== gateway),
    firewall: await readFirewall(run, read, abort)
  }
}

/** /proc/net/route: addresses are hexadecimal in the byte order of the machine, which is little-endian everywhere. */
export function parseRoutes(text: string): DefaultRoute | 'none' {
  for (const line of text.split('\n').slice(1)) {
    const [name = '', destination, gateway = '', flags = '0', , , , mask] = line.trim().split(/\s+/)
    const bits = parseInt(flags, 16)
    if (destination !== '00000000' || mask !== '00000000') continue
    if ((bits & ROUTE_UP) === 0 || (bits & ROUTE_REJECT) !== 0) continue
    const bytes = Buffer.from(gateway, 'hex').reverse()
    return { gateway: [...bytes].join('.'), interface: name }
  }
  return 'none'
}

/** /proc/net/arp: the hosts that answered. */
export function parseArp(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([address = '', , flags = '0']) => address !== '' && (Number(flags) & ARP_COMPLETE) !== 0)
    .map(([address = '']) => address)
}

/** `route -n get default` of macOS and BSD. */
export function parseRouteGet(text: string | null): DefaultRoute | 'none' {
  const gateway = /^\s*gateway: (\S+)$/m.exec(text ?? '')?.[1]
  const name = /^\s*interface: (\S+)$/m.exec(text ?? '')?.[1]
  return gateway === undefined ? 'none' : { gateway, interface: name ?? '' }
}

/** The ports that `ufw status` lists as allowed; null when it is not active. */
export function parseUfw(text: string): string[] | null {
  if (!/^Status: active$/m.test(text)) return null
  return [...text.matchAll(/^(\S+)\s+ALLOW\b/gm)].map(([, port = '']) => port)
}

async function readFirewall(
  run: Run,
  read: (path: string) => Promise<string | null>,
  abort: AbortOptions
): Promise<Firewall | null> {
  const ufw = await run('ufw', ['status'], abort)
  if (ufw !== null) {
    const open = parseUfw(ufw)
    if (open !== null) return { name: 'ufw', open }
  } else if (/^ENABLED=yes$/m.test((await read('/etc/ufw/ufw.conf')) ?? '')) {
    // `ufw status` speaks to root only; its configuration is readable by all.
    return { name: 'ufw', open: null }
  }
  if ((await run('firewall-cmd', ['--state'], abort))?.trim() !== 'running') return null
  const ports = await run('firewall-cmd', ['--list-ports'], abort)
  return { name: 'firewalld', open: ports === null ? null : ports.split(/\s+/).filter((port) => port !== '') }
}

function runCommand(command: string, args: string[], { signal }: AbortOptions): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { timeout: COMMAND_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) }
    execFile(command, args, { ...options, encoding: 'utf8' }, (error, stdout) => {
      resolve(error === null ? stdout : null)
    })
  })
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return null
  }
}
