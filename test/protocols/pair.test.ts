import { closed, testNode, until } from './nodes.ts'
import assert from 'node:assert/strict'
import type { Libp2p, Stream } from '@libp2p/interface'
import type { PairMessage } from '../../src/interface.ts'
import { frameReader, writeFrame } from '../../src/protocols/framing.ts'
import { pair, PAIR_PROTOCOL, type Pair, type PairConversation, type PairInit } from '../../src/protocols/pair/index.ts'
import { MAX_CONVERSATIONS, MAX_NEWCOMER_BYTES, OVERALL_RATE, PEER_RATE } from '../../src/protocols/pair/limits.ts'
import { decodeMessage, encodeMessage } from '../../src/protocols/pair/words.ts'
import { ManualClock } from './manual-clock.ts'
import { admitted, commitment, confirmed, hello, hex, messages, refusals, reveal } from './pair-messages.ts'

type Node = Libp2p<{ pair: Pair }>

describe('pair between a newcomer and a member', () => {
  let nodes: Libp2p[] = []
  let answer: PairInit['answer']
  let member: Node

  async function device(init: Partial<PairInit> = {}): Promise<Node> {
    const node = await testNode({ pair: pair({ answer: (conversation) => answer(conversation), ...init }) })
    nodes.push(node)
    return node
  }

  /** The member dials, so that its limit on new connections, which is libp2p's, stays out of the way. */
  async function newcomer(): Promise<Node> {
    const node = await device()
    await member.dial(node.getMultiaddrs())
    await until(() => node.getConnections(member.peerId).length > 0)
    return node
  }

  beforeEach(async () => {
    answer = forever
    member = await device()
  })
  afterEach(async () => {
    for (const node of nodes) await node.stop()
    nodes = []
  })

  it('brings every message there unchanged, and the last ones before the end', async () => {
    const fromNewcomer = messages.filter(({ type }) => type !== 'records')
    const heard: PairMessage[] = []
    answer = async (conversation) => {
      for (const message of messages) await conversation.send(message)
      while (heard.length < fromNewcomer.length) heard.push(await conversation.receive())
      await conversation.send(admitted)
    }
    const conversation = await (await newcomer()).services.pair.open(member.peerId)
    for (const message of fromNewcomer) await conversation.send(message)
    const answered: PairMessage[] = []
    while (answered.length <= messages.length) answered.push(plain(await conversation.receive()))
    assert.deepEqual(heard, fromNewcomer)
    assert.deepEqual(answered, [...messages, admitted])
    await assert.rejects(conversation.receive(), { name: 'PeerUnreachableError' })
    assert.ok(conversation.closed.aborted)
  })

  it('tells each side who the other is, and where it speaks from', async () => {
    const seen = settling<PairConversation>()
    answer = (conversation) => {
      seen.resolve(conversation)
      return Promise.resolve()
    }
    const node = await newcomer()
    const conversation = await node.services.pair.open(member.peerId)
    await conversation.send(hello)
    assert.ok((await seen.promise).peer.equals(node.peerId))
    assert.ok(conversation.peer.equals(member.peerId))
    for (const { address } of [await seen.promise, conversation])
      assert.match(address, /^\/ip4\/127\.0\.0\.1\/tcp\/\d+$/)
  })

  it('brings a whole roster in pieces', async () => {
    const roster = Array.from({ length: 500 }, (_, at) => new Uint8Array(4096).fill(at))
    answer = (conversation) => conversation.send({ type: 'records', records: roster })
    const conversation = await (await newcomer()).services.pair.open(member.peerId)
    await conversation.send(hello)
    const got: Uint8Array[] = []
    let pieces = 0
    for (; got.length < roster.length; pieces++) {
      const message = await conversation.receive()
      assert.ok(message.type === 'records')
      got.push(...message.records)
    }
    assert.ok(pieces >= 4, `${pieces} pieces`)
    assert.deepEqual(
      got.map(([first, ...rest]) => [first, rest.length]),
      roster.map(([first]) => [first, 4095])
    )
  })

  it('is not begun with a newcomer that says nothing, and ends when it is too late', async () => {
    let begun = 0
    answer = () => {
      begun++
      return Promise.resolve()
    }
    member = await device({ firstMessageMs: 50 })
    const conversation = await (await newcomer()).services.pair.open(member.peerId)
    assert.deepEqual(await conversation.receive(), { type: 'refused', reason: 'timeout' })
    assert.equal(begun, 0)
  })

  it('ends when somebody is waited for too long, and says so to the other side', async () => {
    const failed = failureOf((conversation) => conversation.receive({ timeoutMs: 50 }))
    const conversation = await (await newcomer()).services.pair.open(member.peerId)
    await conversation.send(hello)
    assert.deepEqual(await conversation.receive(), { type: 'refused', reason: 'timeout' })
    await conversation.close()
    assert.equal((await failed)?.name, 'PeerSilentError')
  })

  it('ends at the signal, on both sides', async () => {
    const stop = new AbortController()
    const failed = failureOf((conversation) => conversation.receive({ signal: stop.signal }))
    const conversation = await (await newcomer()).services.pair.open(member.peerId)
    await conversation.send(hello)
    stop.abort()
    assert.equal((await failed)?.name, 'AbortError')
    await ended(conversation)
    await assert.rejects(conversation.receive(), { name: 'PeerUnreachableError' })
    await assert.rejects(conversation.send(reveal), { name: 'PeerUnreachableError' })
  })

  it('notices when the other side goes away while a person is waited for', async () => {
    const seen = settling<PairConversation>()
    answer = (conversation) => {
      seen.resolve(conversation)
      return forever()
    }
    const node = await newcomer()
    await (await node.services.pair.open(member.peerId)).send(hello)
    const conversation = await seen.promise
    await node.stop()
    await ended(conversation)
  })

  it('breaks off when answering fails, or this device stops', async () => {
    answer = () => Promise.reject(new Error('internal'))
    const node = await newcomer()
    const first = await node.services.pair.open(member.peerId)
    await first.send(hello)
    await ended(first)
    answer = forever
    const second = await node.services.pair.open(member.peerId)
    await second.send(hello)
    await member.services.pair.stop()
    await ended(second)
  })

  it('says why it cannot be opened', async () => {
    const node = await newcomer()
    const deaf = await testNode({})
    nodes.push(deaf)
    await node.dial(deaf.getMultiaddrs())
    await assert.rejects(node.services.pair.open(deaf.peerId), { name: 'PeerUnreachableError', message: /pair/ })
    await deaf.stop()
    await assert.rejects(node.services.pair.open(deaf.peerId), { name: 'PeerUnreachableError' })
    const stopped = AbortSignal.abort()
    await assert.rejects(node.services.pair.open(member.peerId, { signal: stopped }), { name: 'AbortError' })
  })

  it('never sends what the other side would refuse', async () => {
    const conversation = await (await newcomer()).services.pair.open(member.peerId)
    const tooLong = { ...confirmed, name: 'x'.repeat(256) }
    await assert.rejects(conversation.send(tooLong), { name: 'ProtocolError' })
    assert.ok(conversation.closed.aborted)
  })

  describe('with strangers', () => {
    /** A stranger that writes what it likes. */
    async function stranger(node?: Node): Promise<Stream> {
      const from = node ?? (await newcomer())
      return from.getConnections(member.peerId)[0]!.newStream(PAIR_PROTOCOL)
    }

    async function reply(stream: Stream): Promise<PairMessage> {
      const bytes = await frameReader(stream, { maxBytes: 4096 }).read({ timeoutMs: 5000 })
      return decodeMessage(bytes!)
    }

    it('refuses a frame that is longer than a newcomer needs at its length prefix', async () => {
      const stream = await stranger()
      const end = closed(stream)
      stream.send(new Uint8Array([0x81, 0x20])) // 4097
      assert.equal((await end)?.name, 'StreamResetError')
    })

    for (const [what, bytes] of Object.entries({
      nonsense: new Uint8Array([0xff, 0xff, 0xff]),
      'an empty frame': new Uint8Array(0),
      'a kind of message that there is not': new Uint8Array([0x7a, 0])
    })) {
      it(`calls ${what} malformed, and ends`, async () => {
        let begun = 0
        answer = () => {
          begun++
          return Promise.resolve()
        }
        const stream = await stranger()
        const end = closed(stream)
        await writeFrame(stream, bytes)
        assert.deepEqual(await reply(stream), { type: 'refused', reason: 'malformed' })
        await stream.close()
        await end
        assert.equal(begun, 0)
      })
    }

    it('hears no more of one than a pairing needs', async () => {
      let heard = 0
      answer = async (conversation) => {
        while (true) {
          await conversation.receive()
          heard++
        }
      }
      const stream = await stranger()
      const end = closed(stream)
      const frame = encodeMessage({ ...confirmed, name: 'x'.repeat(255) })
      // What is said after the refusal may break the stream.
      const saying = (async () => {
        for (let said = 0; said < 2 * MAX_NEWCOMER_BYTES; said += frame.byteLength) await writeFrame(stream, frame)
        await stream.close()
      })().catch(() => undefined)
      await end
      await saying
      assert.ok(heard > 4 && heard * frame.byteLength <= MAX_NEWCOMER_BYTES, `${heard} heard`)
    })

    it('speaks with eight at once, and tells the ninth that it is busy', async () => {
      const begun: PairConversation[] = []
      answer = (conversation) => {
        begun.push(conversation)
        return forever()
      }
      const guests: Node[] = []
      for (let count = 0; count <= MAX_CONVERSATIONS; count++) guests.push(await newcomer())
      const streams: Stream[] = []
      for (const guest of guests.slice(1)) {
        const stream = await stranger(guest)
        await writeFrame(stream, encodeMessage(hello))
        streams.push(stream)
      }
      await until(() => begun.length === MAX_CONVERSATIONS)
      const ninth = await stranger(guests[0])
      await writeFrame(ninth, encodeMessage(hello))
      assert.deepEqual(await reply(ninth), { type: 'refused', reason: 'busy' })
      await ninth.close()
      // When one of them leaves there is room again, though the one who speaks with it has not noticed.
      streams[0]!.abort(new Error('left'))
      await ended(begun.find(({ peer }) => peer.equals(guests[1]!.peerId))!)
      answer = (conversation) => conversation.send(refusals[0]!)
      const again = await stranger(guests[0])
      await writeFrame(again, encodeMessage(hello))
      assert.deepEqual(await reply(again), refusals[0])
      assert.equal(begun.length, MAX_CONVERSATIONS)
    })

    it('gives the place of one that says nothing to one that speaks', async () => {
      const silent: Promise<unknown>[] = []
      for (let count = 0; count < MAX_CONVERSATIONS; count++) {
        const stream = await stranger()
        silent.push(closed(stream))
        // The stream is there as soon as its protocol is agreed upon; its handler runs a little later.
        await until(() => member.getConnections().every(({ streams }) => streams.some(isPair)))
      }
      answer = (conversation) => conversation.send(refusals[0]!)
      const speaking = await stranger()
      await writeFrame(speaking, encodeMessage(hello))
      assert.deepEqual(await reply(speaking), refusals[0])
      await silent[0]
    })

    it('takes only so many of all newcomers together', async () => {
      answer = (conversation) => conversation.send(refusals[0]!)
      member = await device({ clock: new ManualClock() })
      let taken = 0
      let busy = 0
      while (busy === 0) {
        const node = await newcomer()
        for (let count = 0; count < PEER_RATE.capacity; count++) {
          const stream = await stranger(node)
          await writeFrame(stream, encodeMessage(hello))
          const message = await reply(stream)
          if (message.type === 'refused' && message.reason === 'busy') busy++
          else taken++
          await stream.close()
          if (stream.status === 'open' || stream.status === 'closing') await closed(stream)
        }
      }
      assert.equal(taken, OVERALL_RATE.capacity)
    })

    it('ends the older conversation of a device that comes again', async () => {
      const node = await newcomer()
      const first = await stranger(node)
      await writeFrame(first, encodeMessage(hello))
      const end = closed(first)
      const second = await stranger(node)
      await writeFrame(second, encodeMessage(hello))
      assert.equal((await end)?.name, 'StreamResetError')
      assert.equal(second.status, 'open')
    })

    it('is busy for one that comes too often, and for nobody else', async () => {
      answer = (conversation) => conversation.send(refusals[0]!)
      const node = await newcomer()
      const replies: string[] = []
      for (let count = 0; count < PEER_RATE.capacity + 2; count++) {
        const stream = await stranger(node)
        await writeFrame(stream, encodeMessage(hello))
        const message = await reply(stream)
        assert.ok(message.type === 'refused')
        replies.push(message.reason)
        await stream.close()
        if (stream.status === 'open' || stream.status === 'closing') await closed(stream)
      }
      assert.deepEqual(replies.slice(PEER_RATE.capacity - 1), ['door-closed', 'busy', 'busy'])
      const other = await stranger()
      await writeFrame(other, encodeMessage(hello))
      assert.deepEqual(await reply(other), refusals[0])
    })
  })

  /** What `work` fails with, after the newcomer has said hello. */
  function failureOf(work: (conversation: PairConversation) => Promise<unknown>): Promise<Error | undefined> {
    const failed = settling<Error | undefined>()
    answer = async (conversation) => {
      assert.deepEqual(await conversation.receive(), hello)
      await work(conversation).catch((error: unknown) => {
        failed.resolve(error as Error)
        throw error
      })
      failed.resolve(undefined)
    }
    return failed.promise
  }
})

