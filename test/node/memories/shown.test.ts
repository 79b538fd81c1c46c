import assert from 'node:assert/strict'
import { newSeed, peerIdOf, signerOf } from '../../../src/node/membership/keys.ts'
import { shown } from '../../../src/node/memories/local-memory.ts'
import { idOf } from '../../../src/node/memories/memory-id.ts'

describe('a memory as it is shown', () => {
  it('names its device by its id, and none where the label is no key', () => {
    const { key } = signerOf(newSeed('ed25519'))
    assert.equal(shown({ device: key }).device, peerIdOf(key))
    for (const device of [null, '', 'laptop', key.slice(1), `${key}00`, key.toUpperCase(), '\u001b[2J']) {
      assert.equal(shown({ device }).device, null)
    }
  })

  it('is found by an id as people type it, and by nothing that is none', () => {
    assert.equal(idOf(' AbC1 '), 'abc1')
    for (const id of ['', ' ', 'a b', 'ä', '0123456789abcdefg', '../x', 7, null, undefined, '%']) {
      assert.throws(() => idOf(id), { name: 'UnknownMemoryError' })
    }
  })
})
