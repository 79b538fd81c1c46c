import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { DiskFullError } from '../../src/errors.ts'
import type { HubModel } from '../../src/hub/index.ts'
import { bytesOf } from '../packages/files.ts'
import { Bench, downloaded, fileOf, type Downloaded } from './fixture.ts'
import type { Trouble } from './hub-double.ts'

const NAME = 'maker/Model'
const GRAPH = 'onnx/model_q4.onnx'
const WEIGHTS = 'onnx/model_q4.onnx_data'
/** Large enough that a cut leaves some of it on the way. */
const FILES = {
  'config.json': Buffer.from('{}\n'),
  'empty.txt': Buffer.alloc(0),
  [GRAPH]: bytesOf('graph', 30_001),
  [WEIGHTS]: bytesOf('weights', 3_000_000)
}
const TOTAL = Object.values(FILES).reduce((sum, { length }) => sum + length, 0)

describe('a download from the hub', () => {
  let bench: Bench
  let model: HubModel
  beforeEach(async () => {
    bench = await new Bench().open()
    bench.double.put(NAME, FILES)
    model = await bench.hub().find(NAME)
    bench.double.asked.length = 0
  })
  afterEach(async () => {
    await bench.close()
  })

  const download = async (files = model.files): Promise<Downloaded> =>
    downloaded(bench.hub().download(model, files, bench.into))
  const there = (path: string): Buffer => readFileSync(join(bench.into, path))
  const lay = (path: string, content: Buffer): void => {
    mkdirSync(join(bench.into, dirname(path)), { recursive: true })
    writeFileSync(join(bench.into, path), content)
  }
  const isRight = (): void => {
    for (const [path, content] of Object.entries(FILES)) assert.deepEqual(there(path), content, path)
  }

  it('brings every file, the small ones first, and the large ones from where the hub sends to', async () => {
    assert.deepEqual(await download(), { bytes: TOTAL, kept: 0, remarks: [] })
    isRight()
    const stored = bench.double.asked.filter(({ server }) => server === 'storage')
    assert.deepEqual(
      stored.map(({ path }) => decodeURIComponent(path.split('/').at(-1)!)),
      [GRAPH, WEIGHTS]
    )
    assert.equal(bench.double.sentTwice(), 0)
    // The owner's alone, and never executable.
    if (process.platform !== 'win32') assert.equal(lstatSync(join(bench.into, WEIGHTS)).mode & 0o777, 0o600)
  })

  it('brings the same from a repository with Xet storage', async () => {
    bench.double.put(NAME, FILES, { xet: true })
    model = await bench.hub().find(NAME)
    assert.deepEqual(await download(), { bytes: TOTAL, kept: 0, remarks: [] })
    isRight()
  })

  it('speaks to no host but the hub and the one it sends to, and gives the token to the first alone', async () => {
    await downloaded(bench.hub({ token: 'hf_secret' }).download(model, model.files, bench.into))
    const [hub, storage] = ['hub', 'storage'].map((server) =>
      bench.double.asked.filter((each) => each.server === server)
    )
    assert.ok(hub!.length > 0 && hub!.every(({ authorization }) => authorization === 'Bearer hf_secret'))
    assert.ok(storage!.length > 0 && storage!.every(({ authorization }) => authorization === null))
  })

  it('asks for nothing that is there', async () => {
    await download()
    bench.double.asked.length = 0
    assert.deepEqual(await download(), { bytes: TOTAL, kept: TOTAL, remarks: [] })
    assert.deepEqual(bench.double.asked, [])
  })

  it('takes no file whose path climbs, whoever asks for it', async () => {
    const digest = { kind: 'git-blob', hex: 'ab'.repeat(20) } as const
    const climbing = { path: '../evil', bytes: 1, digest }
    await assert.rejects(download([climbing]), { name: 'HubAnswerError', message: /\.\.\/evil/ })
    assert.deepEqual([readdirSync(bench.root), bench.double.asked], [[], []])
  })

  it('goes on where a file ended, at any length of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: FILES[WEIGHTS].length }), async (length) => {
        lay(WEIGHTS, FILES[WEIGHTS].subarray(0, length))
        bench.double.asked.length = 0
        const { bytes, kept } = await download([fileOf(model, WEIGHTS)])
        assert.deepEqual([bytes, kept], [FILES[WEIGHTS].length, length])
        assert.deepEqual(there(WEIGHTS), FILES[WEIGHTS])
        const sent = bench.double.asked.reduce((sum, each) => sum + each.sent, 0)
        assert.equal(sent, FILES[WEIGHTS].length - length)
      }),
      { numRuns: 8 }
    )
  })

  it('fetches anew what was there and was damaged, or longer, and says so', async () => {
    lay(WEIGHTS, Buffer.alloc(500_000))
    const { bytes, kept, remarks } = await download()
    assert.deepEqual([bytes, kept, remarks.length], [TOTAL, 0, 1])
    assert.match(remarks[0]!, /model_q4\.onnx_data was damaged; it is fetched anew/)
    isRight()
    lay(GRAPH, Buffer.concat([FILES[GRAPH], Buffer.from('more')]))
    await download()
    isRight()
  })

  it('writes through no link, and to no folder that is one', async () => {
    mkdirSync(join(bench.into, 'onnx'), { recursive: true })
    const outside = join(bench.root, 'outside')
    writeFileSync(outside, 'mine')
    symlinkSync(outside, join(bench.into, WEIGHTS))
    await assert.rejects(download(), { name: 'FileUnusableError' })
    assert.equal(readFileSync(outside, 'utf8'), 'mine')
    await bench.close()
    bench = await new Bench().open()
    bench.double.put(NAME, FILES)
    model = await bench.hub().find(NAME)
    const elsewhere = join(bench.root, 'elsewhere')
    mkdirSync(elsewhere)
    mkdirSync(bench.into)
    symlinkSync(elsewhere, join(bench.into, 'onnx'))
    await assert.rejects(download(), { name: 'FileUnusableError' })
    assert.deepEqual(readdirSync(elsewhere), [])
  })

  const passing: [string, string, Trouble][] = [
    ['cuts off in the middle', 'storage', { cutAfter: 200_000 }],
    ['cuts off before anything', 'storage', { cutAfter: 0 }],
    ['falls silent in the middle', 'storage', { stallAfter: 200_000 }],
    ['falls silent before anything', 'storage', { silent: true }],
    ['is full for a moment', 'storage', { status: 503 }],
    ['lets nobody in for a moment', `/resolve/`, { status: 429, headers: { 'retry-after': '0' } }]
  ]
  for (const [what, where, trouble] of passing) {
    it(`goes on by itself where a server ${what}`, async () => {
      bench.double.trouble(where, trouble)
      const { bytes, kept, remarks } = await download([fileOf(model, WEIGHTS)])
      assert.deepEqual([bytes, kept], [FILES[WEIGHTS].length, 0])
      assert.match(remarks.join(), /It is tried again in \d+ s\./)
      assert.deepEqual(there(WEIGHTS), FILES[WEIGHTS])
    })
  }

  it('goes on as often as it gets on, however often it is cut', async () => {
    bench.double.trouble('storage', { cutAfter: 400_000 }, 6)
    const { remarks } = await download([fileOf(model, WEIGHTS)])
    assert.equal(remarks.length, 6)
    assert.deepEqual(there(WEIGHTS), FILES[WEIGHTS])
  })

  it('gives up where it does not get on, and a second try goes on', async () => {
    bench.double.trouble('storage', { cutAfter: 100_000 })
    bench.double.trouble('storage', { cutAfter: 10 }, 3)
    await assert.rejects(download([fileOf(model, WEIGHTS)]), {
      name: 'HubCutOffError',
      message: /What came is kept: repeat/
    })
    const { kept } = await download([fileOf(model, WEIGHTS)])
    assert.ok(kept > 0)
    assert.deepEqual(there(WEIGHTS), FILES[WEIGHTS])
    bench.double.trouble('storage', { silent: true }, 3)
    await assert.rejects(download([fileOf(model, GRAPH)]), { name: 'HubSilentError' })
  })

  it('leaves out what it has where a server sends the whole again', async () => {
    bench.double.trouble('storage', { cutAfter: 300_000 })
    bench.double.trouble('storage', { ignoresRange: true })
    await download([fileOf(model, WEIGHTS)])
    assert.deepEqual(there(WEIGHTS), FILES[WEIGHTS])
  })

  const wrong: [string, Trouble][] = [
    ['wrong bytes', { wrong: true }],
    ['more than it announced', { longer: true }],
    ['a file of another length', { headers: { 'content-length': '5' } }]
  ]
  for (const [what, trouble] of wrong) {
    it(`refuses ${what}, keeps nothing of that file, and what was proved`, async () => {
      bench.double.trouble('storage', {})
      bench.double.trouble('storage', trouble)
      await assert.rejects(download(), { name: 'HubBytesError', message: /model_q4\.onnx_data is not that file/ })
      assert.deepEqual(readdirSync(join(bench.into, 'onnx')), ['model_q4.onnx'])
      const { kept } = await download()
      assert.equal(kept, TOTAL - FILES[WEIGHTS].length)
      isRight()
    })
  }

  it('refuses wrong bytes of a small file by its name in git', async () => {
    bench.double.trouble('config.json', { wrong: true })
    await assert.rejects(download(), { name: 'HubBytesError', message: /config\.json/ })
  })

  it('refuses a part that begins elsewhere, and one of a file of another size', async () => {
    for (const range of ['bytes 5-2999999/3000000', 'bytes 100-2999999/3000001', 'nonsense']) {
      lay(WEIGHTS, FILES[WEIGHTS].subarray(0, 100))
      bench.double.trouble('storage', { headers: { 'content-range': range } })
      await assert.rejects(download([fileOf(model, WEIGHTS)]), /HubAnswerError|HubBytesError/)
    }
  })

  it('takes a web page for none of the files', async () => {
    bench.double.trouble('/resolve/', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }, 9)
    await assert.rejects(download(), { name: 'HubAnswerError', message: /web page.*log-in/ })
  })

  it('says what to do where files, and not the model, are gated', async () => {
    bench.double.trouble('/resolve/', { status: 401, headers: { 'x-error-code': 'GatedRepo' } }, 9)
    await assert.rejects(download(), { name: 'GatedModelError', message: /HF_TOKEN/ })
  })

  it('asks for room first, for what is missing alone, and fetches nothing without it', async () => {
    const wanted: number[] = []
    const full = {
      checkRoom: (_: string, bytes: number) => {
        wanted.push(bytes)
        return Promise.reject(new DiskFullError('full'))
      },
      makeFolder: () => Promise.resolve(),
      syncFolder: () => Promise.resolve(),
      writing: <T>(_: string, work: () => Promise<T>) => work()
    }
    lay(WEIGHTS, FILES[WEIGHTS].subarray(0, 1000))
    const hub = bench.hub({ disk: full })
    await assert.rejects(downloaded(hub.download(model, model.files, bench.into)), { name: 'DiskFullError' })
    assert.deepEqual([wanted, bench.double.asked], [[TOTAL - 1000], []])
  })

  it('stops with the reason of its signal, and keeps what came', async () => {
    bench.double.trouble('storage', { stallAfter: 300_000 })
    const controller = new AbortController()
    const reason = new Error('enough')
    const steps = bench
      .hub({ limits: { silenceMs: 60_000 } })
      .download(model, [fileOf(model, WEIGHTS)], bench.into, { signal: controller.signal })
    let bytes = 0
    await assert.rejects(async () => {
      for await (const step of steps) {
        if ('bytes' in step) bytes += step.bytes
        if (bytes === 300_000) controller.abort(reason)
      }
    }, reason)
    assert.equal(there(WEIGHTS).length, 300_000)
  })

  it('follows a redirect from https to http nowhere', async () => {
    // The rule is a function of both addresses; https itself would want certificates here.
    const { redirectOf } = await import('../../src/hub/redirect.ts')
    const answer = (location: string) => new Response(null, { status: 302, headers: { location } })
    const from = new URL('https://hub.test/a')
    assert.throws(() => redirectOf(answer('http://hub.test/b'), from), {
      name: 'HubAnswerError',
      message: /not followed/
    })
    assert.equal(redirectOf(answer('https://cdn.test/b'), from)?.href, 'https://cdn.test/b')
    assert.equal(redirectOf(answer('/c'), from)?.href, 'https://hub.test/c')
    assert.equal(redirectOf(new Response('x'), from), null)
  })

  it('names the blobs as git does', () => {
    const { digest } = fileOf(model, 'empty.txt')
    assert.deepEqual(digest, { kind: 'git-blob', hex: 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391' })
    assert.equal(createHash('sha1').update('blob 0\0').digest('hex'), digest.hex)
  })
})
