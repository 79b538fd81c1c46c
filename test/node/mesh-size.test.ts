import assert from 'node:assert/strict'
import fc from 'fast-check'
import { GROWN_MS, LINK_ALL_UP_TO, sizeOf, SMALL, type MeshSize } from '../../src/node/mesh-size.ts'

const linkAllUpTo = LINK_ALL_UP_TO

describe('the size of a mesh', () => {
  const after = (before: MeshSize, members: number, now: number, isStarting = false) =>
    sizeOf(before, { members, linkAllUpTo, isStarting }, now)

  it('is small up to 32 devices, whatever was before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32 }), fc.boolean(), fc.boolean(), (members, isLarge, isStarting) => {
        assert.deepEqual(after({ isLarge, overSince: isLarge ? 0 : null }, members, 1e6, isStarting), SMALL)
      })
    )
  })

  it('is large at once for a device that starts, and where it has clearly grown', () => {
    assert.equal(after(SMALL, 33, 0, true).isLarge, true)
    assert.equal(after(SMALL, 37, 0).isLarge, true)
  })

  it('stays small for a minute when it has only just grown, so that one who comes and goes changes nothing', () => {
    let size = after(SMALL, 33, 0)
    size = after(size, 34, GROWN_MS - 1)
    assert.equal(size.isLarge, false)
    assert.equal(after(size, 33, GROWN_MS).isLarge, true)
    // Gone in between: the minute begins anew.
    size = after(after(size, 32, GROWN_MS - 1), 33, GROWN_MS)
    assert.equal(after(size, 33, 2 * GROWN_MS - 1).isLarge, false)
    assert.equal(after(size, 33, 2 * GROWN_MS).isLarge, true)
  })

  it('stays large while it is above', () => {
    const large = after(SMALL, 40, 0)
    assert.equal(after(large, 33, 1).isLarge, true)
  })
})
