import assert from 'node:assert/strict'
import { diagnose } from '../../../src/protocols/discovery/diagnosis.ts'
import {
  parseArp,
  parseRouteGet,
  parseRoutes,
  parseUfw,
  readNetworkFacts
} from '../../../src/protocols/discovery/network-facts.ts'
import type { Finding } from '../../../src/interface.ts'
import type { NetworkFacts } from '../../../src/protocols/discovery/diagnosis.ts'
import type { BeaconState, KnownDevice } from '../../../src/protocols/discovery/index.ts'

const network = {
  name: 'eth0',
  address: '192.168.1.5',
  loopback: false,
  announced: true,
  sendError: null,
  heardBack: true
}
const beacon: BeaconState = {
  port: 6372,
  listenError: null,
  networks: [{ ...network, name: 'lo', address: '127.0.0.1', loopback: true }, network],
  speaking: true,
  heard: [{ id: 'x', source: '192.168.1.6', agoMs: 5 }],
  others: []
}
const healthy: NetworkFacts = {
  route: { gateway: '192.168.1.1', interface: 'eth0' },
  neighbours: ['192.168.1.6'],
  firewall: null,
  beacon,
  mdns: { sendError: null, heardBack: true, speaking: true, heard: [] },
  known: [],
  tcpPort: 6373
}
const refused: KnownDevice = {
  id: '12D3KooWabcdefgh',
  foundBy: ['beacon'],
  addresses: ['/ip4/192.168.1.6/tcp/6374'],
  connected: false,
  dialError: 'timed out',
  dialFailure: 'timed-out'
}

/** The findings of one check when the facts differ thus from healthy ones. */
function findings(check: string, changes: Partial<NetworkFacts>): Finding[] {
  return diagnose({ ...healthy, ...changes }).filter((finding) => finding.check === check)
}

describe('diagnosis', () => {
  it('has nothing to complain about on a healthy network', () => {
    assert.deepEqual(new Set(diagnose(healthy).map(({ state }) => state)), new Set(['ok']))
  })

  it('names the missing default route once, and how mDNS works without one', () => {
    const mdns = { sendError: 'ENETUNREACH', heardBack: false, speaking: true, heard: [] }
    const changes = { route: 'none' as const, mdns }
    const [finding] = findings('default-route', changes)
    assert.equal(finding?.state, 'warning')
    assert.equal(finding.mend, 'sudo ip route add 224.0.0.0/4 dev eth0')
    assert.deepEqual(findings('mdns', changes), [])
    assert.deepEqual(findings('default-route', { route: null }), [])
  })

  it('names the port that another program holds', () => {
    const [finding] = findings('beacon-port', { beacon: { ...beacon, listenError: 'bind EADDRINUSE' } })
    assert.equal(finding?.state, 'problem')
    assert.match(finding.mend ?? '', /6372/)
  })

  it('names the network on which nothing is sent, comes back, or is announced', () => {
    const on = (changes: Partial<typeof network> & { sendError?: string | null }): Finding | undefined =>
      findings('network', { beacon: { ...beacon, networks: [{ ...network, ...changes }] } })[0]
    assert.match(on({ sendError: 'EPERM' } as object)?.message ?? '', /eth0.*EPERM/)
    assert.equal(on({ heardBack: false })?.state, 'warning')
    assert.match(on({ announced: false })?.mend ?? '', /--listen/)
    assert.equal(findings('network', { beacon: { ...beacon, networks: [] } })[0]?.state, 'problem')
  })

  it('gives the command that opens the firewall, and only for what is closed', () => {
    const [ufw] = findings('firewall', { firewall: { name: 'ufw', open: ['22/tcp', '6372/udp'] } })
    assert.equal(ufw?.state, 'problem')
    assert.equal(ufw.mend, 'sudo ufw allow 6373/tcp && sudo ufw allow 5353/udp')
    const [unsure] = findings('firewall', { firewall: { name: 'firewalld', open: null } })
    assert.equal(unsure?.state, 'warning')
    assert.match(unsure.mend ?? '', /--add-port=6373\/tcp --add-port=5353\/udp --add-port=6372\/udp.*--reload/)
    const open = { name: 'ufw' as const, open: ['6372:6376/tcp', '5353', '6372/udp'] }
    assert.equal(findings('firewall', { firewall: open })[0]?.state, 'ok')
  })

  it('suspects the firewall of a device that is heard and does not answer', () => {
    const [finding] = findings('unreachable', { known: [refused] })
    assert.match(finding?.message ?? '', /abcdefgh.*timed out/)
    assert.equal(finding?.mend, 'sudo ufw allow 6374/tcp')
    assert.deepEqual(findings('unreachable', { known: [{ ...refused, connected: true }] }), [])
    assert.deepEqual(findings('unreachable', { known: [{ ...refused, foundBy: ['remembered'] }] }), [])
  })

  it('suspects the Wi-Fi when other hosts are there and nobody is heard', () => {
    const alone = { beacon: { ...beacon, heard: [] } }
    assert.equal(findings('isolation', alone)[0]?.mend, 'mesh discover --scan 192.168.1.0/24')
    assert.deepEqual(findings('isolation', { ...alone, neighbours: [] }), [])
    assert.deepEqual(findings('isolation', {}), [])
  })

  it('tells of ownmesh devices near that are not of this mesh, and then suspects no Wi-Fi', () => {
    const others = [{ address: '192.168.1.9', agoMs: 5 }]
    const among = { beacon: { ...beacon, heard: [], others } }
    assert.match(findings('other-mesh', among)[0]?.message ?? '', /192\.168\.1\.9.*mesh approve/)
    assert.deepEqual(findings('isolation', among), [])
    assert.deepEqual(findings('other-mesh', { beacon: { ...beacon, others } }), [])
    // Another process on this device proves nothing about the network.
    const own = { beacon: { ...beacon, heard: [], others: [{ address: '192.168.1.5', agoMs: 5 }] } }
    assert.deepEqual(findings('other-mesh', own), [])
    assert.equal(findings('isolation', own).length, 1)
  })

  it('expects nothing to come back while nothing is said', () => {
    const quiet = { ...network, announced: false, heardBack: false }
    const silent = {
      beacon: { ...beacon, networks: [quiet], speaking: false, heard: [] },
      mdns: { sendError: null, heardBack: false, speaking: false, heard: [] }
    }
    assert.deepEqual(
      findings('network', silent).map(({ state }) => state),
      ['ok']
    )
    assert.deepEqual(findings('mdns', silent), [])
    assert.deepEqual(findings('isolation', silent), [])
  })
})

