import { closed, testNode, until } from './nodes.ts'
import assert from 'node:assert/strict'
import type { Libp2p, Stream } from '@libp2p/interface'
import { DiskFullError, NotAllowedError, ProtocolError } from '../../src/errors.ts'
import { frameReader, writeFrame, type FrameReader } from '../../src/protocols/framing.ts'
import { sync, SYNC_PROTOCOL, type Sync, type SyncLink, type SyncMessage } from '../../src/protocols/sync/index.ts'
import { FRAME_RATE, MAX_UPDATE_BYTES } from '../../src/protocols/sync/limits.ts'
import { decodeMessage, encodeMessage, errorFor } from '../../src/protocols/sync/words.ts'
import { ManualClock } from './manual-clock.ts'
import { syncMessages } from './sync-messages.ts'

type Node = Libp2p<{ sync: Sync }>

/** What is said over one stream, as the one who is called for it sees it. */
class Talk {
  readonly link: SyncLink
  readonly heard: SyncMessage[] = []
  started = false
  stopped = false
  /** What becomes of a message. */
  take: (message: SyncMessage) => Promise<void> = () => Promise.resolve()

  constructor(link: SyncLink) {
    this.link = link
  }

  start(): void {
    this.started = true
  }

  async receive(message: SyncMessage): Promise<void> {
    await this.take(message)
    this.heard.push(message)
  }

  stop(): void {
    this.stopped = true
  }
}

