import assert from 'node:assert/strict'
import { meshTag } from '../../../src/protocols/discovery/index.ts'
import { createNetwork, whyNoNamespaces } from '../namespaces.ts'
import { ListenerProcess } from './listener-process.ts'
import type { Network, NetworkInit } from '../namespaces.ts'

describe('discovery between hosts on one network', function () {
  this.timeout(60_000)
  let network: Network | undefined

  before(function () {
    const reason = whyNoNamespaces()
    if (reason === null) return
    this.test!.title += ` (left out: ${reason})`
    this.skip()
  })

  afterEach(async () => {
    await network?.remove()
    network = undefined
  })

  async function hosts(init: Partial<NetworkInit> = {}): Promise<Network['hosts']> {
    network = await createNetwork({ hosts: 2, ...init })
    return network.hosts
  }

  it('works by the beacon alone where there is no default route, at the address on that network', async () => {
    const [left, right] = await hosts({ defaultRoute: false })
    const one = new ListenerProcess(left!, { ways: ['beacon'] })
    const two = new ListenerProcess(right!, { ways: ['beacon'] })
    const { addresses } = await one.until('found')
    assert.deepEqual(
      addresses.map((address) => address.replace(/\d+$/, '')),
      [`/ip4/${right!.address}/tcp/`]
    )
    await Promise.all([one.until('connected'), two.until('connected')])
  })

  it('works by mDNS alone where the beacon is blocked', async () => {
    const [left, right] = await hosts()
    await Promise.all([left!.block('udp', [6372]), right!.block('udp', [6372])])
    const one = new ListenerProcess(left!, { ways: ['beacon', 'mdns'] })
    const two = new ListenerProcess(right!, { ways: ['beacon', 'mdns'] })
    await Promise.all([one.until('connected'), two.until('connected')])
    assert.deepEqual(await one.until('found', ({ way }) => way === 'mdns').then(({ way }) => way), 'mdns')
  })

  it('finds a device again within 3 s after it was killed and came back on another port', async () => {
    const [left, right] = await hosts({ defaultRoute: false })
    const stays = new ListenerProcess(left!, { ways: ['beacon'] })
    const before = new ListenerProcess(right!, { ways: ['beacon'], seed: 7 })
    await stays.until('connected')
    await before.kill()
    const lost = await stays.until('disconnected')
    const after = new ListenerProcess(right!, { ways: ['beacon'], seed: 7 })
    const ready = await after.until('ready')
    const again = await stays.until('connected', ({ at }) => at > lost.at)
    assert.ok(again.at - ready.at <= 3000, `it took ${again.at - ready.at} ms`)
  })

  it('finds a device again, by both ways, after its address has changed', async () => {
    const [left, right] = await hosts()
    const mesh = meshTag('5e'.repeat(32))
    const looking = { mesh, door: null, looking: true }
    const stays = new ListenerProcess(left!, { ways: ['beacon', 'mdns'], voice: looking })
    const open = { mesh, door: 7, looking: false }
    const moves = new ListenerProcess(right!, { ways: ['beacon', 'mdns'], voice: open })
    await stays.until('connected')
    await right!.setAddress(77)
    const changed = await moves.until('network-changed')
    for (const way of ['beacon', 'mdns']) {
      const isMoved = ({ addresses }: { addresses: string[] }): boolean =>
        addresses.some((address) => address.startsWith('/ip4/10.77.0.77/'))
      await stays.until('found', (found) => found.way === way && isMoved(found))
      const door = await stays.until('door', (door) => door.way === way && isMoved(door))
      assert.ok(door.at - changed.at <= 3000, `it took ${door.at - changed.at} ms by ${way}`)
    }
  })
})
