import assert from 'node:assert/strict'
import { parseConnectAddress, parseListenAddress } from '../../../src/protocols/discovery/address.ts'

describe('an address that a person types', () => {
  it('is tried at the ports of ownmesh when it has none', () => {
    assert.deepEqual(
      parseConnectAddress(' 192.168.1.5 '),
      [6373, 6376, 6377].map((port) => `/ip4/192.168.1.5/tcp/${port}`)
    )
    assert.equal(parseConnectAddress('fd00::5')[0], '/ip6/fd00::5/tcp/6373')
    assert.equal(parseConnectAddress('desktop.local')[0], '/dns/desktop.local/tcp/6373')
  })

  it('may have a port, brackets or a zone, or be a multiaddr', () => {
    for (const [typed, expected] of [
      ['192.168.1.5:7000', '/ip4/192.168.1.5/tcp/7000'],
      ['desktop:7000', '/dns/desktop/tcp/7000'],
      ['[::1]:7000', '/ip6/::1/tcp/7000'],
      ['[fe80::1%eth0]:7000', '/ip6zone/eth0/ip6/fe80::1/tcp/7000'],
      ['/ip4/192.168.1.5/tcp/7000', '/ip4/192.168.1.5/tcp/7000']
    ] as const) {
      assert.deepEqual(parseConnectAddress(typed), [expected], typed)
    }
  })

  it('is refused with a sentence when it is none', () => {
    for (const typed of [
      '',
      ':',
      '300.1.1.1',
      '192.168.1',
      '192.168.1.5:0',
      '192.168.1.5:70000',
      '192.168.1.5:x',
      '[::1',
      'a b',
      '/ip4/x',
      'http://x'
    ]) {
      assert.throws(() => parseConnectAddress(typed), { name: 'InvalidRequestError' }, typed)
    }
  })

  it('to listen on is an IP address, never a name', () => {
    assert.equal(parseListenAddress('0.0.0.0', 6373), '/ip4/0.0.0.0/tcp/6373')
    assert.equal(parseListenAddress('127.0.0.1:7000', 6373), '/ip4/127.0.0.1/tcp/7000')
    assert.equal(parseListenAddress('::', 6373), '/ip6/::/tcp/6373')
    assert.equal(parseListenAddress('/ip4/10.0.0.1/tcp/1', 6373), '/ip4/10.0.0.1/tcp/1')
    assert.throws(() => parseListenAddress('desktop', 6373), { name: 'InvalidRequestError', message: /IP address/ })
  })
})
