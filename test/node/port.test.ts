import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { choosePort } from '../../src/node/port.ts'
import { DEFAULT_PORT } from '../../src/protocols/discovery/index.ts'

const HOSTS = ['127.0.0.1']

describe('the port to listen on', () => {
  const servers: Server[] = []

  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  /** Takes a port, or leaves it to whoever has it already. */
  async function take(port: number): Promise<number> {
    const server = createServer()
    servers.push(server)
    server.listen({ host: HOSTS[0], port, exclusive: true })
    const taken = await Promise.race([once(server, 'listening'), once(server, 'error')]).catch(() => undefined)
    return taken === undefined || !server.listening ? port : (server.address() as AddressInfo).port
  }

  it('is the wanted one when it is free', async () => {
    const free = await take(0)
    await once(servers.pop()!.close(), 'close')
    assert.equal(await choosePort(HOSTS, free, true), free)
  })

  it('is a later one when it is taken, unless somebody chose it', async () => {
    const taken = await take(0)
    const found = await choosePort(HOSTS, taken, false)
    assert.ok(found === 0 || (found > taken && found < taken + 16), String(found))
    await assert.rejects(choosePort(HOSTS, taken, true), {
      name: 'ListenError',
      message: `Port ${taken} is in use by another program. Choose another with --port, or leave --port out.`
    })
  })

  it('has to be free on every host', async function () {
    // Others have one loopback address only.
    if (process.platform !== 'linux') this.skip()
    const taken = await take(0)
    assert.notEqual(await choosePort(['127.0.0.2', ...HOSTS], taken, false), taken)
  })

  it('leaves the two after the default to HTTP', async () => {
    await take(DEFAULT_PORT)
    const found = await choosePort(HOSTS, DEFAULT_PORT, false)
    assert.ok(![DEFAULT_PORT, 6374, 6375].includes(found), String(found))
  })

  it('is left to the system beyond the highest one, and when that was asked for', async () => {
    await take(65_535)
    assert.equal(await choosePort(HOSTS, 65_535, false), 0)
    assert.equal(await choosePort(HOSTS, 0, true), 0)
  })

  it('is refused with a sentence when the address is none of this device', async () => {
    await assert.rejects(choosePort(['203.0.113.7'], 6373, false), {
      name: 'ListenError',
      message: /does not have that address to listen on\. Choose another with --listen/
    })
  })
})
