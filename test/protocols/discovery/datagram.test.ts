import '../../../src/polyfill.ts'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  decodeDatagram,
  encodeDatagram,
  MAX_ADDRESSES,
  MAX_DATAGRAM_BYTES,
  tagOf
} from '../../../src/protocols/discovery/datagram.ts'
import { randomPeerId } from './beacon.fixture.ts'
import type { BeaconDatagram } from '../../../src/protocols/discovery/datagram.ts'

/** Strange datagrams of a seeded stream, as many as a night of a hostile neighbour. */
const STRANGE = 100_000

async function example(): Promise<BeaconDatagram> {
  return {
    tag: tagOf('ownmesh'),
    instance: '0123456789abcdef',
    peerId: await randomPeerId(),
    answer: true,
    addresses: ['/ip4/0.0.0.0/tcp/6373', '/ip6/fd00::5/tcp/6373'],
    words: 0x1234
  }
}

/** mulberry32: small, seeded, good enough to be strange. */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('beacon datagram', () => {
  it('comes back as it was written, and is written the same way each time', async () => {
    const datagram = await example()
    const bytes = encodeDatagram(datagram)
    const decoded = decodeDatagram(bytes)
    assert.ok(decoded)
    assert.equal(decoded.peerId.toString(), datagram.peerId.toString())
    assert.deepEqual({ ...decoded, peerId: null }, { ...datagram, peerId: null })
    assert.deepEqual(encodeDatagram(decoded), bytes)
    assert.ok(bytes.length <= MAX_DATAGRAM_BYTES)
  })

  it('is read whatever flags and trailing bytes a later release adds', async () => {
    const bytes = encodeDatagram(await example())
    bytes[5] = 0xff
    assert.ok(decodeDatagram(Buffer.concat([bytes, Buffer.from('more')])))
  })

  it('is read without the words, as a release before open doors wrote it', () => {
    const header = '4f574e4d0100c4d01599ce73bac6abababababababab'
    const key = 'ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c'
    const decoded = decodeDatagram(Buffer.from(`${header}${key}010804000000000618e5`, 'hex'))
    assert.equal(decoded?.tag, tagOf('ownmesh'))
    assert.equal(decoded.peerId.toString(), '12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7')
    assert.deepEqual(decoded.addresses, ['/ip4/0.0.0.0/tcp/6373'])
    assert.equal(decoded.words, null)
    assert.equal(decodeDatagram(Buffer.from(`${header}${key}00`, 'hex'))?.words, null)
  })

  it('carries the words as two bytes after the addresses, marked by a flag', async () => {
    const without = encodeDatagram({ ...(await example()), words: null, answer: false })
    for (const words of [0, 0xabcd, 0xffff]) {
      const bytes = encodeDatagram({ ...(await example()), words, answer: false })
      assert.deepEqual([bytes[5], without[5]], [2, 0])
      assert.equal(bytes.length, without.length + 2)
      assert.deepEqual([...bytes.subarray(-2)], [words >> 8, words & 0xff])
      assert.equal(decodeDatagram(bytes)?.words, words)
    }
    const unmarked = Buffer.concat([without, Buffer.from([0xab, 0xcd])])
    assert.equal(decodeDatagram(unmarked)?.words, null)
  })

  it('keeps the addresses that it can read when a later release adds another kind', async () => {
    const datagram = { ...(await example()), words: null }
    const bytes = encodeDatagram({ ...datagram, addresses: ['/ip4/0.0.0.0/tcp/6373', '/ip4/0.0.0.0/tcp/1'] })
    // The protocol code of the first address becomes one that nobody has assigned.
    const at = bytes.length - 2 * 8 - 2 + 1
    assert.equal(bytes[at], 4)
    bytes[at] = 0x7f
    assert.deepEqual(decodeDatagram(bytes)?.addresses, ['/ip4/0.0.0.0/tcp/1'])
  })

  it('is nothing when it is cut, oversized, of another version or another program', async () => {
    const bytes = encodeDatagram(await example())
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(decodeDatagram(bytes.subarray(0, length)), undefined, `cut to ${length} bytes`)
    }
    assert.equal(decodeDatagram(Buffer.concat([bytes, Buffer.alloc(MAX_DATAGRAM_BYTES)])), undefined)
    for (const at of [0, 3, 4]) {
      const changed = Uint8Array.from(bytes)
      changed[at] = 0x7e
      assert.equal(decodeDatagram(changed), undefined)
    }
  })

  it('does not carry more than its bounds', async () => {
    const addresses = Array.from({ length: MAX_ADDRESSES + 1 }, (_, port) => `/ip4/10.0.0.1/tcp/${port + 1}`)
    const datagram = await example()
    assert.throws(() => encodeDatagram({ ...datagram, addresses }), RangeError)
    assert.throws(() => encodeDatagram({ ...datagram, instance: 'short' }), RangeError)
    for (const words of [-1, 0x10000]) assert.throws(() => encodeDatagram({ ...datagram, words }), RangeError)
  })

  it('never throws on strange bytes', async () => {
    const random = seeded(6372)
    const valid = encodeDatagram(await example())
    let read = 0
    for (let round = 0; round < STRANGE; round++) {
      const bytes = Uint8Array.from(valid.subarray(0, Math.ceil(random() * valid.length) + 40))
      const damage = Math.floor(random() * 6)
      for (let hit = 0; hit < damage; hit++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      const decoded = decodeDatagram(bytes)
      if (decoded === undefined) continue
      read++
      // What was read is sound: it could be said again.
      assert.deepEqual(decodeDatagram(encodeDatagram(decoded)), decoded)
    }
    assert.ok(read > STRANGE / 100, `only ${read} reached the addresses: the damage was too crude`)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2 * MAX_DATAGRAM_BYTES }), (bytes) => {
        decodeDatagram(bytes)
      }),
      { seed: 6372, numRuns: 2000 }
    )
  })
})
