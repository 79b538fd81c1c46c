import { testNode, until } from './nodes.ts'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Libp2p, Stream } from '@libp2p/interface'
import fc from 'fast-check'
import { BrokenModelError, UnknownModelError } from '../../src/errors.ts'
import { frameReader, writeFrame } from '../../src/protocols/framing.ts'
import {
  model,
  MODEL_PROTOCOL,
  PIECE_BYTES,
  type ModelExchange,
  type ModelInit,
  type Share,
  type SharedFile
} from '../../src/protocols/model/index.ts'
import {
  DATA_BYTES,
  FIRST_DATA_BYTES,
  LEAST_DATA_BYTES,
  MAX_MODEL_FILES,
  MAX_REPLY_BYTES,
  MAX_TRANSFERS,
  REQUESTS_PER_PEER
} from '../../src/protocols/model/limits.ts'
import { frameBytes, letGo } from '../../src/protocols/model/pace.ts'
import { decodeReply, encodeReply, encodeRequest, type ModelReply } from '../../src/protocols/model/words.ts'
import { bytesOf } from '../packages/files.ts'
import { ManualClock } from './manual-clock.ts'

type Node = Libp2p<{ model: ModelExchange }>

const HASH = 'ab'.repeat(32)
const CONTENT = bytesOf('weights', 2 * PIECE_BYTES + 12_345)
const FILE = fileOf('onnx/model.onnx', CONTENT)
const EMPTY = fileOf('empty.txt', Buffer.alloc(0))
const INFO = { name: 'qwen', hash: HASH, bytes: CONTENT.length, parameters: 596_049_920, quantization: 'q4' }

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function fileOf(path: string, content: Buffer): SharedFile {
  const pieces = Array.from({ length: Math.ceil(content.length / PIECE_BYTES) }, (_, index) =>
    sha256(content.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES))
  )
  return { path, bytes: content.length, sha256: sha256(content), extra: false, pieces }
}

async function* inOrder<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item)
}

/** Has one model, in memory. */
function share(changes: Partial<Share> = {}): Share {
  return {
    list: () => Promise.resolve([INFO, { ...INFO, name: 'other', parameters: null, quantization: null }]),
    manifest: (hash) => {
      if (hash !== HASH) throw new UnknownModelError('not here')
      return inOrder([FILE, EMPTY])
    },
    read: ({ start, bytes }) => inOrder([CONTENT.subarray(start, start + bytes)]),
    ...changes
  }
}

async function bytesIn(pieces: AsyncIterable<{ bytes: Buffer }>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const { bytes } of pieces) all.push(Buffer.from(bytes))
  return Buffer.concat(all)
}

