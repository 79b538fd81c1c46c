import { createConnection, isIPv4 } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { InvalidRequestError } from '../../errors.ts'
import { NODE_PORTS } from './constants.ts'
import type { AbortOptions } from '../../interface.ts'

/** 1,022 hosts: more than any home network, and four ports each still take seconds only. */
const SHORTEST_PREFIX = 22
/** Far below the limit of open files of every system (macOS: 256). */
const CONCURRENCY = 128
/** A host on the same network answers in a few milliseconds, on poor Wi-Fi in a few hundred. */
const CONNECT_TIMEOUT_MS = 500

/** Networks that an owner's devices live in: RFC 1918, RFC 3927 (link-local), loopback, RFC 6598 (carrier, Tailscale). */
const OWN_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '127.0.0.0/8', '100.64.0.0/10']

export interface ScanOptions extends AbortOptions {
  /** @default 6373, 6376 and 6377 */
  ports?: number[]
}

/**
 * The addresses of a subnet.
 *
 * @param cidr for example `192.168.1.0/24`
 * @throws {InvalidRequestError} when it is no IPv4 subnet, is larger than a /22, or is not private
 */
export function hostsOf(cidr: string): string[] {
  const [address = '', length = '32', ...rest] = cidr.trim().split('/')
  const prefix = Number(length)
  if (!isIPv4(address) || !/^\d{1,2}$/.test(length) || prefix > 32 || rest.length > 0) {
    throw new InvalidRequestError(`"${cidr}" is no subnet. Give one like 192.168.1.0/24`)
  }
  if (prefix < SHORTEST_PREFIX) {
    throw new InvalidRequestError(
      `${cidr} has ${2 ** (32 - prefix)} addresses; a scan takes ${2 ** (32 - SHORTEST_PREFIX)} at most. Give a /${SHORTEST_PREFIX} or smaller`
    )
  }
  const number = toNumber(address)
  if (!OWN_RANGES.some((range) => lies(number, range))) {
    throw new InvalidRequestError(`${cidr} is not a private network; only your own network is ever scanned`)
  }
  const size = 2 ** (32 - prefix)
  const first = Math.floor(number / size) * size
  const all = Array.from({ length: size }, (_, index) => toAddress(first + index))
  // The first names the network and the last is its broadcast address, except in networks too small to have them.
  return size > 2 ? all.slice(1, -1) : all
}

/**
 * Looks for listeners on every address of a subnet. An address found is a candidate only: dialling it proves who it is.
 *
 * @returns multiaddrs `/ip4/…/tcp/…` as they are found
 * @throws {InvalidRequestError} see `hostsOf`; and the signal's reason when it is aborted
 */
export async function* scan(cidr: string, { ports = NODE_PORTS, signal }: ScanOptions = {}): AsyncGenerator<string> {
  // Port by port: the default port of all devices is tried before the rarer ones.
  const targets = ports.flatMap((port) => hostsOf(cidr).map((host) => ({ host, port })))
  const running = new Set<Promise<void>>()
  const open: string[] = []
  for (const { host, port } of targets) {
    signal?.throwIfAborted()
    const attempt = listens(host, port, signal).then((isOpen) => {
      if (isOpen) open.push(`/ip4/${host}/tcp/${port}`)
      running.delete(attempt)
    })
    running.add(attempt)
    if (running.size >= CONCURRENCY) await Promise.race(running)
    yield* open.splice(0)
  }
  while (running.size > 0) {
    await Promise.race(running)
    await nextTurn()
    signal?.throwIfAborted()
    yield* open.splice(0)
  }
}

function listens(host: string, port: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port })
    const done = (isOpen: boolean) => (): void => {
      signal?.removeEventListener('abort', failed)
      socket.destroy()
      resolve(isOpen)
    }
    const failed = done(false)
    socket.setTimeout(CONNECT_TIMEOUT_MS, failed)
    socket.once('connect', done(true))
    socket.once('error', failed)
    signal?.addEventListener('abort', failed, { once: true })
  })
}

function lies(number: number, range: string): boolean {
  const [base = '', prefix] = range.split('/')
  const size = 2 ** (32 - Number(prefix))
  return Math.floor(number / size) === Math.floor(toNumber(base) / size)
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}
