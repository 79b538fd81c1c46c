import { isIPv4, isIPv6 } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { InvalidRequestError } from '../../errors.ts'
import { NODE_PORTS } from './constants.ts'

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i

/**
 * What a person types after `--connect`: `192.168.1.5`, `192.168.1.5:6373`, `desktop.local:6373`, `[::1]:6373` or a
 * multiaddr.
 *
 * @returns multiaddrs to dial, in this order; without a port the ones where nodes listen by default
 * @throws {InvalidRequestError} when it is none of these
 */
export function parseConnectAddress(text: string): string[] {
  const typed = text.trim()
  if (typed.startsWith('/')) return [checkedMultiaddr(typed)]
  const { host, port } = splitPort(typed)
  const ports = port === undefined ? NODE_PORTS : [port]
  return ports.map((each) => `${hostPart(host, typed)}/tcp/${each}`)
}

/**
 * What a person types after `--listen`: an IP address, with or without a port, or a multiaddr.
 *
 * @param defaultPort taken when none is typed
 * @throws {InvalidRequestError} when it is none of these; a host name is refused, because a listener needs an address
 */
export function parseListenAddress(text: string, defaultPort: number): string {
  const typed = text.trim()
  if (typed.startsWith('/')) return checkedMultiaddr(typed)
  const { host, port } = splitPort(typed)
  const part = hostPart(host, typed)
  if (part.startsWith('/dns')) {
    throw new InvalidRequestError(
      `"${typed}" is a name. Listening needs an IP address of this device, or 0.0.0.0 for all`
    )
  }
  return `${part}/tcp/${port ?? defaultPort}`
}

/** At the last colon, unless there are several without brackets: then it is a bare IPv6 address. */
function splitPort(typed: string): { host: string; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(typed)
  const plain = /^([^:]*):([^:]*)$/.exec(typed)
  const [, host = typed, port] = bracketed ?? plain ?? []
  if (port === undefined) return { host, port: undefined }
  const number = /^\d{1,5}$/.test(port) ? Number(port) : NaN
  if (!(number >= 1 && number <= 65535)) {
    throw new InvalidRequestError(`"${port}" in "${typed}" is no port: it is a number from 1 to 65535`)
  }
  return { host, port: number }
}

function hostPart(host: string, typed: string): string {
  if (isIPv4(host)) return `/ip4/${host}`
  const [address = '', zone] = host.split('%')
  if (isIPv6(address)) return zone === undefined ? `/ip6/${address}` : `/ip6zone/${zone}/ip6/${address}`
  // Digits and dots only is a mistyped address, and a resolver would be asked for it.
  if (HOST_NAME.test(host) && !/^[\d.]+$/.test(host)) return `/dns/${host}`
  throw new InvalidRequestError(
    `"${typed}" is no address. Give one like 192.168.1.5, 192.168.1.5:6373, desktop.local:6373 or [fd00::5]:6373`
  )
}

function checkedMultiaddr(typed: string): string {
  try {
    return multiaddr(typed).toString()
  } catch (cause) {
    throw new InvalidRequestError(`"${typed}" is no multiaddr. One looks like /ip4/192.168.1.5/tcp/6373`, { cause })
  }
}
