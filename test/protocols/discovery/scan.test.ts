import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { hostsOf, scan } from '../../../src/protocols/discovery/scan.ts'

async function collect(found: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const address of found) all.push(address)
  return all
}

describe('scan', () => {
  const servers: Server[] = []

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close()
      await once(server, 'close')
    }
  })

  async function listen(host: string, port = 0): Promise<number> {
    const server = createServer((socket) => socket.end())
    servers.push(server)
    server.listen(port, host)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  it('names the hosts of a subnet, without its network and broadcast address', () => {
    assert.deepEqual(hostsOf('192.168.1.9/30'), ['192.168.1.9', '192.168.1.10'])
    assert.deepEqual(hostsOf('10.0.0.5'), ['10.0.0.5'])
    assert.equal(hostsOf('172.16.0.0/22').length, 1022)
  })

  it('refuses what is too large, not private or no subnet, with a sentence', () => {
    for (const [cidr, message] of [
      ['10.0.0.0/8', /\/22 or smaller/],
      ['8.8.8.0/24', /not a private network/],
      ['172.32.0.0/24', /not a private network/],
      ['desktop/24', /no subnet/],
      ['10.0.0.0/33', /no subnet/],
      ['10.0.0.0/24/1', /no subnet/]
    ] as const) {
      assert.throws(() => hostsOf(cidr), { name: 'InvalidRequestError', message }, cidr)
    }
  })

  it('finds the listeners and nothing else', async () => {
    const port = await listen('127.0.0.77')
    await listen('127.0.0.200', port)
    const found = await collect(scan('127.0.0.0/24', { ports: [port] }))
    assert.deepEqual(new Set(found), new Set([`/ip4/127.0.0.77/tcp/${port}`, `/ip4/127.0.0.200/tcp/${port}`]))
  })

  it('ends at once when it is aborted', async () => {
    const reason = new Error('enough')
    await assert.rejects(collect(scan('127.0.0.0/24', { signal: AbortSignal.abort(reason) })), reason)
  })
})
