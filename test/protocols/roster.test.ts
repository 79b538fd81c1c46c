import { closed, testNode, until } from './nodes.ts'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Libp2p, Stream } from '@libp2p/interface'
import fc from 'fast-check'
import { frameReader, writeFrame, type FrameReader } from '../../src/protocols/framing.ts'
import { MAX_ROSTER_RECORDS } from '../../src/protocols/limits.ts'
import { roster, ROSTER_PROTOCOL, type RosterExchange, type RosterInit } from '../../src/protocols/roster/index.ts'
import { EXCHANGES_PER_PEER, HASHES_PER_FRAME, PEER_RATE } from '../../src/protocols/roster/limits.ts'
import { decodeMessage, encodeMessage, type RosterMessage } from '../../src/protocols/roster/words.ts'
import { ManualClock } from './manual-clock.ts'

type Node = Libp2p<{ roster: RosterExchange }>

/** Records by their hashes: what `trust` keeps, as far as an exchange sees it. */
class Book {
  readonly records = new Map<string, Uint8Array>()
  merges = 0

  constructor(texts: readonly string[] = []) {
    this.add(texts.map((text) => Buffer.from(text)))
  }

  add(records: readonly Uint8Array[]): void {
    for (const record of records) this.records.set(hashOf(record), record)
  }

  get init(): RosterInit {
    return {
      mine: () => {
        const hashes = [...this.records.keys()]
        return { digest: hashOf(Buffer.from(hashes.toSorted().join())), hashes }
      },
      records: (hashes) => hashes.flatMap((hash) => this.records.get(hash) ?? []),
      merge: (records) => {
        this.merges++
        this.add(records)
      }
    }
  }

  get texts(): string[] {
    return [...this.records.values()].map((record) => Buffer.from(record).toString()).sort()
  }
}

