import assert from 'node:assert/strict'
import type { ModelInfo } from '../../src/interface.ts'
import { offerOf, OwnCapability } from '../../src/node/own-capability.ts'
import { MINI } from './candidates.ts'

describe('what this device says of itself', () => {
  it('is counted and told on each change, and only then', () => {
    const told: number[] = []
    const capability: OwnCapability = new OwnCapability({
      name: 'pi',
      version: '0.1.0',
      answering: 'yes',
      changed: () => told.push(capability.get().sequence)
    })
    capability.update({ queue: 1 })
    capability.update({ queue: 1, models: [], addresses: [] })
    capability.update({ models: [{ ...MINI }] })
    capability.update({ models: [{ ...MINI }] })
    capability.answer('yes', null)
    capability.answer('paused', null)
    assert.deepEqual(told, [1, 2, 3])
    const { name, queue, answering, sequence } = capability.get()
    assert.deepEqual([name, queue, answering, sequence], ['pi', 1, 'paused', 3])
  })

  it('tells how long a pause still lasts whenever it is asked, and of another end at once', () => {
    let now = 1000
    const told: number[] = []
    const capability: OwnCapability = new OwnCapability({
      name: 'pi',
      version: '0.1.0',
      answering: 'yes',
      changed: () => told.push(capability.get().resumesInMs ?? -1),
      now: () => now
    })
    assert.equal('resumesInMs' in capability.get(), false)
    capability.answer('paused', 61_000)
    now = 31_000
    assert.equal(capability.get().resumesInMs, 30_000)
    capability.answer('paused', 61_000)
    capability.answer('paused', 91_000)
    capability.answer('yes', null)
    assert.deepEqual(told, [60_000, 60_000, -1])
    assert.equal('resumesInMs' in capability.get(), false)
  })

  it('differs from process to process', () => {
    const init = { name: 'pi', version: '0.1.0', answering: 'yes' as const, changed: () => undefined }
    assert.notEqual(new OwnCapability(init).get().instance, new OwnCapability(init).get().instance)
  })

  it('tells nothing of where a model lies', () => {
    const { prefillRate, decodeRate, ...model } = MINI
    const info: ModelInfo = { ...model, bytes: 5, loaded: true, broken: null }
    assert.deepEqual(offerOf(info, { prefillRate, decodeRate }), MINI)
  })
})
