import assert from 'node:assert/strict'
import fc from 'fast-check'
import { InvalidPackageError } from '../../src/errors.ts'
import { decodeManifest, encodeManifest, storedParts } from '../../src/packages/manifest.ts'
import type { Manifest } from '../../src/packages/manifest.ts'
import { isModelName, nameFrom } from '../../src/packages/model-name.ts'
import { collision, pathProblem } from '../../src/packages/package-path.ts'

const FILE = { path: 'onnx/model.onnx', bytes: 200_000, sha256: '0f'.repeat(32) }
const MANIFEST: Manifest = { version: 1, name: 'qwen', hash: 'ab'.repeat(32), partBytes: 65_536, files: [FILE] }

const asBytes = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

const refusal = (value: unknown): string => {
  try {
    decodeManifest(asBytes(value), 'stick/qwen')
    return 'taken'
  } catch (err) {
    assert.ok(err instanceof InvalidPackageError)
    return err.message
  }
}

describe('the manifest of a package', () => {
  it('is read as it was written, without what this release does not know', () => {
    assert.deepEqual(decodeManifest(encodeManifest(MANIFEST), ''), MANIFEST)
    const more = { ...MANIFEST, colour: 'red', files: [{ ...FILE, mode: 0o755 }] }
    assert.deepEqual(decodeManifest(Buffer.from(JSON.stringify(more)), ''), MANIFEST)
  })

  for (const [lie, value, words] of [
    ['is no JSON', '{"version":', /not valid JSON/],
    ['is no UTF-8', Buffer.concat([Buffer.from('"'), Buffer.of(0xff), Buffer.from('"')]), /not valid JSON/],
    ['is a list', [], /not an object/],
    ['is larger than any', ' '.repeat(2 ** 20) + JSON.stringify(MANIFEST), /larger than 1048576 bytes/],
    ['is of another version', { ...MANIFEST, version: 2 }, /version 2, .* Update this device/],
    ['has a name that climbs', { ...MANIFEST, name: '../x' }, /the name/],
    ['has a name that is hidden', { ...MANIFEST, name: '.x' }, /the name/],
    ['has a hash that is none', { ...MANIFEST, hash: 'AB'.repeat(32) }, /the hash/],
    ['has parts of nothing', { ...MANIFEST, partBytes: 1 }, /partBytes/],
    ['has no files', { ...MANIFEST, files: [] }, /no files/],
    [
      'has too many',
      { ...MANIFEST, files: Array.from({ length: 1001 }, (_, i) => ({ ...FILE, path: `f${i}` })) },
      /1000/
    ],
    ['has a negative size', { ...MANIFEST, files: [{ ...FILE, bytes: -1 }] }, /not a list/],
    ['has a broken size', { ...MANIFEST, files: [{ ...FILE, bytes: 1.5 }] }, /not a list/],
    [
      'has a size beyond numbers',
      '{"version":1,"name":"a","hash":"' +
        MANIFEST.hash +
        '","partBytes":null,"files":[{"path":"a","bytes":1e300,"sha256":"' +
        FILE.sha256 +
        '"}]}',
      /not a list/
    ],
    [
      'has sizes that add up beyond numbers',
      {
        ...MANIFEST,
        partBytes: null,
        files: ['a', 'b'].map((path) => ({ ...FILE, path, bytes: Number.MAX_SAFE_INTEGER }))
      },
      /larger than any disk/
    ],
    ['has a file of a million parts', { ...MANIFEST, files: [{ ...FILE, bytes: 2 ** 36 }] }, /more than 999 parts/],
    ['has no digest', { ...MANIFEST, files: [{ ...FILE, sha256: '' }] }, /not a list/],
    ['names a file twice', { ...MANIFEST, files: [FILE, FILE] }, /one file on some systems/],
    [
      'names one that differs in capitals',
      { ...MANIFEST, files: [FILE, { ...FILE, path: 'onnx/Model.onnx' }] },
      /one file/
    ],
    ['names itself', { ...MANIFEST, files: [{ ...FILE, path: 'Manifest.json', bytes: 1 }] }, /one file/],
    [
      'names a file like a part of another',
      { ...MANIFEST, files: [FILE, { ...FILE, path: `${FILE.path}.002`, bytes: 1 }] },
      /one file/
    ],
    [
      'names a path that climbs',
      { ...MANIFEST, files: [{ ...FILE, path: '../../.ssh/authorized_keys' }] },
      /cannot be used/
    ]
  ] as const) {
    it(`is refused when it ${lie}`, () => {
      assert.match(refusal(value), words)
    })
  }

  it('is refused, and nothing worse, whatever it holds', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(...(Object.values(MANIFEST) as unknown[])))
    const record = fc.record({ version: fc.constant(1), name: field, hash: field, partBytes: field, files: field })
    fc.assert(
      fc.property(fc.oneof(record, fc.jsonValue()), (value) => {
        const said = refusal(value)
        assert.ok(said === 'taken' || said.startsWith('stick/qwen '), said)
      }),
      { numRuns: 500 }
    )
  })
})