describe('models between two members', () => {
  let nodes: Libp2p[] = []

  async function two(there: Partial<ModelInit> = {}, here: Partial<ModelInit> = {}): Promise<[Node, Node]> {
    const [a, b] = await Promise.all([
      testNode({ model: model({ share: share(), ...here }) }),
      testNode({ model: model({ share: share(), ...there }) })
    ])
    nodes.push(a, b)
    await a.dial(b.getMultiaddrs())
    return [a, b]
  }

  /** A peer that answers with what the test says, whatever it was asked. */
  async function scripted(
    answer: (stream: Stream, say: (reply: ModelReply) => Promise<void>) => Promise<void>,
    here: Partial<ModelInit> = {}
  ) {
    const [a, b] = await Promise.all([testNode({ model: model({ share: share(), ...here }) }), testNode({})])
    nodes.push(a, b)
    await b.handle(MODEL_PROTOCOL, async (stream) => {
      await frameReader(stream, { maxBytes: 1024 }).read({ timeoutMs: 1000 })
      const say = (reply: ModelReply): Promise<void> => writeFrame(stream, encodeReply(reply))
      // The asker hangs up where it was told nonsense.
      await answer(stream, say).catch(() => undefined)
    })
    await a.dial(b.getMultiaddrs())
    return { exchange: a.services.model, peer: b.peerId }
  }

  const wanted = (first = 0, count = FILE.pieces.length) => ({ model: HASH, file: FILE, first, count })

  afterEach(async () => {
    for (const node of nodes) await node.stop()
    nodes = []
  })

  it('tell each other what they have, what it consists of, and give any pieces of it', async () => {
    const [a, b] = await two()
    assert.deepEqual(
      await a.services.model.list(b.peerId),
      await share().list({ signal: new AbortController().signal })
    )
    assert.deepEqual(await a.services.model.manifest(b.peerId, HASH), [FILE, EMPTY])
    assert.ok((await bytesIn(a.services.model.pieces(b.peerId, wanted()))).equals(CONTENT))
    const last = await bytesIn(b.services.model.pieces(a.peerId, wanted(2, 1)))
    assert.ok(last.equals(CONTENT.subarray(2 * PIECE_BYTES)))
  })

  it('give no piece out that is not what the manifest says', async () => {
    const damaged = Buffer.from(CONTENT)
    damaged[PIECE_BYTES + 5]! ^= 1
    const [a, b] = await two({
      share: share({ read: ({ start, bytes }) => inOrder([damaged.subarray(start, start + bytes)]) })
    })
    const seen: number[] = []
    await assert.rejects(
      async () => {
        for await (const { index } of a.services.model.pieces(b.peerId, wanted())) seen.push(index)
      },
      { name: 'WrongPieceError', message: /Piece 2 of 3 of onnx\/model\.onnx/ }
    )
    assert.deepEqual(seen, [0])
  })

  it('say why not by a code alone: nothing of an error’s own words leaves the device', async () => {
    const secret = '/home/me/letters'
    const fails = (error: Error): Share['read'] =>
      async function* () {
        await Promise.resolve()
        yield CONTENT.subarray(0, 10)
        throw error
      }
    for (const [error, name] of [
      [new UnknownModelError(secret), 'UnknownModelError'],
      [new BrokenModelError(secret), 'BrokenModelError'],
      [new Error(secret), 'RemoteError']
    ] as const) {
      const [a, b] = await two({ share: share({ read: fails(error) }) })
      const asked = bytesIn(a.services.model.pieces(b.peerId, wanted()))
      await assert.rejects(asked, (err: Error) => err.name === name && !err.message.includes(secret))
    }
  })

  it('refuse more transfers at once than they take, and more requests of one peer', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let reads = 0
    const slow: Share['read'] = async function* ({ start, bytes }) {
      reads++
      await held
      yield CONTENT.subarray(start, start + bytes)
    }
    const [a, b] = await two({ share: share({ read: slow }) })
    const more = await Promise.all(
      Array.from({ length: 2 }, async () => {
        const node = await testNode({ model: model({ share: share() }) })
        nodes.push(node)
        await node.dial(b.getMultiaddrs())
        return node
      })
    )
    const running = [a, more[0]!].flatMap((node) =>
      Array.from({ length: MAX_TRANSFERS / 2 }, () => bytesIn(node.services.model.pieces(b.peerId, wanted())))
    )
    await until(() => reads === MAX_TRANSFERS)
    await assert.rejects(bytesIn(more[1]!.services.model.pieces(b.peerId, wanted())), { name: 'BusyError' })
    assert.equal((await more[1]!.services.model.list(b.peerId)).length, 2)
    const own = Array.from({ length: REQUESTS_PER_PEER - MAX_TRANSFERS / 2 }, () => a.services.model.list(b.peerId))
    await Promise.all(own)
    release()
    await Promise.all(running)
  })

  it('send no more than the owner allows, whoever asks', async () => {
    const clock = new ManualClock()
    const perSecond = 1_000_000
    const [a, b] = await two({ clock, maxUpload: perSecond })
    const since = clock.monotonic()
    let got = 0
    const all = (async () => {
      for await (const { bytes } of a.services.model.pieces(b.peerId, wanted())) got += bytes.length
    })()
    while (got < CONTENT.length) {
      const seconds = (clock.monotonic() - since) / 1000
      assert.ok(got <= seconds * perSecond + PIECE_BYTES, `${String(got)} after ${String(seconds)} s`)
      clock.advance(10)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await all
    assert.ok(clock.monotonic() - since >= ((CONTENT.length - DATA_BYTES) / perSecond) * 1000)
  }).timeout(20_000)

  it('say that they live while they hash, and are given up when they say nothing', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const slow: Share['manifest'] = async function* () {
      await held
      yield FILE
    }
    const [a, b] = await two({ share: share({ manifest: slow }), signOfLifeMs: 50 }, { silenceMs: 1500 })
    const manifest = a.services.model.manifest(b.peerId, HASH)
    const timer = setTimeout(release, 2500)
    assert.deepEqual(await manifest, [FILE])
    clearTimeout(timer)
    const { exchange, peer } = await scripted(() => new Promise(() => undefined), { silenceMs: 300 })
    await assert.rejects(exchange.list(peer), { name: 'PeerSilentError' })
  })

  it('end the work there when nobody wants it any more', async () => {
    let ended = false
    const endless: Share['read'] = async function* () {
      try {
        while (true) {
          await new Promise((resolve) => setImmediate(resolve))
          yield CONTENT.subarray(0, PIECE_BYTES)
        }
      } finally {
        ended = true
      }
    }
    const file = { ...FILE, bytes: 500 * PIECE_BYTES, pieces: Array.from({ length: 500 }, () => FILE.pieces[0]!) }
    const [a, b] = await two({ share: share({ read: endless }) })
    for await (const piece of a.services.model.pieces(b.peerId, { model: HASH, file, first: 0, count: 500 })) {
      if (piece.index === 2) break
    }
    await until(() => ended)
    ended = false
    const stop = new AbortController()
    const options = { signal: stop.signal }
    const reading = bytesIn(a.services.model.pieces(b.peerId, { model: HASH, file, first: 0, count: 500 }, options))
    stop.abort(new Error('enough'))
    await assert.rejects(reading, /enough/)
  })

  it('take nothing from a peer that breaks the rules', async () => {
    const data = (bytes: number): ModelReply => ({ type: 'data', bytes: CONTENT.subarray(0, bytes) })
    const { pieces: _, ...file } = FILE
    const said: ModelReply = { type: 'file', ...file }
    const cases: [string, ModelReply[], 'list' | 'manifest' | 'pieces'][] = [
      ['less data', [data(100), { type: 'end' }], 'pieces'],
      ['another kind', [{ type: 'model', model: INFO }], 'pieces'],
      ['data for a list', [data(10)], 'list'],
      ['hashes of nothing', [{ type: 'hashes', hashes: [HASH] }], 'manifest'],
      ['too many hashes', [said, { type: 'hashes', hashes: Array.from({ length: 4 }, () => HASH) }], 'manifest'],
      ['too few hashes', [said, { type: 'hashes', hashes: [HASH] }, said], 'manifest'],
      ['an early end', [said, { type: 'hashes', hashes: [HASH] }, { type: 'end' }], 'manifest'],
      ['more after the end', [{ type: 'end' }, { type: 'end' }], 'list'],
      ['endless files', Array.from({ length: MAX_MODEL_FILES + 1 }, () => ({ ...said, bytes: 0 })), 'manifest']
    ]
    for (const [what, replies, asked] of cases) {
      const { exchange, peer } = await scripted(async (stream, say) => {
        for (const reply of replies) await say(reply)
        await stream.close()
      })
      const work =
        asked === 'list'
          ? exchange.list(peer)
          : asked === 'manifest'
            ? exchange.manifest(peer, HASH)
            : bytesIn(exchange.pieces(peer, wanted()))
      await assert.rejects(work, { name: 'ProtocolError' }, what)
    }
  }).timeout(20_000)

  it('are told when a request cannot be understood', async () => {
    const [a, b] = await two()
    const stream = await a.dialProtocol(b.peerId, MODEL_PROTOCOL)
    await writeFrame(stream, new Uint8Array([0x0a, 0xff]))
    const frame = await frameReader(stream, { maxBytes: MAX_REPLY_BYTES }).read({ timeoutMs: 5000 })
    assert.deepEqual(decodeReply(frame!), { type: 'failed', code: 5 })
    const again = await a.dialProtocol(b.peerId, MODEL_PROTOCOL)
    await writeFrame(again, encodeRequest({ type: 'manifest', model: 'cd'.repeat(32) }))
    const refused = await frameReader(again, { maxBytes: MAX_REPLY_BYTES }).read({ timeoutMs: 5000 })
    assert.deepEqual(decodeReply(refused!), { type: 'failed', code: 3 })
  })
})

