import assert from 'node:assert/strict'
import fc from 'fast-check'
import { BLOCK, decodeHeader, encodeHeader } from '../../src/packages/tar-header.ts'

describe('a header of a tar file', () => {
  const path = fc
    .array(fc.stringMatching(/^[a-zA-Zü0-9._-]{1,60}$/), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/'))

  it('is read as it was written, whatever the size', () => {
    fc.assert(
      fc.property(path, fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(8 ** 11 - 1, 8 ** 11)), (path, bytes) => {
        const header = encodeHeader({ path, bytes })
        if (header === null) assert.ok(Buffer.byteLength(path) > 100)
        else assert.deepEqual(decodeHeader(header), { path, bytes })
      })
    )
  })

  it('holds paths of 255 bytes where they can be split, and no longer ones', () => {
    const long = `${'a'.repeat(155)}/${'b'.repeat(100)}`
    assert.equal(decodeHeader(encodeHeader({ path: long, bytes: 1 })!)?.path, long)
    assert.equal(encodeHeader({ path: `${long}b`, bytes: 1 }), null)
    assert.equal(encodeHeader({ path: 'b'.repeat(101), bytes: 1 }), null)
  })

  it('is refused with any byte changed', () => {
    const header = encodeHeader({ path: 'qwen.meshmodel/config.json', bytes: 123 })!
    // Spaces and zeros after the digits of the checksum mean the same.
    const meaningless = [154, 155]
    for (let at = 0; at < BLOCK; at++) {
      const changed = Buffer.from(header)
      changed[at]! ^= 1
      if (!meaningless.includes(at)) assert.equal(decodeHeader(changed), null, `byte ${String(at)}`)
    }
  })

  it('is refused for what is no regular file', () => {
    for (const type of ['1', '2', '3', '4', '5', '6', 'L', 'K', 'x', 'g', 'S']) {
      const header = encodeHeader({ path: 'a/b', bytes: 0 })!
      header.write(type, 156)
      const sum =
        header.reduce((total, byte) => total + byte, 0) - header.subarray(148, 156).reduce((a, b) => a + b, 0) + 8 * 32
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
      assert.equal(decodeHeader(header), null, type)
    }
  })
})
