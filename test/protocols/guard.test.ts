import { closed, testNode, until } from './nodes.ts'
import assert from 'node:assert/strict'
import { gossipsub } from '@libp2p/gossipsub'
import { identifyPush } from '@libp2p/identify'
import type { Connection, Libp2p, Stream, StreamHandler } from '@libp2p/interface'
import { ask } from '../../src/protocols/ask/index.ts'
import { capability } from '../../src/protocols/capability/index.ts'
import type { Handlers } from '../../src/protocols/components.ts'
import { guard } from '../../src/protocols/guard.ts'
import { gossipOptions, notices } from '../../src/protocols/notices/index.ts'
import { pair, PAIR_PROTOCOL, type Pair } from '../../src/protocols/pair/index.ts'
import { roster } from '../../src/protocols/roster/index.ts'
import { desktop } from './devices.ts'
import { answerOf } from './requests.ts'

const LATER_PROTOCOL = '/added/later/1.0.0'
/** What a device must not say to a stranger, nor hear from one: libp2p's own as well as ours. */
const GUARDED = [
  '/ipfs/id/1.0.0',
  '/ipfs/id/push/1.0.0',
  '/mesh/ask/1.0.0',
  '/mesh/capability/1.0.0',
  '/mesh/roster/1.0.0',
  '/meshsub/1.0.0',
  '/meshsub/1.1.0',
  '/meshsub/1.2.0'
]

describe('a device with a guard', () => {
  let member: Libp2p<{ pair: Pair }>
  let stranger: Libp2p
  let isMember: boolean
  /** Of the member, each time that a handler was called. */
  let handled: string[]
  /** What came over the streams of others that the guard was asked about. */
  let bytesRead: number
  let connection: Connection

  beforeEach(async () => {
    isMember = false
    handled = []
    bytesRead = 0
    const asked = () => {
      for (const { streams } of member.getConnections()) {
        for (const stream of streams) if (stream.direction === 'inbound') listenIn(stream)
      }
      return isMember
    }
    member = await testNode({
      // Before all others, so that it sees what they handle.
      witness: ({ registrar }: { registrar: Handlers }) => witness(registrar, (protocol) => handled.push(protocol)),
      guard: guard({ mayPass: asked, open: [PAIR_PROTOCOL] }),
      push: identifyPush(),
      pubsub: gossipsub(gossipOptions),
      notices: notices(),
      pair: pair({ answer: (conversation) => conversation.receive().then(() => undefined) }),
      roster: roster({ mine: () => null, records: () => [], merge: () => undefined }),
      capability: capability({ current: () => desktop }),
      ask: ask({ answer: () => answerOf() })
    })
    await member.handle(LATER_PROTOCOL, (stream) => {
      stream.abort(new Error('heard'))
    })
    stranger = await testNode({ pair: pair({ answer: () => Promise.resolve() }) })
    connection = await stranger.dial(member.getMultiaddrs())
    await until(() => member.getConnections(stranger.peerId).length > 0)
    handled = []
  })

  afterEach(async () => {
    await stranger.stop()
    await member.stop()
  })

  function listenIn(stream: Stream): void {
    stream.addEventListener('message', ({ data }) => {
      bytesRead += data.byteLength
    })
  }

  it('lets a stranger speak nothing that it handles but pair: no handler is called, not a byte is read', async () => {
    const guarded = member.getProtocols().filter((protocol) => protocol !== PAIR_PROTOCOL)
    assert.deepEqual(guarded, [LATER_PROTOCOL, ...GUARDED])
    for (const protocol of guarded) {
      const stream = await connection.newStream(protocol)
      let answer = 0
      stream.addEventListener('message', ({ data }) => (answer += data.byteLength))
      const end = closed(stream)
      if (stream.writeStatus === 'writable') stream.send(new Uint8Array(100))
      if (stream.status === 'open') await end
      assert.equal(stream.status, 'reset', protocol)
      assert.equal(answer, 0, protocol)
    }
    assert.deepEqual(handled, [])
    assert.equal(bytesRead, 0)
  })

  /** The error's name; libp2p speaks identify and push by itself too, one stream at a time, so that ours may have to wait. */
  async function refusalOf(protocol: string): Promise<string> {
    for (;;) {
      const refusal = await member.dialProtocol(stranger.peerId, protocol).then(
        () => 'none',
        (err: unknown) => (err as Error).name
      )
      if (refusal !== 'TooManyOutboundProtocolStreamsError') return refusal
    }
  }

  it('says nothing to a stranger either, but pair', async () => {
    let heard = 0
    for (const protocol of GUARDED) {
      await stranger.handle(
        protocol,
        (stream) => {
          stream.addEventListener('message', ({ data }) => (heard += data.byteLength))
        },
        { force: true }
      )
      assert.equal(await refusalOf(protocol), 'NotMemberError', protocol)
    }
    assert.equal(heard, 0)
    const conversation = await member.services.pair.open(stranger.peerId)
    await conversation.close()
  })

  it('hears pair of a stranger, each stream once', async () => {
    for (let times = 1; times <= 3; times++) {
      const stream = await connection.newStream(PAIR_PROTOCOL)
      await until(() => handled.length >= times)
      stream.abort(new Error('enough'))
      assert.deepEqual(handled, Array(times).fill(PAIR_PROTOCOL))
    }
  })

  it('hears a member, each stream once however many came before, and no longer when it is none any more', async () => {
    isMember = true
    for (let times = 1; times <= 3; times++) {
      const stream = await connection.newStream(LATER_PROTOCOL)
      if (stream.status === 'open') await closed(stream)
      assert.deepEqual(handled, Array(times).fill(LATER_PROTOCOL))
    }
    isMember = false
    const stream = await connection.newStream(LATER_PROTOCOL)
    if (stream.status === 'open') await closed(stream)
    assert.equal(handled.length, 3)
  })

  it('speaks to a member without its own handler being called', async () => {
    isMember = true
    await connection.newStream(LATER_PROTOCOL)
    await until(() => handled.length === 1)
    await stranger.handle(LATER_PROTOCOL, () => undefined)
    const stream = await member.dialProtocol(stranger.peerId, LATER_PROTOCOL)
    assert.equal(stream.status, 'open')
    assert.equal(handled.length, 1)
  })
})

/** Calls `heard` before each handler that is registered from now on. */
function witness(registrar: Handlers, heard: (protocol: string) => void): object {
  const handle = registrar.handle.bind(registrar)
  registrar.handle = (protocol, handler, options) => {
    const watched: StreamHandler = (stream, connection) => {
      heard(protocol)
      return handler(stream, connection)
    }
    return handle(protocol, watched, options)
  }
  return {}
}
