import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'

/** What `os.networkInterfaces` returns. */
export type InterfaceTable = NodeJS.Dict<NetworkInterfaceInfo[]>

/** One IPv4 address of this device and the network that it lies in. */
export interface Ipv4Network {
  name: string
  address: string
  netmask: string
  /** The network's own broadcast address: it goes out where 255.255.255.255 would need a default route. */
  broadcast: string
  loopback: boolean
  /** IPv6 addresses of the same interface that others can dial without a zone. */
  ipv6: string[]
}

/** A host with hundreds of virtual interfaces must not make each beacon cost hundreds of datagrams. */
const MAX_NETWORKS = 32

/** The IPv4 networks of this device, loopback included, in the order in which the system names them. */
export function ipv4Networks(table: InterfaceTable): Ipv4Network[] {
  const networks: Ipv4Network[] = []
  for (const [name, entries = []] of Object.entries(table)) {
    const ipv6 = entries
      .filter(({ family, address, internal }) => family === 'IPv6' && !internal && !isLinkLocal(address))
      .map(({ address }) => address)
    for (const { family, address, netmask, internal } of entries) {
      if (family !== 'IPv4') continue
      networks.push({ name, address, netmask, broadcast: broadcastOf(address, netmask), loopback: internal, ipv6 })
    }
  }
  return networks.slice(0, MAX_NETWORKS)
}

/** Whether an IPv4 address lies in the network. */
export function contains({ netmask, broadcast }: Ipv4Network, address: string): boolean {
  return broadcastOf(address, netmask) === broadcast
}

/** Answers which addresses are this device's own, and which lie in a network that it is part of. */
export interface Neighbourhood {
  isOwn(address: string): boolean
  isNear(address: string): boolean
}

export function neighbourhood(table: InterfaceTable): Neighbourhood {
  const own = new Set<string>()
  const near = new BlockList()
  for (const entries of Object.values(table)) {
    for (const { address, cidr, family } of entries ?? []) {
      own.add(address)
      const prefix = Number(cidr?.split('/')[1])
      if (Number.isInteger(prefix)) near.addSubnet(address, prefix, family === 'IPv4' ? 'ipv4' : 'ipv6')
    }
  }
  return {
    isOwn: (address) => own.has(address) || isLoopback(address),
    isNear: (address) => near.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  }
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

/** An address that means something only together with the interface that it was heard on. */
export function isLinkLocal(address: string): boolean {
  return isIPv6(address) && /^fe[89ab]/i.test(address)
}

function broadcastOf(address: string, netmask: string): string {
  const mask = netmask.split('.').map(Number)
  return address
    .split('.')
    .map((part, index) => Number(part) | (~(mask[index] ?? 255) & 255))
    .join('.')
}
