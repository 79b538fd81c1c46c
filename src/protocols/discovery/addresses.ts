import { isIPv4 } from 'node:net'
import { isPrivate } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { MAX_ADDRESSES } from './datagram.ts'
import { isLinkLocal, isLoopback } from './interfaces.ts'
import type { Ipv4Network, Neighbourhood } from './interfaces.ts'

/** In a beacon: "the address that this datagram came from". */
const UNSPECIFIED = '0.0.0.0'

interface TcpAddress {
  host: string
  port: string
}

/**
 * What a device says on one of its networks about where it listens: only addresses of that same interface, so that
 * nobody is sent to a container bridge or a VPN that they are not part of, and a loopback listener is never told to
 * another machine.
 */
export function announcedOn(network: Ipv4Network, listening: string[]): string[] {
  const announced = new Set<string>()
  for (const { host, port } of listening.map(tcpAddress).filter((address) => address !== undefined)) {
    if (host === UNSPECIFIED || host === network.address) announced.add(`/ip4/${UNSPECIFIED}/tcp/${port}`)
    else if (network.ipv6.includes(host)) announced.add(`/ip6/${host}/tcp/${port}`)
  }
  return [...announced].slice(0, MAX_ADDRESSES)
}

/**
 * What of an announcement from `source` is worth dialling here. An announcement is not authenticated, so a stranger on
 * the network must not be able to make us dial around the world: an address counts when it is the source itself,
 * private, or in a network that we are part of. Loopback counts only when the announcer is on this machine.
 */
export function dialableFrom(source: string, addresses: string[], neighbours: Neighbourhood): string[] {
  const dialable = new Set<string>()
  for (const { host, port } of addresses.map(tcpAddress).filter((address) => address !== undefined)) {
    const actual = host === UNSPECIFIED ? source : host
    if (isDialable(actual, source, neighbours)) dialable.add(`/${isIPv4(actual) ? 'ip4' : 'ip6'}/${actual}/tcp/${port}`)
  }
  return [...dialable]
}

function isDialable(host: string, source: string, neighbours: Neighbourhood): boolean {
  if (isLoopback(host)) return neighbours.isOwn(source)
  if (isLinkLocal(host) || host === '::') return false
  if (host === source) return true
  return isPrivate(multiaddr(`/${isIPv4(host) ? 'ip4' : 'ip6'}/${host}`)) || neighbours.isNear(host)
}

/** Exactly `/ip4|ip6/HOST/tcp/PORT`, a trailing `/p2p` allowed; no names, which would make a listener ask a resolver. */
function tcpAddress(address: string): TcpAddress | undefined {
  const match = /^\/ip[46]\/([0-9a-f.:]+)\/tcp\/([1-9]\d{0,4})(?:\/p2p\/\w+)?$/i.exec(address)
  return match?.[1] === undefined || match[2] === undefined ? undefined : { host: match[1], port: match[2] }
}
