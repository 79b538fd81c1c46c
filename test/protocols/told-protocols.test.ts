import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Peer, PeerData, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tellOnce } from '../../src/protocols/told-protocols.ts'
import { ManualClock } from './manual-clock.ts'

/** A store that keeps what it is told. */
async function store() {
  const peers = await Promise.all([1, 2].map(async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))))
  const [one, other] = peers as [PeerId, PeerId]
  const told: [string, string, string][] = []
  const write = (how: string) => (peer: PeerId, data: PeerData) => {
    told.push([how, peer === one ? 'one' : 'other', (data.protocols ?? []).join()])
    return Promise.resolve({ id: peer } as Peer)
  }
  const made = {
    merge: write('merge'),
    patch: write('patch'),
    save: write('save'),
    delete: (peer: PeerId) => {
      told.push(['delete', peer === one ? 'one' : 'other', ''])
      return Promise.resolve()
    }
  }
  const clock = new ManualClock()
  tellOnce(made, clock)
  return { one, other, made, told, clock }
}

describe('a peer store that is told once', () => {
  it('puts a protocol down once for each peer, and gives the peer each time', async () => {
    const { one, other, made, told } = await store()
    for (const peer of [one, one, other, one]) {
      for (const protocol of ['/a', '/b']) assert.equal((await made.merge(peer, { protocols: [protocol] })).id, peer)
    }
    assert.deepEqual(told, [
      ['merge', 'one', '/a'],
      ['merge', 'one', '/b'],
      ['merge', 'other', '/a'],
      ['merge', 'other', '/b']
    ])
  })

  it('puts it down again a minute later, so that the peer is known to be there', async () => {
    const { one, made, told, clock } = await store()
    await made.merge(one, { protocols: ['/a'] })
    clock.advance(59_999)
    await made.merge(one, { protocols: ['/a'] })
    assert.equal(told.length, 1)
    clock.advance(1)
    await made.merge(one, { protocols: ['/a'] })
    assert.equal(told.length, 2)
  })

  it('puts all other news down, and the protocol again after it', async () => {
    const { one, other, made, told } = await store()
    const news: (() => Promise<unknown>)[] = [
      () => made.merge(one, { protocols: ['/a', '/b'] }),
      () => made.merge(one, { protocols: ['/a'], tags: {} }),
      () => made.patch(one, { protocols: [] }),
      () => made.save(one, {}),
      () => made.delete(one)
    ]
    await made.merge(other, { protocols: ['/a'] })
    for (const tell of news) {
      await made.merge(one, { protocols: ['/a'] })
      const before = told.length
      await tell()
      assert.equal(told.length, before + 1)
      await made.merge(one, { protocols: ['/a'] })
      assert.equal(told.length, before + 2)
    }
    const before = told.length
    await made.merge(other, { protocols: ['/a'] })
    assert.equal(told.length, before)
  })

  it('does not take for put down what could not be', async () => {
    const { one, made } = await store()
    let tries = 0
    const failing: Parameters<typeof tellOnce>[0] = {
      ...made,
      merge: () => {
        tries++
        return Promise.reject(new Error('no room'))
      }
    }
    tellOnce(failing)
    await assert.rejects(failing.merge(one, { protocols: ['/a'] }))
    await assert.rejects(failing.merge(one, { protocols: ['/a'] }))
    assert.equal(tries, 2)
  })
})