describe('the pace of a transfer', () => {
  it('begins small, grows to the largest frame on a quick network and shrinks on a slow one', () => {
    const grow = [null, 1, 1, 1].reduce<number[]>(
      (sizes, tookMs) => [...sizes, frameBytes(tookMs === null ? null : { bytes: sizes.at(-1)!, tookMs }, null)],
      []
    )
    assert.deepEqual(grow, [FIRST_DATA_BYTES, 2 * FIRST_DATA_BYTES, DATA_BYTES, DATA_BYTES])
    assert.equal(frameBytes({ bytes: DATA_BYTES, tookMs: 300 }, null), DATA_BYTES / 2)
    assert.equal(frameBytes({ bytes: LEAST_DATA_BYTES, tookMs: 9000 }, null), LEAST_DATA_BYTES)
  })

  it('never lets more go than the limit, whatever the sizes and times', () => {
    const sends = fc.array(fc.tuple(fc.integer({ min: 1, max: DATA_BYTES }), fc.integer({ min: 0, max: 500 })), {
      minLength: 1
    })
    fc.assert(
      fc.property(sends, fc.integer({ min: 1000, max: 1e7 }), (all, perSecond) => {
        let [next, now, before] = [-Infinity, 0, 0]
        for (const [bytes, laterMs] of all) {
          now += laterMs
          const step = letGo(next, { bytes, perSecond, now })
          next = step.next
          now += step.waitMs
          // What went before has been paid for by the time that this goes.
          assert.ok((before / perSecond) * 1000 <= now + 1e-6)
          before += bytes
        }
      }),
      { seed: 5 }
    )
  })
})
