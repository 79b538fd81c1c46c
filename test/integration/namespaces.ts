/**
 * Several hosts on one Ethernet, on one machine: a Linux network namespace for each, joined by a bridge in a namespace
 * of its own, so that nothing of it touches the machine's real network. Needs root and iproute2, nothing else: traffic
 * is blocked by a classic BPF filter of `tc`, because nft and iptables are often missing.
 *
 * @example
 *
 * ```ts
 * const reason = whyNoNamespaces()
 * if (reason !== null) this.skip()
 * const network = await createNetwork({ hosts: 2 })
 * const node = network.hosts[0].spawn(process.execPath, ['dist/cli/mesh.js', 'join'])
 * await network.hosts[1].cut('silent')
 * await network.remove()
 * ```
 */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import type { ChildProcess, SpawnOptions } from 'node:child_process'

const execute = promisify(execFile)

export interface NetworkInit {
  hosts: number
  /** Third number of 10.77.x.0/24. @default 0 */
  subnet?: number
  /** Through the bridge, at .254. Without one mDNS finds nothing, as on a network without a router. @default true */
  defaultRoute?: boolean
}

/** `silent`: frames vanish, the interface stays up (a dead switch). `carrier`: the cable is pulled. `down`: set down here. */
export type Cut = 'silent' | 'carrier' | 'down'

export interface Host {
  /** Its network namespace. */
  readonly name: string
  /** On 10.77.x.0/24. */
  readonly address: string
  /** Starts a process on this host; `remove` of the network kills what is left of it. */
  spawn(command: string, args: string[], options?: SpawnOptions): ChildProcess
  /** Runs a command on this host to its end. @returns standard output */
  run(command: string, ...args: string[]): Promise<string>
  cut(how: Cut): Promise<void>
  /** Undoes every `cut`. */
  heal(): Promise<void>
  /** Drops arriving datagrams or segments to these ports, like a firewall that drops. */
  block(protocol: 'udp' | 'tcp', ports: number[]): Promise<void>
  unblock(): Promise<void>
  setDefaultRoute(present: boolean): Promise<void>
  /** Gives it another address on the same network, as a new DHCP lease does. */
  setAddress(last: number): Promise<void>
}

export interface Network {
  readonly hosts: Host[]
  /** Namespace of the bridge, where the gateway is. */
  readonly router: string
  /** Third number of 10.77.x.0/24. */
  readonly subnet: number
  /** Hosts of one group reach each other and nobody else; hosts in no group are alone. */
  partition(...groups: Host[][]): Promise<void>
  /** Everybody on one bridge again. */
  join(): Promise<void>
  /** Kills what was started and deletes the namespaces. */
  remove(): Promise<void>
}

