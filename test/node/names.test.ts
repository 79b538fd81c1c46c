import assert from 'node:assert/strict'
import fc from 'fast-check'
import { displayNames, resolveModel, resolvePeer } from '../../src/node/names.ts'

const devices = [
  { here: true, peer: { name: 'laptop', id: '12D3KooWAaa1' } },
  { here: false, peer: { name: 'desktop', id: '12D3KooWAbb2' } },
  { here: false, peer: { name: 'desktop-2', id: '12D3KooWCcc3' } }
]

describe('a device is found', () => {
  it('by name in any case, by "here", by its id and by a unique beginning of it', () => {
    for (const [wanted, name] of [
      ['desktop', 'desktop'],
      ['Desktop-2', 'desktop-2'],
      ['here', 'laptop'],
      ['12D3KooWCcc3', 'desktop-2'],
      ['12D3KooWC', 'desktop-2']
    ] as const) {
      assert.equal(resolvePeer(wanted, devices).name, name)
    }
  })

  it('by its id, and not by the name that another one was given to be taken for it', () => {
    const renamed = [...devices, { here: false, peer: { name: '12D3KooWAbb2', id: '12D3KooWDdd4' } }]
    assert.equal(resolvePeer('12D3KooWAbb2', renamed).name, 'desktop')
    const shorter = [...devices, { here: false, peer: { name: '12D3KooWAbb', id: '12D3KooWDdd4' } }]
    assert.throws(() => resolvePeer('12D3KooWAbb', shorter), {
      name: 'AmbiguousPeerError',
      details: { wanted: '12D3KooWAbb', ids: ['12D3KooWDdd4', '12D3KooWAbb2'] }
    })
  })

  it('or the known names are listed', () => {
    assert.throws(() => resolvePeer('phone', devices), {
      name: 'UnknownPeerError',
      message: 'No device is called "phone". Known: desktop, desktop-2, laptop.'
    })
    assert.throws(() => resolvePeer('', devices), { name: 'UnknownPeerError' })
  })

  it('or the ids that fit are listed', () => {
    assert.throws(() => resolvePeer('12D3KooWA', devices), {
      name: 'AmbiguousPeerError',
      details: { wanted: '12D3KooWA', ids: ['12D3KooWAbb2', '12D3KooWAaa1'] }
    })
  })
})

describe('a model is found', () => {
  const offers = [
    { name: 'qwen3', hash: 'aaaa1' },
    { name: 'qwen3', hash: 'aaaa2' },
    { name: 'llama', hash: 'bbbb1' },
    { name: 'aaaa', hash: 'cccc1' }
  ]

  it('by name, which may stand for several hashes, or by a unique beginning of its hash', () => {
    assert.deepEqual(resolveModel('Qwen3', offers), { name: 'Qwen3' })
    assert.deepEqual(resolveModel('BB', offers), { hash: 'bbbb1' })
    assert.deepEqual(resolveModel('aaaa', offers), { name: 'aaaa' })
  })

  it('or the known ones are listed', () => {
    assert.throws(() => resolveModel('gpt', offers), {
      name: 'UnknownModelError',
      message: 'No device has the model "gpt". Known: aaaa, llama, qwen3.'
    })
    assert.throws(() => resolveModel('aaa', offers), {
      name: 'UnknownModelError',
      message: /fits 2 models: qwen3 aaaa1/
    })
  })
})

describe('names to show', () => {
  it('get a number where two are the same, the later one', () => {
    const shown = displayNames([
      { id: 'c', ownName: 'desktop', order: 3 },
      { id: 'a', ownName: 'desktop', order: 1 },
      { id: 'b', ownName: 'desktop-2', order: 2 },
      { id: 'd', ownName: 'here', order: 4 }
    ])
    assert.deepEqual(Object.fromEntries(shown), { a: 'desktop', b: 'desktop-2', c: 'desktop-3', d: 'here-2' })
  })

  it('are unique in any case of letters, and the same in whatever order the devices are known', () => {
    const device = fc.record({
      id: fc.string({ minLength: 1, maxLength: 4 }),
      ownName: fc.constantFrom('pi', 'Pi', 'pi-2', 'pi-2-2', 'here', 'desk'),
      order: fc.integer({ min: 0, max: 3 })
    })
    const known = fc.uniqueArray(device, { selector: ({ id }) => id, maxLength: 8 })
    fc.assert(
      fc.property(
        known.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, other]) => {
          const shown = displayNames(all)
          assert.deepEqual(new Map([...displayNames(other)].sort()), new Map([...shown].sort()))
          const names = [...shown.values()].map((name) => name.toLowerCase())
          assert.equal(new Set(names).size, all.length)
          assert.ok(!names.includes('here'))
        }
      ),
      { seed: 20_240_613, numRuns: 500 }
    )
  })
})
