import assert from 'node:assert/strict'
import { networkChange, PollingNetworkWatch } from '../../../src/protocols/discovery/network-watch.ts'
import type { InterfaceTable, NetworkChange } from '../../../src/protocols/discovery/index.ts'

function table(...addresses: string[]): InterfaceTable {
  const rest = { netmask: '255.255.255.0', family: 'IPv4', mac: '', internal: false } as const
  return { eth0: addresses.map((address) => ({ ...rest, address, cidr: `${address}/24` })) }
}

describe('network watch', () => {
  it('sees no change in the same addresses in another order, looked at in time', () => {
    assert.equal(networkChange(new Set(['a', 'b']), new Set(['b', 'a']), 2000), null)
  })

  it('tells what came, what went, and for how long the machine slept', () => {
    assert.deepEqual(networkChange(new Set(['a', 'b']), new Set(['b', 'c']), 2000), {
      added: ['c'],
      removed: ['a'],
      sleptMs: 0
    })
    assert.equal(networkChange(new Set(), new Set(), 3_602_000)?.sleptMs, 3_600_000)
  })

  it('looks as long as it runs', () => {
    let interfaces = table('192.168.1.5')
    let now = 0
    let look = (): void => undefined
    let running = false
    const watch = new PollingNetworkWatch({
      interfaces: () => interfaces,
      clock: () => now,
      every: (_ms, each) => {
        look = each
        running = true
        return () => {
          running = false
        }
      }
    })
    const changes: NetworkChange[] = []
    watch.addEventListener('change', ({ detail }) => changes.push(detail))
    watch.start()
    const lookAfter = (ms: number): void => {
      now += ms
      look()
    }
    lookAfter(2000)
    assert.deepEqual(changes, [])
    interfaces = table('10.0.0.9')
    lookAfter(2000)
    lookAfter(2000)
    lookAfter(60_000)
    assert.deepEqual(changes, [
      { added: ['eth0 10.0.0.9/24'], removed: ['eth0 192.168.1.5/24'], sleptMs: 0 },
      { added: [], removed: [], sleptMs: 58_000 }
    ])
    watch.stop()
    assert.equal(running, false)
  })
})