/** Why no network can be made here, in words, or null when it can. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux') return 'network namespaces exist on Linux only'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  if (spawnSync('ip', ['-V']).error !== undefined) return 'the command ip (package iproute2) is missing'
  const probe = `ownmesh-probe-${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', probe], { encoding: 'utf8' })
  spawnSync('ip', ['netns', 'delete', probe])
  return made.status === 0 ? null : `ip netns add failed: ${made.stderr.trim()}`
}

let networks = 0

export async function createNetwork({ hosts: count, subnet = 0, defaultRoute = true }: NetworkInit): Promise<Network> {
  const prefix = `ownmesh-${process.pid}-${networks++}`
  const bridge = `${prefix}-bridge`
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
  const children = new Set<ChildProcess>()

  // Whatever ends this process, even a thrown error, nothing is left behind; hence synchronous.
  const removeAll = (): void => {
    for (const child of children) child.kill('SIGKILL')
    for (const name of [...names, bridge]) spawnSync('ip', ['netns', 'delete', name])
  }
  process.once('exit', removeAll)

  const inBridge = (...args: string[]): Promise<unknown> => execute('ip', ['-n', bridge, ...args])
  const attach = (index: number, to: number): Promise<unknown> =>
    inBridge('link', 'set', `port${index}`, 'master', `bridge${to}`)

  /** One bridge for each possible group; bridge 0 is the one that joins all and routes. */
  async function addBridge(index: number): Promise<void> {
    await inBridge('link', 'add', `bridge${index}`, 'type', 'bridge', 'mcast_snooping', '0')
    await inBridge('link', 'set', `bridge${index}`, 'up')
  }

  async function addHost(name: string, index: number): Promise<Host> {
    const inHost = (...args: string[]): Promise<unknown> => execute('ip', ['-n', name, ...args])
    const gateway = `10.77.${subnet}.254`
    let address = `10.77.${subnet}.${index + 1}`
    let hasRoute = false
    await execute('ip', ['netns', 'add', name])
    await inBridge('link', 'add', `port${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    await inBridge('link', 'set', `port${index}`, 'up')
    await attach(index, 0)
    await inHost('link', 'set', 'lo', 'up')
    await inHost('address', 'add', `${address}/24`, 'broadcast', '+', 'dev', 'eth0')
    await inHost('link', 'set', 'eth0', 'up')
    await execute('tc', ['-n', name, 'qdisc', 'add', 'dev', 'eth0', 'clsact'])
    const setDefaultRoute = async (present: boolean): Promise<void> => {
      if (present) await inHost('route', 'replace', 'default', 'via', gateway)
      else if (hasRoute) await inHost('route', 'delete', 'default')
      hasRoute = present
    }
    await setDefaultRoute(defaultRoute)
    return {
      name,
      get address() {
        return address
      },
      spawn: (command, args, options = {}) => {
        // `ip netns exec` becomes the command itself, so signals and the exit code are the command's.
        const child = spawn('ip', ['netns', 'exec', name, command, ...args], options)
        children.add(child)
        child.once('exit', () => children.delete(child))
        return child
      },
      run: async (command, ...args) => {
        const { stdout } = await execute('ip', ['netns', 'exec', name, command, ...args])
        return stdout
      },
      cut: async (how) => {
        if (how === 'silent') await inBridge('link', 'set', `port${index}`, 'nomaster')
        else if (how === 'carrier') await inBridge('link', 'set', `port${index}`, 'down')
        else await inHost('link', 'set', 'eth0', 'down')
      },
      heal: async () => {
        await inHost('link', 'set', 'eth0', 'up')
        await inBridge('link', 'set', `port${index}`, 'up')
        await attach(index, 0)
        // The kernel drops the routes of an interface that goes down.
        if (hasRoute) await setDefaultRoute(true)
      },
      block: async (protocol, ports) => {
        const rule = ['ingress', 'bpf', 'direct-action', 'bytecode', dropBytecode(protocol, ports)]
        await execute('tc', ['-n', name, 'filter', 'add', 'dev', 'eth0', ...rule])
      },
      unblock: async () => {
        await execute('tc', ['-n', name, 'filter', 'delete', 'dev', 'eth0', 'ingress'])
      },
      setDefaultRoute,
      setAddress: async (last) => {
        const next = `10.77.${subnet}.${last}`
        // In this order: deleting the first address of a network deletes the later ones with it.
        await inHost('address', 'delete', `${address}/24`, 'dev', 'eth0')
        await inHost('address', 'add', `${next}/24`, 'broadcast', '+', 'dev', 'eth0')
        address = next
        if (hasRoute) await setDefaultRoute(true)
      }
    }
  }

  async function remove(): Promise<void> {
    process.off('exit', removeAll)
    const ended = [...children].map((child) => new Promise((resolve) => child.once('exit', resolve)))
    removeAll()
    await Promise.all(ended)
  }

  try {
    await execute('ip', ['netns', 'add', bridge])
    await addBridge(0)
    await inBridge('address', 'add', `10.77.${subnet}.254/24`, 'dev', 'bridge0')
    const hosts: Host[] = []
    for (const [index, name] of names.entries()) hosts.push(await addHost(name, index))
    let bridges = 1
    return {
      hosts,
      router: bridge,
      subnet,
      partition: async (...groups) => {
        for (; bridges <= groups.length; bridges++) await addBridge(bridges)
        for (const [index, host] of hosts.entries()) {
          const group = groups.findIndex((members) => members.includes(host))
          if (group === -1) await inBridge('link', 'set', `port${index}`, 'nomaster')
          else await attach(index, group + 1)
        }
      },
      join: async () => {
        for (const index of hosts.keys()) await attach(index, 0)
      },
      remove
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Lets the hosts of two networks, whose subnets differ, reach each other through their gateways; not by multicast. */
export async function route(one: Network, other: Network): Promise<void> {
  await execute('ip', [
    '-n',
    one.router,
    'link',
    'add',
    'uplink',
    'type',
    'veth',
    'peer',
    'uplink',
    'netns',
    other.router
  ])
  const sides = [
    { near: one, far: other, own: '10.78.0.1', gateway: '10.78.0.2' },
    { near: other, far: one, own: '10.78.0.2', gateway: '10.78.0.1' }
  ]
  for (const { near, own } of sides) {
    await execute('ip', ['-n', near.router, 'address', 'add', `${own}/30`, 'dev', 'uplink'])
    await execute('ip', ['-n', near.router, 'link', 'set', 'uplink', 'up'])
    await execute('ip', ['netns', 'exec', near.router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
  }
  for (const { near, far, gateway } of sides) {
    await execute('ip', ['-n', near.router, 'route', 'add', `10.77.${far.subnet}.0/24`, 'via', gateway])
  }
}

/**
 * A classic BPF program over an Ethernet frame: drops IPv4 packets of the protocol to one of the ports, lets everything
 * else pass. In the notation of `tc-bpf(8)`: the count, then `operation jump-if-true jump-if-false operand`.
 */
function dropBytecode(protocol: 'udp' | 'tcp', ports: number[]): string {
  const [LOAD_HALF, LOAD_BYTE, JUMP_EQUAL, JUMP_ANY_BIT, LOAD_HEADER_LENGTH, LOAD_HALF_INDEXED, RETURN] = [
    0x28, 0x30, 0x15, 0x45, 0xb1, 0x48, 0x06
  ]
  const [PASS, DROP] = [0xffff_ffff, 2]
  // The return instructions follow the comparisons: pass at `after`, drop one behind it.
  const after = ports.length
  const program = [
    [LOAD_HALF, 0, 0, 12],
    [JUMP_EQUAL, 0, after + 6, 0x0800],
    [LOAD_BYTE, 0, 0, 23],
    [JUMP_EQUAL, 0, after + 4, protocol === 'udp' ? 17 : 6],
    [LOAD_HALF, 0, 0, 20],
    [JUMP_ANY_BIT, after + 2, 0, 0x1fff],
    [LOAD_HEADER_LENGTH, 0, 0, 14],
    [LOAD_HALF_INDEXED, 0, 0, 16],
    ...ports.map((port, index) => [JUMP_EQUAL, after - index, 0, port]),
    [RETURN, 0, 0, PASS],
    [RETURN, 0, 0, DROP]
  ]
  return `${program.length},${program.map((instruction) => instruction.join(' ')).join(',')}`
}
