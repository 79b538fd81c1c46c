import { MDNS_PORT } from './constants.ts'
import type { Finding } from '../../interface.ts'
import type { BeaconState, KnownDevice, MdnsState } from './index.ts'
import type { Firewall, SystemFacts } from './network-facts.ts'

/** Everything that `diagnose` judges by. */
export interface NetworkFacts extends SystemFacts {
  beacon: BeaconState | null
  mdns: MdnsState | null
  /** `Dialer.known()`. */
  known: KnownDevice[]
  /** The TCP port that this node listens on. */
  tcpPort: number
}

/** Why devices do not find or reach each other, each with the command that mends it where there is one. */
export function diagnose(facts: NetworkFacts): Finding[] {
  return [
    ...defaultRoute(facts),
    ...beaconPort(facts),
    ...networks(facts),
    ...mdnsSending(facts),
    ...firewall(facts),
    ...unreachable(facts),
    ...otherMeshes(facts),
    ...isolation(facts)
  ]
}

function defaultRoute({ route, beacon }: NetworkFacts): Finding[] {
  if (route === null) return []
  if (route !== 'none') {
    return [{ check: 'default-route', state: 'ok', message: `default route by ${route.interface} (${route.gateway})` }]
  }
  const outward = beacon?.networks.find(({ loopback }) => !loopback)
  return [
    {
      check: 'default-route',
      state: 'warning',
      message: 'This device has no default route, so mDNS finds nobody. The beacon works without one.',
      // Verified: multicast then leaves by that interface, and nothing else changes.
      ...(outward === undefined ? {} : { mend: `sudo ip route add 224.0.0.0/4 dev ${outward.name}` })
    }
  ]
}

function beaconPort({ beacon }: NetworkFacts): Finding[] {
  if (beacon === null) return []
  if (beacon.listenError === null) {
    return [{ check: 'beacon-port', state: 'ok', message: `UDP port ${beacon.port} is ours` }]
  }
  return [
    {
      check: 'beacon-port',
      state: 'problem',
      message: `UDP port ${beacon.port} cannot be used (${beacon.listenError}): another program keeps it for itself. This device is heard, but hears answers only.`,
      mend: `sudo ss -ulpn 'sport = :${beacon.port}'`
    }
  ]
}

function networks({ beacon }: NetworkFacts): Finding[] {
  if (beacon === null) return []
  const outward = beacon.networks.filter(({ loopback }) => !loopback)
  if (outward.length === 0) {
    const message = 'This device has no network with an IPv4 address: only processes on it can be found.'
    return [{ check: 'network', state: 'problem', message }]
  }
  if (!beacon.speaking) {
    const message = 'This device sends no beacon until it is in a mesh or looks for one.'
    return [{ check: 'network', state: 'ok', message }]
  }
  const announced = outward.filter(({ announced }) => announced)
  if (announced.length === 0) {
    const message = 'This device listens on loopback only, so other devices are not told about it.'
    return [{ check: 'network', state: 'warning', message, mend: 'mesh join --listen 0.0.0.0' }]
  }
  return announced.map(({ name, address, sendError, heardBack }): Finding => {
    const where = `${name} (${address})`
    if (sendError !== null) {
      return { check: 'network', state: 'problem', message: `Nothing can be sent on ${where}: ${sendError}` }
    }
    if (!heardBack) {
      const message = `Own multicast and broadcast do not come back on ${where}: a firewall or a VPN on this device drops them.`
      return { check: 'network', state: 'warning', message }
    }
    return { check: 'network', state: 'ok', message: `the beacon is sent and heard on ${where}` }
  })
}

function mdnsSending({ mdns, route }: NetworkFacts): Finding[] {
  if (mdns?.speaking !== true) return []
  if (mdns.sendError === null && mdns.heardBack) return [{ check: 'mdns', state: 'ok', message: 'mDNS queries go out' }]
  // Without a default route this is its consequence, and said there.
  if (route === 'none') return []
  const reason = mdns.sendError ?? 'own queries do not come back'
  return [{ check: 'mdns', state: 'warning', message: `mDNS does not work here: ${reason}. The beacon may.` }]
}

