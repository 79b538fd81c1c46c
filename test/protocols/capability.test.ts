import './nodes.ts'
import assert from 'node:assert/strict'
import type { Libp2p } from '@libp2p/interface'
import type { Capability } from '../../src/interface.ts'
import { capability, type CapabilityEvent, type CapabilityService } from '../../src/protocols/capability/index.ts'
import { testNode } from './nodes.ts'

type Node = Libp2p<{ capability: CapabilityService }>

export const desktop: Capability = {
  name: 'desktop',
  instance: '0011223344556677',
  version: '0.1.0',
  sequence: 3,
  answering: 'yes',
  models: [
    {
      name: 'qwen3-4b',
      hash: 'b2'.repeat(32),
      parameters: 4_022_468_096,
      quantization: 'q4f16',
      contextLength: 40_960,
      builtIn: false,
      prefillRate: 900.5,
      decodeRate: 41.2
    },
    {
      name: 'mini',
      hash: 'c3'.repeat(32),
      parameters: null,
      quantization: null,
      contextLength: 512,
      builtIn: true,
      prefillRate: 9000,
      decodeRate: 640
    }
  ],
  queue: 2,
  hardware: 'NVIDIA RTX 3060',
  addresses: ['/ip4/192.168.1.10/tcp/6373']
}

describe('capability between two nodes', () => {
  let nodes: Node[] = []

  afterEach(async () => {
    for (const node of nodes) await node.stop()
    nodes = []
  })

  it('tells each what the other runs, and how far away it is', async () => {
    const make = (own: Capability) => testNode({ capability: capability({ current: () => own }) })
    const [a, b] = await Promise.all([make(desktop), make({ ...desktop, name: 'laptop', models: [], hardware: null })])
    nodes = [a, b]
    const seen = Promise.all([notice(a), notice(b), roundTrip(a), roundTrip(b)])
    await a.dial(b.getMultiaddrs())
    const [fromB, fromA] = await seen
    assert.equal(fromB.peer, b.peerId.toString())
    assert.equal(fromB.capability.name, 'laptop')
    assert.deepEqual(fromA.capability, desktop)
  })
})

type Notice = Extract<CapabilityEvent, { type: 'notice' }>

function until<T extends CapabilityEvent>(node: Node, wanted: (event: CapabilityEvent) => event is T): Promise<T> {
  return new Promise((resolve) => {
    const stop = node.services.capability.listen((event) => {
      if (!wanted(event)) return
      stop()
      resolve(event)
    })
  })
}

const notice = (node: Node) => until(node, (event): event is Notice => event.type === 'notice')
const roundTrip = (node: Node) =>
  until(node, (event): event is CapabilityEvent => event.type === 'beat' && event.roundTripMs !== null)