describe('the messages of pair', () => {
  it('read a reason of a later release as declined', () => {
    assert.deepEqual(decodeMessage(new Uint8Array([0x3a, 2, 8, 99])), { type: 'refused', reason: 'declined' })
    assert.throws(() => decodeMessage(new Uint8Array([0x3a, 0])), { name: 'ProtocolError' })
  })

  it('have byte strings of their lengths and names that a terminal can show', () => {
    for (const wrong of [
      { ...hello, session: hex(1, 15) },
      { ...hello, session: hex(1, 16).toUpperCase().replace('0', 'X') },
      { ...hello, ticket: { id: hex(2, 32), proof: hex(3, 31) } },
      { ...commitment, mesh: '' },
      { ...commitment, commitment: hex(4, 33) },
      { ...reveal, nonce: hex(6, 32) },
      { ...confirmed, name: 'a\u001b[2J' },
      { ...confirmed, name: '' },
      { ...confirmed, box: hex(7, 31) },
      { ...admitted, mesh: hex(5, 31) },
      { type: 'records' as const, records: [] },
      { type: 'records' as const, records: [new Uint8Array(0)] },
      { type: 'records' as const, records: [new Uint8Array(4097)] }
    ]) {
      assert.throws(() => encodeMessage(wrong), { name: 'ProtocolError' })
    }
  })

  it('but records are no longer than 4 KiB, whatever is added to them', () => {
    const unknownField = new Uint8Array([0x7a, 0x80, 0x20, ...new Uint8Array(4096)])
    assert.throws(() => decodeMessage(Buffer.concat([encodeMessage(reveal), unknownField])), {
      name: 'ProtocolError',
      message: /length/
    })
    assert.deepEqual(decodeMessage(Buffer.concat([encodeMessage(reveal), new Uint8Array([0x7a, 0])])), reveal)
  })
})

/** Until the stream ends nothing comes of it. */
function forever(): Promise<void> {
  return new Promise(() => undefined)
}

function isPair({ protocol }: Stream): boolean {
  return protocol === PAIR_PROTOCOL
}

function ended({ closed }: PairConversation): Promise<void> {
  return new Promise((resolve) => {
    if (closed.aborted) resolve()
    closed.addEventListener('abort', () => {
      resolve()
    })
  })
}

/** Buffers as plain bytes, so that they compare equal. */
function plain(message: PairMessage): PairMessage {
  if (message.type !== 'records') return message
  return { ...message, records: message.records.map((record) => new Uint8Array(record)) }
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function settling<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