describe('the paths of a package', () => {
  it('are plain relative ones', () => {
    for (const path of ['config.json', 'onnx/model.onnx_data_1', 'a/b/c/d/e/f/g/h', 'Mödell v2 (final).txt']) {
      assert.equal(pathProblem(path), null, path)
    }
  })

  it('lead nowhere else, on no system', () => {
    const climbing = [
      '..',
      '../x',
      'a/../b',
      'a/..',
      '/etc/passwd',
      'a//b',
      'a/',
      '',
      '.',
      './a',
      '.git/hooks/x',
      'a/.b'
    ]
    const windows = [
      'C:/x',
      'C:x',
      'a\\b',
      '..\\x',
      'a:stream',
      'con',
      'a/NUL.txt',
      'com1',
      'x.',
      'x ',
      'a?',
      'a*',
      'a|b',
      '<a'
    ]
    const unseen = ['a\0b', 'a\nb', 'a\u001b[2Jb', 'a\u202eb', 'a\ud800', 'a\u200bb']
    const long = ['x'.repeat(256), 'ü'.repeat(128), 'a/'.repeat(8) + 'a']
    for (const path of [...climbing, ...windows, ...unseen, ...long]) {
      assert.notEqual(pathProblem(path), null, JSON.stringify(path))
    }
  })

  it('are told apart on every file system', () => {
    for (const [one, other] of [
      ['a', 'A'],
      ['a/b', 'a/B'],
      ['a/b', 'A/c'],
      ['a', 'a/b'],
      ['a/b/c', 'a/b'],
      ['\u00e9', 'e\u0301'],
      ['x', 'x']
    ] as const) {
      assert.deepEqual(collision([one, other]), [one, other])
      assert.deepEqual(collision(['z/z', one, 'y', other]), [one, other])
    }
    assert.equal(collision(['a/b', 'a/c', 'b', 'ab']), null)
  })

  it('of parts are numbered, and the parts are the whole', () => {
    assert.deepEqual(storedParts({ path: 'a', bytes: 10 }, 10), [{ path: 'a', start: 0, bytes: 10 }])
    assert.deepEqual(storedParts({ path: 'a', bytes: 21 }, 10), [
      { path: 'a.001', start: 0, bytes: 10 },
      { path: 'a.002', start: 10, bytes: 10 },
      { path: 'a.003', start: 20, bytes: 1 }
    ])
  })
})

describe('the name of a model', () => {
  it('is a folder on every system, and a word on every command line', () => {
    for (const name of ['mini', 'Qwen3-0.6B-ONNX', 'a', 'gemma_3+it', 'x'.repeat(100)])
      assert.ok(isModelName(name), name)
    const bad = [
      '',
      '.',
      '..',
      '.a',
      '-a',
      'a b',
      'a/b',
      'a\\b',
      'a:b',
      'ü',
      'con',
      'NUL.x',
      'a.',
      'a.path',
      'x'.repeat(101),
      'a\n'
    ]
    for (const name of bad) assert.ok(!isModelName(name), JSON.stringify(name))
  })

  it('comes from the folder, or from the place in the cache of Hugging Face', () => {
    assert.equal(nameFrom('/data/models/qwen3/'), 'qwen3')
    assert.equal(nameFrom('/stick/qwen3.meshmodel'), 'qwen3')
    assert.equal(nameFrom('/c/hub/models--onnx-community--Qwen3-0.6B-ONNX/snapshots/0a1b2c'), 'Qwen3-0.6B-ONNX')
  })
})
