import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { readEnvironment } from '../../cli/environment.ts'

describe('what the environment says of the hub', () => {
  it('is as for the hub’s own tools; what is empty is not set', () => {
    assert.deepEqual(readEnvironment({}).hub, {})
    assert.deepEqual(readEnvironment({ HF_ENDPOINT: '', HF_TOKEN: '', HF_HOME: '' }).hub, {})
    assert.deepEqual(readEnvironment({ HF_ENDPOINT: 'https://mirror.test', HF_TOKEN: 'hf_x', HF_HOME: '~/hf' }).hub, {
      ...{ endpoint: 'https://mirror.test', token: 'hf_x', home: join(homedir(), 'hf') }
    })
    assert.deepEqual(readEnvironment({ HF_HOME: 'hf' }).hub, { home: resolve('hf') })
  })
})