describe('roster between two members', () => {
  let nodes: Libp2p[] = []

  async function device(init: RosterInit): Promise<Node> {
    const node = await testNode({ roster: roster(init) })
    nodes.push(node)
    return node
  }

  async function two(here: RosterInit, there: RosterInit): Promise<[Node, Node]> {
    const [a, b] = await Promise.all([device(here), device(there)])
    await a.dial(b.getMultiaddrs())
    return [a, b]
  }

  afterEach(async () => {
    for (const node of nodes) await node.stop()
    nodes = []
  })

  it('brings both to the same records, whatever each of them has', async () => {
    const books: [Book, Book] = [new Book(), new Book()]
    const clock = new ManualClock()
    // The nodes stay; what they have is another one each time.
    const behind = (side: 0 | 1): RosterInit => ({
      mine: () => books[side].init.mine(),
      records: (hashes) => books[side].init.records(hashes),
      merge: (records, from) => {
        books[side].init.merge(records, from)
      },
      clock
    })
    const [a, b] = await two(behind(0), behind(1))
    const texts = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(texts, texts, async (here, there) => {
        // Else they would come too often.
        clock.advance(1000)
        books[0] = new Book(here)
        books[1] = new Book(there)
        const { sent, received } = await a.services.roster.exchange(b.peerId)
        const both = new Book([...here, ...there]).texts
        assert.deepEqual(books[0].texts, both)
        assert.deepEqual(books[1].texts, both)
        assert.deepEqual([sent, received], [both.length - there.length, both.length - here.length])
      }),
      { seed: 7, numRuns: 50 }
    )
  })

  it('says nothing but digests when there is nothing to say', async () => {
    const [here, there] = [new Book(['x', 'y']), new Book(['y', 'x'])]
    const asked = { ...there.init, records: () => assert.fail('nobody asked') }
    const [a, b] = await two({ ...here.init, records: asked.records }, asked)
    assert.deepEqual(await a.services.roster.exchange(b.peerId), { sent: 0, received: 0 })
    assert.equal(here.merges + there.merges, 0)
  })

  it('brings a full roster to a device that has only just come, in pieces', async () => {
    const [here, there] = [new Book(), new Book()]
    here.add(Array.from({ length: MAX_ROSTER_RECORDS }, (_, at) => Buffer.alloc(1000, `${at} `)))
    const [a, b] = await two(here.init, there.init)
    assert.deepEqual(await a.services.roster.exchange(b.peerId), { sent: MAX_ROSTER_RECORDS, received: 0 })
    assert.equal(there.records.size, MAX_ROSTER_RECORDS)
    assert.ok(there.merges > 15, `${there.merges} merges`)
    there.records.delete([...there.records.keys()][5000]!)
    assert.deepEqual(await b.services.roster.exchange(a.peerId), { sent: 0, received: 1 })
  })

  it('is one exchange for all who ask for it at the same time, until the last of them wants it no more', async () => {
    const [here, there] = [new Book(['x']), new Book(['y'])]
    let asked = 0
    const [a, b] = await two(here.init, {
      ...there.init,
      mine: () => {
        asked++
        return there.init.mine()
      }
    })
    const stopped = new AbortController()
    const exchanges = [
      a.services.roster.exchange(b.peerId, { signal: stopped.signal }),
      a.services.roster.exchange(b.peerId, { signal: new AbortController().signal }),
      a.services.roster.exchange(b.peerId)
    ]
    stopped.abort()
    const [first, ...others] = await Promise.allSettled(exchanges)
    assert.equal(first?.status === 'rejected' && (first.reason as Error).name, 'AbortError')
    assert.deepEqual(
      others.map((each) => each.status === 'fulfilled' && each.value),
      Array(2).fill({ sent: 1, received: 1 })
    )
    assert.equal(asked, 1)
    assert.deepEqual(here.texts, there.texts)
  })

  it('ends when nobody waits for it any more, and begins anew for the next', async () => {
    const book = new Book(['x'])
    const a = await device(book.init)
    const mute = await testNode({})
    nodes.push(mute)
    const streams: Stream[] = []
    await mute.handle(ROSTER_PROTOCOL, (stream) => {
      streams.push(stream)
    })
    await a.dial(mute.getMultiaddrs())
    const stop = new AbortController()
    const exchange = a.services.roster.exchange(mute.peerId, { signal: stop.signal })
    await until(() => streams.length === 1)
    const end = closed(streams[0]!)
    stop.abort()
    await assert.rejects(exchange, { name: 'AbortError' })
    assert.equal((await end)?.name, 'StreamResetError')
    const again = a.services.roster.exchange(mute.peerId)
    await until(() => streams.length === 2)
    await a.services.roster.stop()
    await assert.rejects(again, { name: 'PeerUnreachableError' })
  })

  it('says which of the two belongs to no mesh', async () => {
    const [a, b] = await two(new Book(['x']).init, { ...new Book().init, mine: () => null })
    await assert.rejects(a.services.roster.exchange(b.peerId), { name: 'NotMemberError', message: /other device/ })
    await assert.rejects(b.services.roster.exchange(a.peerId), { name: 'NotMemberError', message: /This device/ })
  })

  it('tells nothing of what went wrong inside', async () => {
    const [here, there] = [new Book(['x']), new Book(['y'])]
    const broken = {
      ...there.init,
      merge: () => {
        throw new Error('the disk at /home/me is full')
      }
    }
    const [a, b] = await two(here.init, broken)
    await assert.rejects(a.services.roster.exchange(b.peerId), { name: 'RemoteError', message: /no reason/ })
    assert.deepEqual(here.texts, ['x', 'y'], 'what came before it is kept')
    await assert.rejects(b.services.roster.exchange(a.peerId), { message: /broke/ })
  })

  it('is refused to one that comes too often, and to nobody else', async () => {
    const book = new Book(['x'])
    const [a, b] = await two(book.init, { ...book.init, clock: new ManualClock() })
    for (let count = 0; count < PEER_RATE.capacity; count++) await a.services.roster.exchange(b.peerId)
    await assert.rejects(a.services.roster.exchange(b.peerId), { name: 'BusyError' })
    const c = await device(book.init)
    await c.dial(b.getMultiaddrs())
    await c.services.roster.exchange(b.peerId)
  })

  it('says that a device cannot be reached, or does not speak this', async () => {
    const a = await device(new Book().init)
    const deaf = await testNode({})
    nodes.push(deaf)
    await a.dial(deaf.getMultiaddrs())
    await assert.rejects(a.services.roster.exchange(deaf.peerId), { name: 'PeerUnreachableError', message: /roster/ })
    await deaf.stop()
    await assert.rejects(a.services.roster.exchange(deaf.peerId), { name: 'PeerUnreachableError' })
  })

  describe('with a device that breaks the rules', () => {
    const book = new Book(['x', 'y'])
    const [hash = ''] = book.records.keys()
    const digest = 'aa'.repeat(32)
    const state: RosterMessage = { type: 'state', digest }
    const noHashes: RosterMessage = { type: 'hashes', hashes: [], last: true }
    const noRecords: RosterMessage = { type: 'records', records: [], last: true }
    const record = Buffer.from('z')

    let stream: Stream
    let reader: FrameReader

    async function open(node: Node): Promise<void> {
      const other = await testNode({})
      nodes.push(other)
      stream = await other.dialProtocol(node.getMultiaddrs(), ROSTER_PROTOCOL)
      reader = frameReader(stream, { maxBytes: 512 * 1024 })
    }

    async function say(...messages: RosterMessage[]): Promise<void> {
      for (const message of messages) await writeFrame(stream, encodeMessage(message))
    }

    /** The types of what comes, up to the end or the refusal. */
    async function replies(): Promise<string[]> {
      const types: string[] = []
      while (true) {
        const bytes = await reader.read({ timeoutMs: 5000 })
        if (bytes === undefined) return types
        const message = decodeMessage(bytes)
        types.push(message.type === 'refused' ? `refused ${message.code}` : message.type)
        if (message.type === 'refused') return types
      }
    }

    const wrong: Record<string, RosterMessage[]> = {
      'begins with a list': [noHashes],
      'says its state twice': [state, state],
      'says a hash twice': [state, { type: 'hashes', hashes: [hash, hash], last: true }],
      'says a hash twice in two frames': [
        state,
        { type: 'hashes', hashes: [hash], last: false },
        { type: 'hashes', hashes: [hash], last: true }
      ],
      'gives a record that nobody asked for': [state, noHashes, { type: 'records', records: [record], last: true }],
      'gives more records than it was asked for': [
        state,
        { type: 'hashes', hashes: [hashOf(record)], last: true },
        { type: 'records', records: [record], last: false },
        { type: 'records', records: [Buffer.from('more')], last: true }
      ]
    }
    for (const [what, messages] of Object.entries(wrong)) {
      it(`refuses one that ${what}`, async () => {
        const mine = new Book(['x', 'y'])
        await open(await device(mine.init))
        await say(...messages)
        assert.equal((await replies()).at(-1), 'refused 4')
        await stream.close()
        assert.ok(!mine.texts.includes('more'))
      })
    }

    it('refuses more hashes than a roster has records', async () => {
      await open(await device(book.init))
      await say(state)
      let said = 0
      const saying = (async () => {
        while (said <= MAX_ROSTER_RECORDS) {
          const hashes = Array.from({ length: 1000 }, (_, at) => hashOf(Buffer.from(`${said + at}`)))
          said += hashes.length
          await say({ type: 'hashes', hashes, last: false })
        }
      })()
      assert.deepEqual(await replies(), ['state', 'refused 4'])
      await saying
      await stream.close()
    })

    it('cuts off a frame that is too long at its length prefix, and nonsense with a word', async () => {
      const node = await device(book.init)
      await open(node)
      const end = closed(stream)
      stream.send(new Uint8Array([0x81, 0x80, 0x20])) // 512 KiB and 1
      assert.equal((await end)?.name, 'StreamResetError')
      await open(node)
      await writeFrame(stream, new Uint8Array([0xff, 0xff]))
      assert.deepEqual(await replies(), ['refused 4'])
      await stream.close()
    })

    it('has only so many exchanges with one at the same time', async () => {
      const node = await device(book.init)
      await open(node)
      const first = stream
      const [connection] = nodes.at(-1)!.getConnections()
      const more: Stream[] = []
      for (let count = 0; count < EXCHANGES_PER_PEER; count++) more.push(await connection!.newStream(ROSTER_PROTOCOL))
      stream = more.at(-1)!
      reader = frameReader(stream, { maxBytes: 4096 })
      assert.deepEqual(await replies(), ['refused 2'])
      await stream.close()
      // When one of them ends, there is room again.
      first.abort(new Error('left'))
      await until(
        () => node.getConnections()[0]!.streams.filter(({ protocol }) => protocol === ROSTER_PROTOCOL).length === 1
      )
      stream = await connection!.newStream(ROSTER_PROTOCOL)
      reader = frameReader(stream, { maxBytes: 4096 })
      await say({ type: 'state', digest: book.init.mine()!.digest })
      assert.deepEqual(await replies(), ['state'])
    })

    async function askOf(answers: RosterMessage[]): Promise<void> {
      const other = await testNode({})
      nodes.push(other)
      await other.handle(ROSTER_PROTOCOL, async (far) => {
        const requests = frameReader(far, { maxBytes: 512 * 1024 })
        await requests.read({ timeoutMs: 5000 })
        for (const message of answers) await writeFrame(far, encodeMessage(message))
        await far.close()
      })
      const node = await device(new Book(['x', 'y']).init)
      await node.dial(other.getMultiaddrs())
      await node.services.roster.exchange(other.peerId)
    }

    it('does not give what it did not offer, nor take a list for another, nor an end for the end', async () => {
      const unknown: RosterMessage = { type: 'hashes', hashes: [digest], last: true }
      await assert.rejects(askOf([state, unknown, noRecords]), { name: 'ProtocolError', message: /nobody offered/ })
      await assert.rejects(askOf([state, noRecords, noHashes]), { name: 'ProtocolError', message: /expected/ })
      await assert.rejects(askOf([state, noHashes]), { name: 'PeerUnreachableError' })
      await assert.rejects(askOf([state, noHashes, noRecords, state]), { name: 'ProtocolError', message: /after/ })
      await assert.rejects(askOf([{ type: 'refused', code: 77 }]), { name: 'RemoteError' })
      await askOf([state, noHashes, noRecords])
    })
  })
})

describe('the messages of roster', () => {
  it('have hashes of their length and records within their limits', () => {
    const hashes = (bytes: number, last: boolean) => () =>
      decodeMessage(
        new Uint8Array([
          0x12,
          ...varint(bytes + 1 + varint(bytes).length + 2),
          0x0a,
          ...varint(bytes),
          ...new Uint8Array(bytes),
          0x10,
          last ? 1 : 0
        ])
      )
    assert.deepEqual(hashes(0, true)(), { type: 'hashes', hashes: [], last: true })
    assert.throws(hashes(0, false), { name: 'ProtocolError' })
    assert.throws(hashes(33, true), { name: 'ProtocolError' })
    assert.throws(hashes(32 * (HASHES_PER_FRAME + 1), true), { name: 'ProtocolError' })
    assert.equal((hashes(32 * HASHES_PER_FRAME, true)() as { hashes: string[] }).hashes.length, HASHES_PER_FRAME)
    for (const records of [[new Uint8Array(0)], [new Uint8Array(4097)], []]) {
      const bytes = encodeMessage({ type: 'records', records, last: false })
      assert.throws(() => decodeMessage(bytes), { name: 'ProtocolError' })
    }
  })
})

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