describe('network facts', () => {
  const routes = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0'
  ]
  const arp = [
    'IP address       HW type     Flags       HW address            Mask     Device',
    '192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0',
    '192.0.2.9        0x1         0x2         02:fc:00:00:00:06     *        eth0',
    '192.0.2.10       0x1         0x0         00:00:00:00:00:00     *        eth0'
  ].join('\n')

  it('reads the default route, and that there is none', () => {
    assert.deepEqual(parseRoutes(routes.join('\n')), { gateway: '192.0.2.1', interface: 'eth0' })
    assert.equal(parseRoutes(routes.slice(0, 2).join('\n')), 'none')
    assert.equal(parseRoutes(routes.join('\n').replace('\t0003\t', '\t0203\t')), 'none')
    assert.deepEqual(parseRouteGet('   route to: default\n    gateway: 10.0.0.1\n  interface: en0\n'), {
      gateway: '10.0.0.1',
      interface: 'en0'
    })
    assert.equal(parseRouteGet(null), 'none')
  })

  it('reads the hosts that answered', () => {
    assert.deepEqual(parseArp(arp), ['192.0.2.1', '192.0.2.9'])
  })

  it('reads what ufw lets in', () => {
    const status =
      'Status: active\n\nTo      Action      From\n--      ------      ----\n22/tcp  ALLOW       Anywhere\n80      DENY        Anywhere\n'
    assert.deepEqual(parseUfw(status), ['22/tcp'])
    assert.equal(parseUfw('Status: inactive\n'), null)
  })

  it('leaves the router out of the neighbours, and believes the configuration where ufw tells only root', async () => {
    const files: Record<string, string> = {
      '/proc/net/route': routes.join('\n'),
      '/proc/net/arp': arp,
      '/etc/ufw/ufw.conf': 'ENABLED=yes\nLOGLEVEL=low\n'
    }
    const facts = await readNetworkFacts({
      platform: 'linux',
      run: () => Promise.resolve(null),
      read: (path) => Promise.resolve(files[path] ?? null)
    })
    assert.deepEqual(facts, {
      route: { gateway: '192.0.2.1', interface: 'eth0' },
      neighbours: ['192.0.2.9'],
      firewall: { name: 'ufw', open: null }
    })
  })

  it('asks firewalld for its ports', async () => {
    const answers: Record<string, string> = { '--state': 'running\n', '--list-ports': '6373/tcp 6372/udp\n' }
    const { firewall } = await readNetworkFacts({
      platform: 'linux',
      run: (command, [argument = '']) =>
        Promise.resolve(command === 'firewall-cmd' ? (answers[argument] ?? null) : null),
      read: () => Promise.resolve(null)
    })
    assert.deepEqual(firewall, { name: 'firewalld', open: ['6373/tcp', '6372/udp'] })
  })

  it('says nothing where the system does not tell', async () => {
    assert.deepEqual(await readNetworkFacts({ platform: 'win32' }), { route: null, neighbours: null, firewall: null })
  })
})
