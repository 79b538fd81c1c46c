import assert from 'node:assert/strict'
import { ProtocolError } from '../../src/errors.ts'
import { decodeEvent, decodeRequest, encodeEvent, encodeRequest } from '../../src/protocols/ask/words.ts'
import { decodeNotice, decodeWords, encodeNotice, encodeWords } from '../../src/protocols/capability/words.ts'
import { decodeReply, decodeRequest as decodeModelRequest, encodeReply } from '../../src/protocols/model/words.ts'
import { encodeRequest as encodeModelRequest } from '../../src/protocols/model/words.ts'
import { decodeMessage as decodePair, encodeMessage as encodePair } from '../../src/protocols/pair/words.ts'
import { decodeMessage as decodeRoster, encodeMessage as encodeRoster } from '../../src/protocols/roster/words.ts'
import { decodeMessage as decodeSync, encodeMessage as encodeSync } from '../../src/protocols/sync/words.ts'
import { desktop, laptop } from './devices.ts'
import { hex, messages } from './pair-messages.ts'
import { accepted, done, request, token } from './requests.ts'
import { syncMessages } from './sync-messages.ts'

/** A xorshift generator: the same inputs on every machine and in every run. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const INPUTS = 100_000

interface Decoder {
  decode: (bytes: Uint8Array) => unknown
  valid: Uint8Array[]
}

const decoders: Record<string, Decoder> = {
  'a request': {
    decode: decodeRequest,
    valid: [
      encodeRequest(request),
      encodeRequest({ id: request.id, model: request.model, messages: request.messages, sampling: {} })
    ]
  },
  'an event of an answer': {
    decode: decodeEvent,
    valid: [
      encodeEvent(accepted),
      encodeEvent({ type: 'waiting', place: 1, loaded: 0.5, prefilled: null }),
      encodeEvent({ ...token(5), tokens: [1, 2, 3, 70_000] }),
      encodeEvent(done),
      encodeEvent({ type: 'failed', code: 9, message: 'Try later.' })
    ]
  },
  'a frame of the capability stream': {
    decode: decodeWords,
    valid: [
      encodeWords({ capability: desktop, beat: 1 }),
      encodeWords({ echo: 7 }),
      encodeWords({ beat: 70_000 }),
      encodeWords({ spare: true, asks: true }),
      encodeWords({ known: [{ peer: 'pi', capability: laptop, agoMs: 5 }] })
    ]
  },
  'a gossiped notice': {
    decode: decodeNotice,
    valid: [encodeNotice(desktop), encodeNotice(laptop, [{ peer: 'pi', instance: 'first', sequence: 3 }])]
  },
  'a message of a pairing': {
    decode: decodePair,
    valid: messages.map((message) =>
      encodePair(message.type === 'records' ? { ...message, records: [new Uint8Array(5), new Uint8Array(9)] } : message)
    )
  },
  'a request for a model': {
    decode: decodeModelRequest,
    valid: [
      encodeModelRequest({ type: 'list' }),
      encodeModelRequest({ type: 'manifest', model: hex(1, 32) }),
      encodeModelRequest({ type: 'pieces', model: hex(1, 32), file: hex(2, 32), first: 300, count: 70_000 })
    ]
  },
  'a reply about a model': {
    decode: decodeReply,
    valid: [
      encodeReply({
        type: 'model',
        model: { name: 'qwen', hash: hex(1, 32), bytes: 586_000_000, parameters: 596_049_920, quantization: 'q4' }
      }),
      encodeReply({ type: 'file', path: 'onnx/model.onnx', bytes: 300_001, sha256: hex(2, 32), extra: true }),
      encodeReply({ type: 'hashes', hashes: [hex(3, 32), hex(4, 32)] }),
      encodeReply({ type: 'data', bytes: new Uint8Array([1, 2, 3]) }),
      encodeReply({ type: 'end' }),
      encodeReply({ type: 'failed', code: 3 })
    ]
  },
  'a message of an exchange of rosters': {
    decode: decodeRoster,
    valid: [
      encodeRoster({ type: 'state', digest: hex(1, 32) }),
      encodeRoster({ type: 'hashes', hashes: [hex(2, 32), hex(3, 32)], last: false }),
      encodeRoster({ type: 'hashes', hashes: [], last: true }),
      encodeRoster({ type: 'records', records: [new Uint8Array(5), new Uint8Array(9)], last: true }),
      encodeRoster({ type: 'refused', code: 2 })
    ]
  },
  'a message of sync': { decode: decodeSync, valid: syncMessages.map(encodeSync) }
}

describe('whatever bytes come', () => {
  const { stackTraceLimit } = Error
  before(() => {
    // Most inputs end in an error, and a stack trace costs more than the decoding.
    Error.stackTraceLimit = 0
  })
  after(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  for (const [what, { decode, valid }] of Object.entries(decoders)) {
    it(`${what} decodes or is a ProtocolError, and is never larger than its bytes allow`, () => {
      const random = randomFrom(20_260_101)
      let taken = 0
      for (let i = 0; i < INPUTS; i++) {
        const bytes = i % 4 === 0 ? noise(random) : mutated(pick(valid, random), valid, random)
        const result = attempt(decode, bytes)
        if (result === undefined) continue
        taken++
        // One byte at most becomes one element or field of a result: the work is linear in what was sent.
        const size = JSON.stringify(result).length
        assert.ok(size <= 2000 + 40 * bytes.byteLength, `${size} from ${bytes.byteLength} bytes`)
      }
      // The mutations must also reach what lies behind the first check.
      assert.ok(taken > INPUTS / 100, `${taken} taken`)
    })
  }

  it('groups within groups a million deep are refused', () => {
    for (const { decode } of Object.values(decoders)) {
      assert.throws(() => decode(new Uint8Array(1024 * 1024).fill(0x7b)), { name: 'ProtocolError' })
    }
  })

  it('lists over their limit are refused before they are built', () => {
    // Half a million empty messages in 1 MiB: each would be an object.
    const messages = new Uint8Array(1024 * 1024).map((_, index) => (index % 2 === 0 ? 0x1a : 0))
    assert.throws(() => decodeRequest(messages), { name: 'ProtocolError', message: /too many elements/ })
    const models = new Uint8Array(64 * 1024).map((_, index) => (index % 2 === 0 ? 0x32 : 0))
    assert.throws(() => decodeNotice(models), { name: 'ProtocolError', message: /too many elements/ })
    const records = (tag: number) =>
      Buffer.concat([
        new Uint8Array([tag, 0x80, 0x80, 0x10]),
        new Uint8Array(256 * 1024).map((_, index) => (index % 2 === 0 ? 0x0a : 0))
      ])
    assert.throws(() => decodePair(records(0x2a)), { name: 'ProtocolError', message: /too many elements/ })
    assert.throws(() => decodeRoster(records(0x1a)), { name: 'ProtocolError', message: /too many elements/ })
    // States, ranges and heads: empty messages within a list.
    for (const [outer, inner] of [
      [0x12, 0x0a],
      [0x1a, 0x1a],
      [0x22, 0x0a]
    ] as const) {
      const many = new Uint8Array(512 * 1024).map((_, index) => (index % 2 === 0 ? inner : 0))
      const frame = Buffer.concat([new Uint8Array([outer, 0x80, 0x80, 0x20]), many])
      assert.throws(() => decodeSync(frame), { name: 'ProtocolError', message: /too many elements/ })
    }
    const lost = new Uint8Array(64 * 1024).map((_, index) => (index % 2 === 0 ? 0x62 : 0))
    assert.throws(() => decodeNotice(lost), { name: 'ProtocolError', message: /too many elements/ })
    const known = new Uint8Array(64 * 1024).map((_, index) => (index % 2 === 0 ? 0x32 : 0))
    assert.throws(() => decodeWords(known), { name: 'ProtocolError', message: /too many elements/ })
    // In one element of `known` the capability, in it all those models.
    const nested = Buffer.concat([new Uint8Array([0x32, 0x84, 0x80, 0x04, 0x12, 0x80, 0x80, 0x04]), models])
    assert.throws(() => decodeWords(nested), { name: 'ProtocolError', message: /too many elements/ })
    const addresses = new Uint8Array(64 * 1024).map((_, index) => (index % 2 === 0 ? 0x4a : 0))
    assert.throws(() => decodeNotice(addresses), { name: 'ProtocolError', message: /too many elements/ })
  })

  it('what decodes has no control characters where a terminal would show them', () => {
    for (const name of ['\u001b[2J', 'a\nb', '\u009b31m', '']) {
      assert.throws(() => encodeNotice({ ...desktop, name }), { name: 'ProtocolError' })
      assert.throws(() => encodeEvent({ ...accepted, model: { ...accepted.model, name } }), {
        name: 'EngineFailedError'
      })
    }
    const failure = decodeEvent(encodeEvent({ type: 'failed', code: 57, message: 'a\u001b[2Jb' }))
    assert.deepEqual(failure, { type: 'failed', code: 57, message: 'a [2Jb' })
  })

  it('the digest of a roster has 32 bytes, or there is none', () => {
    assert.equal(decodeNotice(encodeNotice(desktop)).capability.roster, desktop.roster)
    assert.equal(decodeNotice(encodeNotice(laptop)).capability.roster, null)
    for (const roster of ['', 'ab', `${desktop.roster ?? ''}00`, 'AB'.repeat(32)]) {
      assert.throws(() => encodeNotice({ ...desktop, roster }), { name: 'ProtocolError' })
    }
    const short = Buffer.concat([encodeNotice(laptop), new Uint8Array([0x52, 1, 7])])
    assert.throws(() => decodeNotice(short), { name: 'ProtocolError', message: /roster/ })
  })

  it('states of a later release are taken for the careful one', () => {
    const bytes = encodeNotice({ ...laptop, models: [], hardware: null, addresses: [] })
    const at = bytes.findIndex((byte, index) => byte === 0x28 && bytes[index + 1] === 2)
    bytes[at + 1] = 77
    assert.equal(decodeNotice(bytes).capability.answering, 'no')
  })
})

/** What it decodes to, or undefined when it was refused in the one allowed way. */
function attempt(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!
}

function noise(random: () => number): Uint8Array {
  return new Uint8Array(Math.floor(random() * 200)).map(() => Math.floor(random() * 256))
}

/** A valid frame with a few bytes changed, cut, doubled, or joined with another one. */
function mutated(frame: Uint8Array, others: readonly Uint8Array[], random: () => number): Uint8Array {
  const at = () => Math.floor(random() * frame.byteLength)
  switch (Math.floor(random() * 5)) {
    case 0:
      return frame.slice(0, at())
    case 1:
      return Buffer.concat([frame.subarray(0, at()), frame.subarray(at())])
    case 2:
      return Buffer.concat([frame, pick(others, random)])
    default: {
      const copy = frame.slice()
      for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
        copy[at()] = pick([0, 1, 0x7f, 0x80, 0xff, Math.floor(random() * 256)], random)
      }
      return copy
    }
  }
}
