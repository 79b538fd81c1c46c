import { closed, testNode, until } from './nodes.ts'
import assert from 'node:assert/strict'
import type { Libp2p, Stream } from '@libp2p/interface'
import type { Capability } from '../../src/interface.ts'
import {
  capability,
  CAPABILITY_PROTOCOL,
  type CapabilityEvent,
  type CapabilityInit,
  type CapabilityService,
  type Known
} from '../../src/protocols/capability/index.ts'
import { decodeWords, encodeWords, type Words } from '../../src/protocols/capability/words.ts'
import { frameReader, writeFrame, type FrameReader } from '../../src/protocols/framing.ts'
import { desktop, laptop } from './devices.ts'
import { ManualClock } from './manual-clock.ts'

type Node = Libp2p<{ capability: CapabilityService }>

describe('capability between two nodes', () => {
  let nodes: Libp2p[] = []

  async function device(own: Capability, init: Partial<CapabilityInit> = {}): Promise<Node> {
    const node = await testNode({ capability: capability({ current: () => own, ...init }) })
    nodes.push(node)
    return node
  }

  afterEach(async () => {
    for (const node of nodes) await node.stop()
    nodes = []
  })

  it('tells each what the other runs, and how far away it is', async () => {
    const [a, b] = await Promise.all([device(desktop), device(laptop)])
    const seen = Promise.all([next(a, 'notice'), next(b, 'notice'), roundTrip(a), roundTrip(b)])
    await a.dial(b.getMultiaddrs())
    const [fromB, fromA] = await seen
    assert.equal(fromB.peer, b.peerId.toString())
    assert.deepEqual(fromB.capability, laptop)
    assert.deepEqual(fromA.capability, desktop)
  })

  it('has one stream even when both dial at the same moment', async () => {
    const [a, b] = await Promise.all([device(desktop), device(laptop)])
    const seen = Promise.all([next(a, 'notice'), next(b, 'notice')])
    await Promise.all([a.dial(b.getMultiaddrs()), b.dial(a.getMultiaddrs())])
    await seen
    await until(() => streamsOf(a).length === 1 && streamsOf(b).length === 1)
    await Promise.all([roundTrip(a), roundTrip(b)])
    assert.equal(streamsOf(a).length, 1)
  })

  it('tells of a change soon, and of many in quick succession as few', async () => {
    let own = desktop
    const [a, b] = await Promise.all([device(desktop, { current: () => own }), device(laptop)])
    const first = next(b, 'notice')
    await a.dial(b.getMultiaddrs())
    await first
    const notices: Capability[] = []
    const stop = b.services.capability.listen((event) => {
      if (event.type === 'notice') notices.push(event.capability)
    })
    for (let queue = 1; queue <= 100; queue++) {
      own = { ...desktop, sequence: desktop.sequence + queue, queue }
      a.services.capability.changed()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => notices.at(-1)?.queue === 100)
    stop()
    assert.ok(notices.length <= 5, `${notices.length} notices`)
  })

  it('says who else is there when a peer asks, in as many frames as it takes, and whom it can spare', async () => {
    const others = Array.from({ length: 700 }, (_, index) => ({
      peer: `peer-${index}`,
      capability: { ...laptop, name: `device-${index}` },
      agoMs: index
    }))
    const [a, b] = await Promise.all([device(desktop), device(laptop, { known: () => others })])
    const spare = next(a, 'spare')
    const heard: Known[] = []
    a.services.capability.listen((event) => {
      if (event.type === 'known') heard.push(...event.known)
    })
    const seen = Promise.all([next(a, 'notice'), next(b, 'notice')])
    await a.dial(b.getMultiaddrs())
    await seen
    b.services.capability.spare(a.peerId.toString(), true)
    assert.equal((await spare).spare, true)
    a.services.capability.askKnown(b.peerId.toString())
    await until(() => heard.length >= others.length)
    assert.deepEqual(heard, others)
  })

  it('says that a peer is gone when its connection breaks', async () => {
    const [a, b] = await Promise.all([device(desktop), device(laptop)])
    const seen = Promise.all([next(a, 'notice'), next(b, 'notice')])
    await a.dial(b.getMultiaddrs())
    await seen
    const gone = next(a, 'closed')
    for (const connection of b.getConnections()) connection.abort(new Error('killed'))
    assert.equal((await gone).peer, b.peerId.toString())
  })

  it('opens the stream again when it breaks and the connection does not', async () => {
    const [a, b] = await Promise.all([device(desktop), device(laptop)])
    const seen = Promise.all([next(a, 'notice'), next(b, 'notice')])
    await a.dial(b.getMultiaddrs())
    await seen
    const events = Promise.all([next(a, 'closed'), next(b, 'closed'), next(a, 'notice'), next(b, 'notice')])
    streamsOf(a)[0]?.abort(new Error('broken'))
    const [closedAtA] = await events
    assert.equal(closedAtA.connected, true)
  })

  describe('with a peer that the test plays', () => {
    let clock: ManualClock
    let node: Node
    let stream: Stream
    let peer: string
    let events: CapabilityEvent[]
    let reader: FrameReader
    let hello: Words
    /** What the node knows of others. */
    let others: () => Known[]

    beforeEach(async () => {
      clock = new ManualClock()
      others = () => []
      node = await device(desktop, { clock, known: () => others() })
      events = []
      node.services.capability.listen((event) => events.push(event))
      // The one that must wait for the other to open the stream is easier to play.
      const other = await testNode({})
      nodes.push(other)
      peer = other.peerId.toString()
      if (node.peerId.toString() < peer) {
        const opened = new Promise<Stream>((resolve) => void other.handle(CAPABILITY_PROTOCOL, resolve))
        await node.dial(other.getMultiaddrs())
        stream = await opened
      } else {
        stream = await other.dialProtocol(node.getMultiaddrs(), CAPABILITY_PROTOCOL)
      }
      reader = frameReader(stream, { maxBytes: 65_536 })
      hello = await read()
    })

    const read = async () => decodeWords((await reader.read({ timeoutMs: 1000 }))!)

    const types = () => events.map(({ type }) => type)

    it('says hello with its notice and a heartbeat, and answers one', async () => {
      assert.deepEqual(hello, { capability: desktop, beat: 1 })
      await writeFrame(stream, encodeWords({ beat: 17 }))
      assert.deepEqual(await read(), { echo: 17 })
      clock.advance(2000)
      assert.deepEqual(await read(), { beat: 2 })
      clock.advance(30)
      await writeFrame(stream, encodeWords({ echo: 2 }))
      await until(() => events.some((event) => event.type === 'beat' && event.roundTripMs === 30))
    })

    it('says what changed too soon after the last notice as soon as it may', async () => {
      clock.advance(100)
      node.services.capability.changed()
      assert.deepEqual(await read(), { capability: desktop })
      clock.advance(40)
      node.services.capability.changed()
      clock.advance(100)
      assert.deepEqual(await read(), { capability: desktop })
    })

    it('takes no word of who else is there unless it has asked for it', async () => {
      const known = [{ peer: 'pi', capability: laptop, agoMs: 5 }]
      await writeFrame(stream, encodeWords({ known }))
      await writeFrame(stream, encodeWords({ spare: true }))
      await until(() => types().includes('spare'))
      assert.ok(!types().includes('known'))
      node.services.capability.askKnown(peer)
      assert.deepEqual(await read(), { asks: true })
      await writeFrame(stream, encodeWords({ known }))
      await until(() => types().includes('known'))
    })

    it('says who else is there only once in half a minute, however often it is asked', async () => {
      let times = 0
      others = () => {
        times++
        return []
      }
      for (let asked = 1; asked <= 3; asked++) {
        await writeFrame(stream, encodeWords({ asks: true, beat: asked }))
        assert.deepEqual(await read(), { echo: asked })
      }
      assert.equal(times, 1)
      clock.advance(30_000)
      await writeFrame(stream, encodeWords({ asks: true }))
      await until(() => times === 2)
    })

    it('calls it silent within six seconds, keeps its stream, and has it back at its first word', async () => {
      await writeFrame(stream, encodeWords({ capability: laptop }))
      await until(() => types().includes('notice'))
      clock.advance(5000)
      assert.ok(!types().includes('silent'))
      clock.advance(1000)
      assert.equal(types().filter((type) => type === 'silent').length, 1)
      clock.advance(600_000)
      assert.equal(types().filter((type) => type === 'silent').length, 1)
      assert.equal(stream.status, 'open')
      events.length = 0
      await writeFrame(stream, encodeWords({ beat: 5 }))
      await until(() => types().includes('beat'))
      assert.deepEqual(types(), ['beat'])
    })

    it('keeps the latest notice for a silent peer until it is back', async () => {
      clock.advance(6000)
      for (let i = 0; i < 100; i++) {
        node.services.capability.changed()
        clock.advance(1000)
      }
      await writeFrame(stream, encodeWords({ beat: 1 }))
      const heard: string[] = []
      while (!heard.includes('capability')) {
        heard.push(...Object.keys(await read()))
      }
      assert.deepEqual(heard.filter((word) => word !== 'beat').sort(), ['capability', 'echo'])
      assert.ok(heard.filter((word) => word === 'beat').length < 8)
    })

    it('beats at once when this device wakes, and does not blame the peer for the time', async () => {
      events.length = 0
      clock.sleep(3_600_000)
      assert.deepEqual(await read(), { beat: 2 })
      assert.deepEqual(events, [])
    })

    it('says that it closed when it is reset', async () => {
      stream.abort(new Error('killed'))
      await until(() => types().includes('closed'))
    })

    it('ends a stream that brings nonsense', async () => {
      const gone = closed(stream)
      await writeFrame(stream, new Uint8Array([0xff, 0xff, 0xff]))
      assert.equal((await gone)?.name, 'StreamResetError')
      await until(() => types().includes('closed'))
      assert.ok(events.every(({ type }) => type !== 'notice'))
    })

    it('ends a stream that brings more than it may', async () => {
      const gone = closed(stream)
      for (let beat = 1; beat < 100 && stream.writeStatus === 'writable'; beat++) stream.send(frame({ beat }))
      assert.equal((await gone)?.name, 'StreamResetError')
      const heard = events.filter(({ type }) => type === 'beat').length
      assert.ok(heard <= 60, `${heard} heard`)
      assert.equal(events.at(-1)?.type, 'closed')
    })

    it('refuses a stream that the wrong side opens', async () => {
      let greater = await testNode({})
      nodes.push(greater)
      while (greater.peerId.toString() < node.peerId.toString()) {
        greater = await testNode({})
        nodes.push(greater)
      }
      const wrong = await greater.dialProtocol(node.getMultiaddrs(), CAPABILITY_PROTOCOL)
      if (wrong.status === 'open') await closed(wrong)
      assert.equal(wrong.status, 'reset')
    })
  })
})

function frame(words: Parameters<typeof encodeWords>[0]): Uint8Array {
  const bytes = encodeWords(words)
  return new Uint8Array([bytes.byteLength, ...bytes])
}

function streamsOf(node: Node): Stream[] {
  return node.getConnections().flatMap(({ streams }) => streams.filter((s) => s.protocol === CAPABILITY_PROTOCOL))
}

type EventOf<Type> = Extract<CapabilityEvent, { type: Type }>

function next<Type extends CapabilityEvent['type']>(node: Node, type: Type): Promise<EventOf<Type>> {
  return first(node, (event): event is EventOf<Type> => event.type === type)
}

function roundTrip(node: Node): Promise<EventOf<'beat'>> {
  return first(node, (event): event is EventOf<'beat'> => event.type === 'beat' && event.roundTripMs !== null)
}

function first<T extends CapabilityEvent>(node: Node, isIt: (event: CapabilityEvent) => event is T): Promise<T> {
  return new Promise((resolve) => {
    const stop = node.services.capability.listen((event) => {
      if (!isIt(event)) return
      stop()
      resolve(event)
    })
  })
}