function firewall({ firewall, beacon, tcpPort }: NetworkFacts): Finding[] {
  if (firewall === null) return []
  const wanted = [`${tcpPort}/tcp`, `${MDNS_PORT}/udp`, ...(beacon === null ? [] : [`${beacon.port}/udp`])]
  const closed = wanted.filter((port) => !isOpen(firewall, port))
  if (closed.length === 0) {
    return [{ check: 'firewall', state: 'ok', message: `${firewall.name} is active and lets ownmesh through` }]
  }
  const message =
    firewall.open === null
      ? `${firewall.name} is active; whether it lets ${closed.join(', ')} in, only the administrator is told.`
      : `${firewall.name} is active and does not let ${closed.join(', ')} in: other devices cannot reach this one.`
  const state = firewall.open === null ? 'warning' : 'problem'
  return [{ check: 'firewall', state, message, mend: openPorts(firewall, closed) }]
}

/** A rule names a port or a range of ports, for one protocol or for both. */
function isOpen({ open }: Firewall, wanted: string): boolean {
  const [port = '', protocol] = wanted.split('/')
  return (open ?? []).some((rule) => {
    const match = /^(\d+)(?:[:-](\d+))?(?:\/(tcp|udp))?$/.exec(rule)
    if (match === null) return rule === 'Anywhere'
    const [, first, last = first, only] = match
    return Number(first) <= Number(port) && Number(port) <= Number(last) && (only ?? protocol) === protocol
  })
}

function openPorts({ name }: Firewall, ports: string[]): string {
  if (name === 'ufw') return ports.map((port) => `sudo ufw allow ${port}`).join(' && ')
  return `sudo firewall-cmd --permanent ${ports.map((port) => `--add-port=${port}`).join(' ')} && sudo firewall-cmd --reload`
}

/** Heard, so it runs and is near; not reachable, so something on it or between refuses. */
function unreachable({ known, tcpPort }: NetworkFacts): Finding[] {
  return known
    .filter(({ connected, dialFailure }) => !connected && dialFailure !== null)
    .filter(({ foundBy }) => foundBy.includes('beacon') || foundBy.includes('mdns'))
    .map(({ id, addresses, dialError, dialFailure }): Finding => {
      const message = `${shortId(id)} announces itself but cannot be reached at ${addresses.join(', ')}: ${dialError ?? ''}.`
      if (dialFailure !== 'refused' && dialFailure !== 'timed-out') {
        return { check: 'unreachable', state: 'problem', message }
      }
      const port = /\/tcp\/(\d+)$/.exec(addresses[0] ?? '')?.[1] ?? tcpPort
      return {
        check: 'unreachable',
        state: 'problem',
        message: `${message} Most likely a firewall runs there; this opens it, on that device:`,
        mend: `sudo ufw allow ${port}/tcp`
      }
    })
}

/** Whether a device of our own mesh was heard. */
function isAlone({ beacon, mdns }: NetworkFacts): boolean {
  return (beacon?.heard.length ?? 0) + (mdns?.heard.length ?? 0) === 0
}

/** Where ownmesh devices were heard that are not of our mesh, other processes on this device left out. */
function othersNear({ beacon }: NetworkFacts): string[] {
  const own = new Set(beacon?.networks.map(({ address }) => address))
  return (beacon?.others ?? []).map(({ address }) => address).filter((address) => !own.has(address))
}

function otherMeshes(facts: NetworkFacts): Finding[] {
  const near = othersNear(facts)
  if (near.length === 0 || !isAlone(facts)) return []
  const message = `No device of this mesh is heard, but ownmesh runs at ${near.slice(0, 3).join(', ')}. If that is a device of yours, run "mesh approve" on the one that is in your mesh and "mesh join" on the other.`
  return [{ check: 'other-mesh', state: 'ok', message }]
}

function isolation(facts: NetworkFacts): Finding[] {
  const { beacon, neighbours } = facts
  if (beacon?.speaking !== true || neighbours === null || neighbours.length === 0) return []
  if (!isAlone(facts) || othersNear(facts).length > 0) return []
  const near = beacon.networks.find(({ loopback }) => !loopback)
  return [
    {
      check: 'isolation',
      state: 'warning',
      message: `No other ownmesh device is heard, though other hosts are on this network (${neighbours.slice(0, 3).join(', ')}). If one of them runs ownmesh, the Wi-Fi keeps its clients apart ("client isolation", guest network) or drops multicast: switch that off in the router, or look for it directly.`,
      ...(near === undefined ? {} : { mend: `mesh discover --scan ${near.address.replace(/\.\d+$/, '.0/24')}` })
    }
  ]
}

/** The end, because every Ed25519 PeerId begins alike. */
function shortId(id: string): string {
  return `…${id.slice(-8)}`
}