describe('sync between two members', () => {
  let nodes: Libp2p[] = []

  interface Device {
    node: Node
    talks: Talk[]
  }

  async function device(clock?: ManualClock, prepare: (talk: Talk) => void = () => undefined): Promise<Device> {
    const talks: Talk[] = []
    const meet = (link: SyncLink) => {
      const talk = new Talk(link)
      prepare(talk)
      talks.push(talk)
      return talk
    }
    const node = await testNode({ sync: sync({ meet, ...(clock !== undefined && { clock }) }) })
    nodes.push(node)
    return { node, talks }
  }

  /** The lesser PeerId opens; it is given first. */
  function inOrder(one: Device, other: Device): [Device, Device] {
    return one.node.peerId.toString() < other.node.peerId.toString() ? [one, other] : [other, one]
  }

  async function two(): Promise<[Device, Device]> {
    const both = inOrder(await device(), await device())
    await both[0].node.dial(both[1].node.getMultiaddrs())
    await until(() => both.every(({ talks }) => talks.at(-1)?.started === true))
    return both
  }

  afterEach(async () => {
    for (const node of nodes) await node.stop()
    nodes = []
  })

  it('opens one stream, which one of them leads, and carries every message as it is, both ways', async () => {
    const [leader, other] = await two()
    const [here, there] = [leader.talks[0]!, other.talks[0]!]
    assert.deepEqual([here.link.leads, there.link.leads], [true, false])
    assert.ok(here.link.peer.equals(other.node.peerId) && there.link.peer.equals(leader.node.peerId))
    for (const message of syncMessages) await Promise.all([here.link.send(message), there.link.send(message)])
    await until(() => here.heard.length === syncMessages.length && there.heard.length === syncMessages.length)
    assert.deepEqual(plain(there.heard), plain(syncMessages))
    assert.deepEqual(plain(here.heard), plain(syncMessages))
    assert.deepEqual([leader.talks.length, other.talks.length], [1, 1])
  })

  it('takes 42 bytes to find that both have the same, and 44 to ask again', () => {
    const frame = (message: SyncMessage) => encodeMessage(message).byteLength + 1
    const root = (answer: boolean): SyncMessage => ({ type: 'root', hash: new Uint8Array(16), answer })
    assert.equal(2 * frame(root(false)), 42)
    assert.equal(frame(root(true)) + frame(root(false)), 44)
  })

  it('reads no frame before the one before it is done with', async () => {
    const [leader, other] = await two()
    const order: string[] = []
    let finish: () => void = () => undefined
    other.talks[0]!.take = async ({ type }) => {
      order.push(`${type} comes`)
      if (type === 'turn') await new Promise<void>((resolve) => (finish = resolve))
      order.push(`${type} is done`)
    }
    await leader.talks[0]!.link.send({ type: 'turn' })
    await leader.talks[0]!.link.send(syncMessages[0]!)
    await until(() => order.length === 1)
    // Whatever could come by now has come.
    await other.talks[0]!.link.send(syncMessages[0]!)
    await until(() => leader.talks[0]!.heard.length === 1)
    assert.deepEqual(order, ['turn comes'])
    finish()
    await until(() => order.length === 4)
    assert.deepEqual(order, ['turn comes', 'turn is done', 'root comes', 'root is done'])
  })

  it('lets a sender wait whose messages are not taken, instead of holding them', async () => {
    const [leader, other] = await two()
    other.talks[0]!.take = () => new Promise(() => undefined)
    const update: SyncMessage = { type: 'update', document: 'm-x-1', update: new Uint8Array(MAX_UPDATE_BYTES) }
    let sent = 0
    const sending = (async () => {
      for (; sent < 1000; sent++) await leader.talks[0]!.link.send(update)
    })()
    const ended = assert.rejects(sending, { name: 'PeerUnreachableError' })
    await until(() => sent > 4)
    const before = sent
    // Far longer than what is under way needs.
    for (let turn = 0; turn < 2000; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(sent < 64, `${sent} of a quarter of a MiB were taken, ${before} at first`)
    await leader.node.hangUp(other.node.peerId)
    await ended
  })

  it('ends what is said with its stream, and opens another one while both are connected', async () => {
    const [leader, other] = await two()
    leader.node
      .getConnections()[0]!
      .streams.find(({ protocol }) => protocol === SYNC_PROTOCOL)!
      .abort(new Error('cut'))
    await until(() => leader.talks.length === 2 && other.talks.length === 2)
    assert.ok(leader.talks[0]!.stopped && other.talks[0]!.stopped)
    assert.ok(!leader.talks[1]!.stopped && !other.talks[1]!.stopped)
    await leader.node.hangUp(other.node.peerId)
    await until(() => leader.talks[1]!.stopped && other.talks[1]!.stopped)
  })

  it('waits longer and longer before it opens another stream to one that ends each at once', async () => {
    const clock = new ManualClock()
    const refuse = (talk: Talk) => {
      talk.take = () => Promise.reject(new ProtocolError('nonsense'))
    }
    const speak = (talk: Talk) => {
      talk.start = () => void talk.link.send({ type: 'turn' }).catch(() => undefined)
    }
    const leader = await device(clock, speak)
    let other = await device(undefined, refuse)
    while (leader.node.peerId.toString() > other.node.peerId.toString()) other = await device(undefined, refuse)
    await leader.node.dial(other.node.getMultiaddrs())
    const waits: number[] = []
    for (let count = 1; count < 8; count++) {
      await until(() => leader.talks.length === count && leader.talks.at(-1)!.stopped)
      let waited = 0
      // The stream's end is told a turn or two after the talk's.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      while (leader.talks.length === count && waited < 60_000) {
        clock.advance(250)
        waited += 250
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
        await settle()
      }
      waits.push(waited)
    }
    assert.ok(waits[0]! <= 1000, waits.join())
    assert.ok(waits.at(-1)! >= 8000 && waits.at(-1)! <= 12_000, waits.join())
  })

  describe('with a device that the test plays', () => {
    let clock: ManualClock
    let own: Device
    let stream: Stream
    let reader: FrameReader
    let talk: Talk

    beforeEach(async () => {
      clock = new ManualClock()
      let other = await testNode({})
      nodes.push(other)
      own = await device(clock)
      // The one that waits for the other to open is easier to play.
      while (own.node.peerId.toString() < other.peerId.toString()) {
        other = await testNode({})
        nodes.push(other)
      }
      stream = await other.dialProtocol(own.node.getMultiaddrs(), SYNC_PROTOCOL)
      reader = frameReader(stream, { maxBytes: 1024 })
      await until(() => own.talks.length === 1)
      talk = own.talks[0]!
    })

    const refusal = async () => decodeMessage((await reader.read({ timeoutMs: 5000 }))!)

    for (const [error, code] of [
      [new ProtocolError('beyond a limit'), 2],
      [new NotAllowedError('no member'), 3],
      [new DiskFullError('full'), 4],
      [new Error('the path /home/me/mesh.db is gone'), 1]
    ] as const) {
      it(`says that it refuses with ${code} where the talk fails with ${error.name}, and no more`, async () => {
        talk.take = () => Promise.reject(error)
        const end = closed(stream)
        await writeFrame(stream, encodeMessage({ type: 'turn' }))
        assert.deepEqual(await refusal(), { type: 'refused', code })
        await stream.close()
        await end
        await until(() => talk.stopped)
      })
    }

    it('ends the stream at bytes that are no frame, and tells the talk nothing of them', async () => {
      await writeFrame(stream, new Uint8Array([0xff, 0xff, 0xff]))
      assert.deepEqual(await refusal(), { type: 'refused', code: 2 })
      await until(() => talk.stopped)
      assert.deepEqual(talk.heard, [])
    })

    it('ends the stream at a frame that says it is longer than a MiB, before any of it is there', async () => {
      const end = closed(stream)
      stream.send(new Uint8Array([0x81, 0x80, 0x40]))
      assert.equal((await end)?.name, 'StreamResetError')
      await until(() => talk.stopped)
    })

    it('goes on after a kind of frame that it does not know', async () => {
      await writeFrame(stream, new Uint8Array([0x7a, 0]))
      await writeFrame(stream, encodeMessage({ type: 'turn' }))
      await until(() => talk.heard.length === 1)
    })

    it('takes what comes too fast at its own pace, and all of it', async () => {
      const extra = 50
      const frame = encodeMessage({ type: 'turn' })
      for (let count = 0; count < FRAME_RATE.capacity + extra; count++) await writeFrame(stream, frame)
      await until(() => talk.heard.length === FRAME_RATE.capacity)
      await settle()
      assert.equal(talk.heard.length, FRAME_RATE.capacity)
      for (let count = 1; count <= extra; count++) {
        clock.advance(1000 / FRAME_RATE.perSecond)
        await until(() => talk.heard.length === FRAME_RATE.capacity + count)
      }
    })

    it('takes a newer stream for the one that counts', async () => {
      const node = nodes.find((each) => each.getConnections().some(({ streams }) => streams.includes(stream)))!
      const end = closed(stream)
      await node.dialProtocol(own.node.getMultiaddrs(), SYNC_PROTOCOL)
      await end
      await until(() => own.talks.length === 2)
      assert.ok(!own.talks[1]!.stopped)
    })
  })

  it('makes an error of each code, and of unknown ones too', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 99].map((code) => errorFor(code).name),
      ['RemoteError', 'ProtocolError', 'NotAllowedError', 'DiskFullError', 'BusyError', 'RemoteError']
    )
  })

  it('refuses what breaks a limit or makes no sense', () => {
    const bytes = (length: number) => new Uint8Array(length)
    const state = { id: 'm-x-1', vector: bytes(3), structure: bytes(32), content: bytes(32) }
    const range = { from: 'a', to: 'b', count: 1, hash: bytes(16) }
    const wrong: SyncMessage[] = [
      { type: 'root', hash: bytes(15), answer: false },
      { type: 'ranges', ranges: [{ ...range, to: 'a' }] },
      { type: 'ranges', ranges: [{ ...range, from: 'c' }] },
      { type: 'ranges', ranges: [{ ...range, hash: bytes(32) }] },
      { type: 'ranges', ranges: [{ ...range, count: 20_000_000 }] },
      { type: 'ranges', ranges: Array(257).fill(range) as never },
      { type: 'list', from: '', to: null, documents: [{ id: 'A b', head: bytes(16) }] },
      { type: 'list', from: '', to: null, documents: [{ id: 'x'.repeat(65), head: bytes(16) }] },
      { type: 'list', from: '', to: null, documents: [{ id: 'x', head: bytes(17) }] },
      { type: 'states', documents: [{ ...state, structure: bytes(31) }], answer: true },
      { type: 'states', documents: [{ ...state, vector: bytes(0) }], answer: true },
      { type: 'states', documents: [{ ...state, vector: bytes(65_537) }], answer: true },
      { type: 'states', documents: Array(65).fill(state) as never, answer: true },
      { type: 'update', document: 'm-x-1', update: bytes(0) },
      { type: 'update', document: 'm-x-1', update: bytes(MAX_UPDATE_BYTES + 1) },
      { type: 'update', document: '', update: bytes(5) }
    ]
    for (const message of wrong) {
      assert.throws(
        () => decodeMessage(encodeMessage(message)),
        { name: 'ProtocolError' },
        JSON.stringify(message).slice(0, 80)
      )
    }
  })
})

/** Lets everything that is under way in this process happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Bytes of a frame come as another class than those that were sent. */
function plain(messages: readonly SyncMessage[]): string[] {
  return messages.map((message) => Buffer.from(encodeMessage(message)).toString('hex'))
}
