import assert from 'node:assert/strict'
import { silentLibp2pLog } from '../../src/protocols/libp2p-log.ts'

describe("libp2p's log where nobody reads it", () => {
  it('is wanted by none of its parts, nor is any log that is made from it', () => {
    const log = silentLibp2pLog.forComponent('libp2p:tcp')
    for (const each of [log, log.newScope('dial'), log.newScope('dial').newScope('1')]) {
      assert.equal(each.enabled, false)
      each('%s', 'something')
      each.error('%s', 'something')
      each.trace('%s', 'something')
    }
  })
})
