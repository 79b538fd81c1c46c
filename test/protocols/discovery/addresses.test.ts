import assert from 'node:assert/strict'
import { announcedOn, dialableFrom } from '../../../src/protocols/discovery/addresses.ts'
import { contains, ipv4Networks, neighbourhood } from '../../../src/protocols/discovery/interfaces.ts'
import type { InterfaceTable } from '../../../src/protocols/discovery/interfaces.ts'

const mac = '00:00:00:00:00:00'
const table: InterfaceTable = {
  lo: [{ address: '127.0.0.1', netmask: '255.0.0.0', family: 'IPv4', mac, internal: true, cidr: '127.0.0.1/8' }],
  wlan0: [
    { address: '192.168.4.7', netmask: '255.255.252.0', family: 'IPv4', mac, internal: false, cidr: '192.168.4.7/22' },
    {
      address: '2001:db8::7',
      netmask: 'ffff::',
      family: 'IPv6',
      mac,
      internal: false,
      cidr: '2001:db8::7/64',
      scopeid: 0
    },
    { address: 'fe80::7', netmask: 'ffff::', family: 'IPv6', mac, internal: false, cidr: 'fe80::7/64', scopeid: 3 }
  ],
  docker0: [
    { address: '172.17.0.1', netmask: '255.255.0.0', family: 'IPv4', mac, internal: false, cidr: '172.17.0.1/16' }
  ]
}

describe('networks of this device', () => {
  it('are its IPv4 addresses, each with the broadcast address of its network', () => {
    assert.deepEqual(
      ipv4Networks(table).map(({ name, broadcast, loopback, ipv6 }) => [name, broadcast, loopback, ipv6]),
      [
        ['lo', '127.255.255.255', true, []],
        ['wlan0', '192.168.7.255', false, ['2001:db8::7']],
        ['docker0', '172.17.255.255', false, []]
      ]
    )
  })

  it('contain the addresses under their netmask and no others', () => {
    const wlan = ipv4Networks(table)[1]!
    assert.ok(contains(wlan, '192.168.5.1'))
    assert.ok(!contains(wlan, '192.168.8.1'))
  })
})

describe('announced addresses', () => {
  const listening = ['127.0.0.1', '192.168.4.7', '172.17.0.1'].map((host) => `/ip4/${host}/tcp/6373`)

  it('are on each network only those of that network', () => {
    const [loopback, wlan] = ipv4Networks(table)
    assert.deepEqual(announcedOn(loopback!, listening), ['/ip4/0.0.0.0/tcp/6373'])
    assert.deepEqual(announcedOn(wlan!, [...listening, '/ip6/2001:db8::7/tcp/6373', '/ip6/fe80::7/tcp/6373']), [
      '/ip4/0.0.0.0/tcp/6373',
      '/ip6/2001:db8::7/tcp/6373'
    ])
  })

  it('are none on the network when only loopback is listened on', () => {
    assert.deepEqual(announcedOn(ipv4Networks(table)[1]!, ['/ip4/127.0.0.1/tcp/6373']), [])
  })
})

describe('dialable addresses', () => {
  const neighbours = neighbourhood(table)
  const from = (source: string, ...addresses: string[]): string[] => dialableFrom(source, addresses, neighbours)

  it('have the source in place of an unspecified host', () => {
    assert.deepEqual(from('192.168.4.9', '/ip4/0.0.0.0/tcp/6373'), ['/ip4/192.168.4.9/tcp/6373'])
  })

  it('are loopback only when the announcer is on this machine', () => {
    assert.deepEqual(from('192.168.4.9', '/ip4/127.0.0.1/tcp/6373', '/ip6/::1/tcp/6373'), [])
    assert.deepEqual(from('192.168.4.7', '/ip4/127.0.0.1/tcp/6373'), ['/ip4/127.0.0.1/tcp/6373'])
    assert.deepEqual(from('127.0.0.1', '/ip4/0.0.0.0/tcp/6373'), ['/ip4/127.0.0.1/tcp/6373'])
  })

  it('are never far away, so that a forged beacon cannot make us dial the world', () => {
    assert.deepEqual(
      from('192.168.4.9', '/ip4/8.8.8.8/tcp/53', '/ip6/2001:4860::8888/tcp/53', '/dns/example.com/tcp/80'),
      []
    )
    assert.deepEqual(from('192.168.4.9', '/ip6/2001:db8::9/tcp/6373', '/ip4/10.1.2.3/tcp/6373'), [
      '/ip6/2001:db8::9/tcp/6373',
      '/ip4/10.1.2.3/tcp/6373'
    ])
  })
})
