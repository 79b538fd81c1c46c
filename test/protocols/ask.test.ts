import { closed, testNode, until } from './nodes.ts'
import assert from 'node:assert/strict'
import type { Libp2p, Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import {
  BrokenModelError,
  BusyError,
  EngineFailedError,
  EngineUnavailableError,
  InvalidRequestError,
  NotAnsweringError,
  PromptTooLongError,
  ServedEngineError,
  UnknownModelError
} from '../../src/errors.ts'
import type { GenerateEvent } from '../../src/interface.ts'
import { ask, ASK_PROTOCOL, type Answer, type Ask, type AskInit } from '../../src/protocols/ask/index.ts'
import { failureFor } from '../../src/protocols/ask/codes.ts'
import { encodeEvent, encodeRequest } from '../../src/protocols/ask/words.ts'
import { frameReader, writeFrame } from '../../src/protocols/framing.ts'
import { accepted, answerOf, collect, done, request, token } from './requests.ts'

type Node = Libp2p<{ ask: Ask }>

describe('ask between two nodes', () => {
  let nodes: Libp2p[] = []
  let answer: Answer

  async function pair(init: Partial<AskInit> = {}): Promise<[asker: Node, answerer: Node]> {
    const service = ask({ answer: (asked, options) => answer(asked, options), ...init })
    const [asker, answerer] = await Promise.all([testNode({ ask: service }), testNode({ ask: service })])
    nodes.push(asker, answerer)
    await asker.dial(answerer.getMultiaddrs())
    return [asker, answerer]
  }

  beforeEach(() => {
    answer = () => answerOf(accepted, done)
  })
  afterEach(async () => {
    for (const node of nodes) await node.stop()
    nodes = []
  })

  it('brings the request there and the events back, unchanged', async () => {
    const [asker, answerer] = await pair()
    const events: GenerateEvent[] = [
      accepted,
      { type: 'waiting', place: 2, loaded: null, prefilled: null },
      { type: 'waiting', place: 0, loaded: 1, prefilled: 0.5 },
      token(1),
      token(2, ' 🦦'),
      done
    ]
    answer = async function* (asked, { peer }) {
      assert.deepEqual(asked, request)
      assert.equal(peer, asker.peerId.toString())
      yield* answerOf(...events)
    }
    assert.deepEqual(await collect(asker.services.ask.ask(answerer.peerId, request)), events)
  })

  describe('when the asker wants no more', () => {
    const engine = { made: 0, madeSinceStop: 0, stopped: false }

    beforeEach(() => {
      Object.assign(engine, { made: 0, madeSinceStop: 0, stopped: false })
      answer = async function* (_asked, { signal }) {
        try {
          yield accepted
          while (true) {
            // A token every 10 ms, or the end at once: as an engine that looks at its signal between two tokens.
            const isOver = await new Promise<boolean>((resolve) => {
              const timer = setTimeout(resolve, 10, false)
              signal.addEventListener('abort', () => {
                clearTimeout(timer)
                resolve(true)
              })
            })
            if (isOver) return
            engine.made++
            if (wantsNoMore) engine.madeSinceStop++
            yield token(engine.made)
          }
        } finally {
          engine.stopped = true
        }
      }
      wantsNoMore = false
    })
    let wantsNoMore = false

    it('frees the engine within one token of the signal', async () => {
      const [asker, answerer] = await pair()
      const controller = new AbortController()
      const reading = (async () => {
        for await (const event of asker.services.ask.ask(answerer.peerId, request, { signal: controller.signal })) {
          if (event.type === 'tokens' && engine.made >= 3) {
            wantsNoMore = true
            controller.abort()
          }
        }
      })()
      await assert.rejects(reading, { name: 'AbortError' })
      await until(() => engine.stopped)
      assert.ok(engine.madeSinceStop <= 1, `${engine.madeSinceStop} tokens`)
    })

    it('frees it at once when the signal comes while the reader thinks', async () => {
      const [asker, answerer] = await pair()
      const controller = new AbortController()
      const events = asker.services.ask.ask(answerer.peerId, request, { signal: controller.signal })
      await events.next()
      wantsNoMore = true
      controller.abort()
      await until(() => engine.stopped)
      assert.ok(engine.madeSinceStop <= 1, `${engine.madeSinceStop} tokens`)
      await events.return(undefined)
    })

    it('frees it when the reader leaves the loop', async () => {
      const [asker, answerer] = await pair()
      for await (const event of asker.services.ask.ask(answerer.peerId, request)) {
        if (event.type !== 'tokens') continue
        wantsNoMore = true
        break
      }
      await until(() => engine.stopped)
      assert.ok(engine.madeSinceStop <= 1, `${engine.madeSinceStop} tokens`)
    })

    it('frees it when the connection goes', async () => {
      const [asker, answerer] = await pair()
      const reading = (async () => {
        for await (const event of asker.services.ask.ask(answerer.peerId, request)) {
          if (event.type === 'tokens') await asker.hangUp(answerer.peerId)
        }
      })()
      await assert.rejects(reading, { name: 'PeerUnreachableError' })
      await until(() => engine.stopped)
    })
  })

  it('hands over each error of the table with its message', async () => {
    const [asker, answerer] = await pair()
    const errors = [
      new InvalidRequestError('a'),
      new PromptTooLongError('b'),
      new UnknownModelError('c'),
      new EngineUnavailableError('d'),
      new EngineFailedError('e'),
      new BrokenModelError('f'),
      new NotAnsweringError('g'),
      new BusyError('h'),
      new ServedEngineError('i')
    ]
    for (const error of errors) {
      answer = () => failing(error)
      const { name, message } = error
      await assert.rejects(collect(asker.services.ask.ask(answerer.peerId, request)), { name, message })
    }
  })

  it('tells nothing of an error that is not in the table', async () => {
    const [asker, answerer] = await pair()
    assert.deepEqual(failureFor(new TypeError('secret of /home/me')), { type: 'failed', code: 1, message: '' })
    answer = () => failing(new TypeError('secret of /home/me'))
    await assert.rejects(collect(asker.services.ask.ask(answerer.peerId, request)), (error: Error) => {
      assert.equal(error.name, 'RemoteError')
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  })

  it('says that it lives while the engine is quiet, before it accepts and after', async () => {
    const [asker, answerer] = await pair({ waitingMs: 20 })
    const quiet = () => new Promise((resolve) => setTimeout(resolve, 400))
    answer = async function* () {
      await quiet()
      yield accepted
      yield { type: 'waiting', place: 3, loaded: 0.25, prefilled: null }
      await quiet()
      yield token(1)
      yield done
    }
    const events = await collect(asker.services.ask.ask(answerer.peerId, request, { silenceMs: 200 }))
    assert.deepEqual(events[0], accepted)
    const waiting = events.slice(1, -2)
    assert.ok(waiting.length > 5, `${waiting.length} signs of life`)
    for (const event of waiting) assert.deepEqual(event, { type: 'waiting', place: 3, loaded: 0.25, prefilled: null })
  })

  it('refuses more asks at once than one peer may have, and takes the next when one is over', async () => {
    const [asker, answerer] = await pair({ maxAsksPerPeer: 1 })
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    answer = async function* () {
      yield accepted
      await held
      yield done
    }
    const first = asker.services.ask.ask(answerer.peerId, request)
    await first.next()
    await assert.rejects(collect(asker.services.ask.ask(answerer.peerId, request)), { name: 'BusyError' })
    release()
    await collect(first)
    assert.equal((await collect(asker.services.ask.ask(answerer.peerId, request))).length, 2)
  })

  it('says so to a peer that is refused while it still sends a long request', async () => {
    const [asker, answerer] = await pair({ maxAsksPerMinute: 0 })
    const long = { ...request, messages: [{ role: 'user' as const, content: 'x'.repeat(1_000_000) }] }
    await assert.rejects(collect(asker.services.ask.ask(answerer.peerId, long)), { name: 'BusyError' })
  })

  it('refuses more asks a minute than one peer may send', async () => {
    const [asker, answerer] = await pair({ maxAsksPerMinute: 2 })
    await collect(asker.services.ask.ask(answerer.peerId, request))
    await collect(asker.services.ask.ask(answerer.peerId, request))
    await assert.rejects(collect(asker.services.ask.ask(answerer.peerId, request)), { name: 'BusyError' })
  })

  it('tells its askers when it stops', async () => {
    const [asker, answerer] = await pair()
    answer = async function* () {
      yield accepted
      await new Promise(() => undefined)
    }
    const events = asker.services.ask.ask(answerer.peerId, request)
    await events.next()
    const next = events.next()
    await answerer.services.ask.stop()
    await assert.rejects(next, { name: 'NotAnsweringError' })
  })

  it('does not send what no device would take', async () => {
    const [asker, answerer] = await pair()
    const wrong = { ...request, messages: [{ role: 'user' as const, content: 'x'.repeat(1024 * 1024) }] }
    await assert.rejects(collect(asker.services.ask.ask(answerer.peerId, wrong)), { name: 'InvalidRequestError' })
    const hot = { ...request, sampling: { temperature: Number.NaN } }
    await assert.rejects(collect(asker.services.ask.ask(answerer.peerId, hot)), { name: 'InvalidRequestError' })
  })

  it('says that a device cannot be reached, or does not speak this', async () => {
    const [asker, answerer] = await pair()
    const stranger = await testNode({})
    nodes.push(stranger)
    await asker.dial(stranger.getMultiaddrs())
    await assert.rejects(collect(asker.services.ask.ask(stranger.peerId, request)), {
      name: 'PeerUnreachableError',
      message: /update ownmesh/
    })
    await answerer.stop()
    await assert.rejects(collect(asker.services.ask.ask(answerer.peerId, request)), { name: 'PeerUnreachableError' })
  })

  describe('by a device that breaks the rules', () => {
    /** An answerer of another make: what it does with each stream is the test's. */
    async function against(behave: (stream: Stream) => unknown, init?: Partial<AskInit>): Promise<GenerateEvent[]> {
      const service = ask({ answer, ...init })
      const asker = await testNode({ ask: service })
      const other = await testNode({})
      nodes.push(asker, other)
      await other.handle(ASK_PROTOCOL, (stream) => void behave(stream), { maxInboundStreams: 1 })
      await asker.dial(other.getMultiaddrs())
      return collect(asker.services.ask.ask(other.peerId, request))
    }
    const saying =
      (...frames: number[][]) =>
      async (stream: Stream) => {
        for (const frame of frames) await writeFrame(stream, new Uint8Array(frame))
        await stream.close()
      }
    const ACCEPTED = [...encodeEvent(accepted)]
    const TOKEN = [...encodeEvent(token(1))]
    const PIECE = [...encodeEvent({ type: 'tokens', tokens: [], text: 'x' })]
    const DONE = [...encodeEvent(done)]

    it('takes unknown fields and unknown kinds of events for what they are', async () => {
      const unknownField = [0x9a, 0x06, 2, 1, 2] // field 99, two bytes
      const unknownKind = [0x92, 0x01, 1, 7] // field 18, one byte
      const events = await against(
        saying([...ACCEPTED, ...unknownField], unknownKind, [], [...unknownField, ...TOKEN], DONE)
      )
      assert.deepEqual(events, [accepted, token(1), done])
    })

    it('takes pieces of text without ids, as many as were agreed upon', async () => {
      const events = await against(saying(ACCEPTED, ...Array.from({ length: 100 }, () => PIECE), DONE))
      assert.equal(events.length, 102)
    })

    it('names an error code that this release does not know', async () => {
      const failed = [0x2a, 5, 8, 57, 0x12, 1, 0x78] // code 57, message "x"
      await assert.rejects(against(saying(failed)), { name: 'RemoteError', message: /57.*x.*Update/s })
    })

    const disorders: [string, number[][]][] = [
      ['tokens before it accepted', [TOKEN]],
      ['accepting twice', [ACCEPTED, ACCEPTED]],
      ['an end before it accepted', [DONE]],
      ['waiting after the first token', [ACCEPTED, TOKEN, [0x12, 0]]],
      ['going on after the end', [ACCEPTED, DONE, TOKEN]],
      ['more tokens than agreed', [ACCEPTED, ...Array.from({ length: 102 }, () => TOKEN)]],
      ['more pieces without ids than agreed', [ACCEPTED, ...Array.from({ length: 102 }, () => PIECE)]],
      ['nonsense', [[0xff, 0xff, 0xff]]],
      ['a frame over the limit', [Array.from({ length: 65_537 }, () => 0)]]
    ]
    for (const [what, frames] of disorders) {
      it(`refuses ${what}`, async () => {
        await assert.rejects(against(saying(...frames)), { name: 'ProtocolError' })
      })
    }

    it('gives up a device that accepts and then says nothing', async () => {
      let reset: Promise<Error | undefined> | undefined
      const behave = (stream: Stream) => {
        reset = closed(stream)
        return writeFrame(stream, encodeEvent(accepted))
      }
      await assert.rejects(against(behave, { silenceMs: 100 }), { name: 'PeerSilentError' })
      assert.equal((await reset)?.name, 'StreamResetError')
    })

    it('calls it gone when it closes its half too soon', async () => {
      await assert.rejects(against(saying(ACCEPTED, TOKEN)), { name: 'PeerUnreachableError' })
    })

    it('calls it gone when it resets the stream', async () => {
      await assert.rejects(
        against(async (stream) => {
          await writeFrame(stream, encodeEvent(accepted))
          stream.abort(new Error('enough'))
        }),
        { name: 'PeerUnreachableError' }
      )
    })

    it('calls it busy when libp2p there resets one stream too many', async () => {
      const asker = await testNode({ ask: ask({ answer }) })
      const other = await testNode({})
      nodes.push(asker, other)
      await other.handle(ASK_PROTOCOL, (stream) => writeFrame(stream, encodeEvent(accepted)), { maxInboundStreams: 1 })
      await asker.dial(other.getMultiaddrs())
      const first = asker.services.ask.ask(other.peerId, request)
      await first.next()
      await assert.rejects(collect(asker.services.ask.ask(other.peerId, request)), (error: Error) =>
        // The reset may come a moment later than the check for it.
        ['BusyError', 'PeerUnreachableError'].includes(error.name)
      )
      await first.return(undefined)
    })
  })

  describe('of a device that breaks the rules', () => {
    let asked = 0
    let signals: AbortSignal[] = []

    async function stranger(init: Partial<AskInit> = {}): Promise<Stream> {
      asked = 0
      signals = []
      answer = (_asked, { signal }) => {
        asked++
        signals.push(signal)
        return flood()
      }
      const answerer = await testNode({ ask: ask({ answer: (...all) => answer(...all), ...init }) })
      const other = await testNode({})
      nodes.push(answerer, other)
      return other.dialProtocol(answerer.getMultiaddrs(), ASK_PROTOCOL)
    }

    it('ends a request that does not come whole in time', async () => {
      const stream = await stranger({ requestTimeoutMs: 50 })
      stream.send(lengthPrefixed.encode.single(encodeRequest(request)).sublist(0, 20))
      assert.equal((await closed(stream))?.name, 'StreamResetError')
      assert.equal(asked, 0)
    })

    it('ends a request over the limit at its length', async () => {
      const stream = await stranger()
      const gone = closed(stream)
      stream.send(new Uint8Array([0x81, 0x80, 0x40])) // 1 MiB and one byte
      assert.equal((await gone)?.name, 'StreamResetError')
      assert.equal(asked, 0)
    })

    it('tells it that its request is malformed', async () => {
      const stream = await stranger()
      await writeFrame(stream, new Uint8Array([0xff, 0xff, 0xff]))
      const reply = await frameReader(stream, { maxBytes: 65_536 }).read({ timeoutMs: 1000 })
      assert.deepEqual([...reply!.subarray(0, 1)], [0x2a])
      assert.deepEqual([...reply!.subarray(2, 4)], [0x08, 10])
      assert.equal(asked, 0)
    })

    it('gives up one that asks and does not read, and frees the engine', async () => {
      const stream = await stranger({ writeTimeoutMs: 100 })
      const gone = closed(stream)
      stream.pause()
      await writeFrame(stream, encodeRequest(request))
      assert.equal((await gone)?.name, 'StreamResetError')
      assert.equal(asked, 1)
      assert.equal(signals[0]?.aborted, true)
      assert.ok(flooded < 8 * 1024 * 1024, `${flooded} bytes made for nobody`)
    })

    it('does not keep a stream whose other half never closes', async () => {
      const stream = await stranger()
      answer = () => answerOf(accepted, done)
      const gone = closed(stream)
      await writeFrame(stream, encodeRequest(request))
      assert.equal((await gone)?.name, 'StreamResetError')
    })
  })
})

let flooded = 0

/** An engine far faster than any reader. */
async function* flood(): AsyncGenerator<GenerateEvent> {
  flooded = 0
  yield accepted
  while (true) {
    await Promise.resolve()
    flooded += 32_768
    yield { type: 'tokens', tokens: [], text: 'x'.repeat(32_768) }
  }
}

async function* failing(error: Error): AsyncGenerator<GenerateEvent> {
  yield accepted
  await Promise.reject(error)
}
