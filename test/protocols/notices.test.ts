import { testNode, until } from './nodes.ts'
import assert from 'node:assert/strict'
import { gossipsub, type GossipSub } from '@libp2p/gossipsub'
import type { Libp2p } from '@libp2p/interface'
import {
  gossipOptions,
  notices,
  NOTICES_TOPIC,
  type Notice,
  type Notices,
  type NoticesInit
} from '../../src/protocols/notices/index.ts'
import { encodeNotice } from '../../src/protocols/capability/words.ts'
import { desktop, laptop } from './devices.ts'
import { ManualClock } from './manual-clock.ts'

type Node = Libp2p<{ pubsub: GossipSub; notices: Notices }>

describe('notices over gossip', () => {
  let nodes: Node[] = []
  let heard: { at: number; notice: Notice }[] = []

  async function chain(count: number, init: NoticesInit = {}): Promise<void> {
    nodes = await Promise.all(
      Array.from({ length: count }, () => testNode({ pubsub: gossipsub(gossipOptions), notices: notices(init) }))
    )
    heard = []
    for (const [at, node] of nodes.entries()) {
      node.services.notices.listen((notice) => heard.push({ at, notice }))
      const before = nodes[at - 1]
      if (before !== undefined) await node.dial(before.getMultiaddrs())
    }
    for (const [at, node] of nodes.entries()) {
      const neighbours = (at > 0 ? 1 : 0) + (at < count - 1 ? 1 : 0)
      await until(() => node.services.pubsub.getSubscribers(NOTICES_TOPIC).length === neighbours)
    }
  }

  afterEach(async () => {
    for (const node of nodes) await node.stop()
  })

  it('reach a device that is not connected to the one that speaks, signed by it', async () => {
    await chain(3)
    nodes[0]!.services.notices.publish(desktop)
    await until(() => heard.some(({ at }) => at === 2))
    const { notice } = heard.find(({ at }) => at === 2)!
    assert.deepEqual(notice, { peer: nodes[0]!.peerId.toString(), capability: desktop })
  })

  it('are repeated for those who come later, and not sent faster than the gap', async () => {
    const clock = new ManualClock()
    await chain(2, { clock })
    const speaker = nodes[0]!.services.notices
    speaker.publish(desktop)
    for (let sequence = 4; sequence < 50; sequence++) speaker.publish({ ...laptop, sequence })
    await until(() => heard.length === 1)
    clock.advance(1000)
    await until(() => heard.length === 2)
    assert.equal(heard[1]?.notice.capability.sequence, 49)
    clock.advance(30_000)
    await until(() => heard.length === 3)
  })

  it('that are malformed go no further, nor those of a device that is not admitted', async () => {
    let admitted = true
    let refusals = 0
    const accept = () => {
      if (!admitted) refusals++
      return admitted
    }
    await chain(3, { accept })
    const say = (bytes: Uint8Array) => nodes[0]!.services.pubsub.publish(NOTICES_TOPIC, bytes)
    await say(new Uint8Array([0xff, 0xff, 0xff]))
    await say(encodeNotice({ ...desktop, sequence: 1 }))
    await until(() => heard.some(({ at }) => at === 2))
    admitted = false
    await say(encodeNotice({ ...desktop, sequence: 2 }))
    await until(() => refusals > 0)
    admitted = true
    await say(encodeNotice({ ...desktop, sequence: 3 }))
    await until(() => heard.filter(({ at }) => at === 2).length === 2)
    assert.deepEqual(
      heard.map(({ at, notice }) => [at, notice.capability.sequence]),
      [
        [1, 1],
        [2, 1],
        [1, 3],
        [2, 3]
      ]
    )
  })

  it('are taken from one signer only as often as it may', async () => {
    const clock = new ManualClock()
    await chain(2, { clock })
    for (let sequence = 1; sequence <= 50; sequence++) {
      await nodes[0]!.services.pubsub.publish(NOTICES_TOPIC, encodeNotice({ ...desktop, sequence }))
    }
    clock.advance(1000)
    await until(() => heard.length >= 10)
    nodes[1]!.services.notices.publish(laptop)
    await until(() => heard.some(({ at }) => at === 0))
    assert.ok(heard.filter(({ at }) => at === 1).length <= 11)
  })
})
