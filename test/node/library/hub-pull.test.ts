import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModelCopyEvent } from '../../../src/interface.ts'
import { QUICK } from '../../hub/fixture.ts'
import { HubDouble, modelFiles } from '../../hub/hub-double.ts'
import { Shelf, done } from './shelf.ts'

const NAME = 'onnx-community/Small-ONNX'
const PROCESS = fileURLToPath(new URL('full-disk-process.js', import.meta.url))

describe('a model pulled from the hub', () => {
  let shelf: Shelf
  let double: HubDouble
  beforeEach(async () => {
    double = await new HubDouble().start()
    shelf = new Shelf()
    shelf.limits = QUICK
    shelf.environment = { hfEndpoint: double.endpoint, hfHome: join(shelf.root, 'no-hf-home') }
  })
  afterEach(async () => {
    shelf.close()
    await double.close()
  })

  async function events(copy: AsyncIterable<ModelCopyEvent>): Promise<ModelCopyEvent[]> {
    const all: ModelCopyEvent[] = []
    for await (const event of copy) all.push(event)
    return all
  }

  /** Cuts what comes from storage until nobody tries again. */
  async function interrupted(): Promise<void> {
    double.trouble('storage', { cutAfter: 100_000 })
    double.trouble('storage', { cutAfter: 0 }, 3)
    await assert.rejects(done(shelf.library.pull({ name: NAME })), { name: 'HubCutOffError' })
    double.clear()
  }

  it('is listed under its name, remembers where it came from, and has the hash of its files alone', async () => {
    const commit = double.put(NAME, modelFiles('plain', ['model.onnx', 'model_q4.onnx']))
    const all = await events(shelf.library.pull({ name: NAME }))
    assert.deepEqual([...new Set(all.map(({ type }) => type))], ['notice', 'started', 'progress', 'done'])
    const [notice] = all
    assert.ok(notice?.type === 'notice')
    const host = new URL(double.endpoint).host
    assert.equal(notice.message, `${NAME} of ${host}, as q4 (there is also fp32). License: apache-2.0.`)
    const [model] = await shelf.list()
    assert.deepEqual([model?.name, model?.broken], ['Small-ONNX', null])
    assert.deepEqual(model?.origin, { repository: NAME, commit, quantization: 'q4' })
    assert.deepEqual(shelf.entries(), ['Small-ONNX'])
    assert.deepEqual(shelf.changes, [['Small-ONNX']])
    const end = all.at(-1)
    assert.ok(end?.type === 'done')
    assert.deepEqual([end.outcome, end.hash, end.path], ['pulled', model.hash, join(shelf.models, 'Small-ONNX')])
    const files = readdirSync(join(shelf.models, 'Small-ONNX'), { recursive: true }).sort()
    assert.deepEqual(files, [
      ...['LICENSE', 'README.md', 'config.json', 'generation_config.json', 'onnx', join('onnx', 'model_q4.onnx')],
      ...['origin.json', 'tokenizer.json', 'tokenizer_config.json']
    ])
    // The same files without an origin are the same model.
    const folder = join(shelf.root, 'copy')
    cpSync(join(shelf.models, 'Small-ONNX'), folder, { recursive: true })
    writeFileSync(join(folder, 'origin.json'), 'nonsense')
    const copy = await shelf.library.add({ path: folder, name: 'copy' })
    assert.deepEqual([copy.hash, copy.origin], [model.hash, undefined])
  })

  it('carries its origin along when it is exported and imported', async () => {
    double.put(NAME, modelFiles('plain'))
    await done(shelf.library.pull({ name: NAME, as: 'small' }))
    const [{ origin } = {}] = await shelf.list()
    const { path } = await done(shelf.library.export({ name: 'small', path: shelf.stick }))
    await shelf.library.remove({ name: 'small' })
    await done(shelf.library.import({ path }))
    assert.ok(origin)
    assert.deepEqual((await shelf.list())[0]?.origin, origin)
  })

  it('comes in the quantization that is asked for, and from the hub of the one who asks', async () => {
    double.put(NAME, modelFiles('plain', ['model.onnx', 'model_q4f16.onnx', 'model_quantized.onnx']))
    shelf.environment = { hfEndpoint: 'http://hub.invalid' }
    const hub = { endpoint: double.endpoint, token: 'hf_mine' }
    await done(shelf.library.pull({ name: NAME, quantization: 'q8', as: 'eight', from: 'hub', hub }))
    assert.equal((await shelf.list())[0]?.origin?.quantization, 'q8')
    assert.ok(existsSync(join(shelf.models, 'eight', 'onnx', 'model_quantized.onnx')))
    assert.ok(double.asked.some(({ authorization }) => authorization === 'Bearer hf_mine'))
    await assert.rejects(done(shelf.library.pull({ name: NAME, quantization: 'q2', hub })), {
      name: 'UnknownQuantizationError',
      message: /there as fp32, q4f16, q8/
    })
  })

  it('is asked for with the token of the hub’s own tools where the environment has none', async () => {
    double.put(NAME, modelFiles('plain'))
    double.token = 'hf_file'
    const home = join(shelf.root, 'hf')
    mkdirSync(home)
    writeFileSync(join(home, 'token'), 'hf_file\n')
    await assert.rejects(done(shelf.library.pull({ name: NAME })), { name: 'NotOnHubError' })
    await done(shelf.library.pull({ name: NAME, as: 'by-home', hub: { home } }))
    shelf.environment = { hfEndpoint: double.endpoint, hfTokenPath: join(home, 'token') }
    shelf.open()
    await done(shelf.library.pull({ name: NAME, as: 'by-path' }))
    shelf.environment = { hfEndpoint: double.endpoint, hfHome: home, hfToken: 'hf_other' }
    shelf.open()
    await assert.rejects(done(shelf.library.pull({ name: NAME, as: 'by-token' })), { name: 'NotOnHubError' })
  })

  it('is copied once: the same commit in the same form is known, another one gives way only when told to', async () => {
    double.put(NAME, modelFiles('plain'))
    await done(shelf.library.pull({ name: NAME }))
    const again = await events(shelf.library.pull({ name: NAME }))
    assert.deepEqual(
      again.map((event) => (event.type === 'done' ? event.outcome : event.type)),
      ['known']
    )
    const newer = double.put(NAME, modelFiles('chain'))
    await assert.rejects(done(shelf.library.pull({ name: NAME })), {
      name: 'ModelExistsError',
      message: /called Small-ONNX.*--name.*--replace/
    })
    await done(shelf.library.pull({ name: NAME, replace: true }))
    const [model, ...others] = await shelf.list()
    assert.deepEqual([model?.origin?.commit, others.length], [newer, 0])
    assert.deepEqual(shelf.entries(), ['Small-ONNX'])
  })

  it('goes on where it was interrupted, with the commit that it began with, and lists nothing before', async () => {
    const first = double.put(NAME, modelFiles('plain'))
    await interrupted()
    assert.deepEqual(await shelf.list(), [])
    assert.deepEqual(shelf.changes, [])
    double.put(NAME, modelFiles('chain'))
    shelf.open()
    const { kept, outcome } = await done(shelf.library.pull({ name: NAME }))
    assert.ok(outcome === 'pulled' && kept > 0)
    assert.equal((await shelf.list())[0]?.origin?.commit, first)
    assert.deepEqual(shelf.entries(), ['Small-ONNX'])
  })

  it('begins anew where the commit is gone, or another form is wanted, and leaves nothing of the old one', async () => {
    double.put(NAME, modelFiles('plain', ['model_q4.onnx', 'model_q4f16.onnx']))
    await interrupted()
    const files = modelFiles('chain', ['model_q4.onnx', 'model_q4f16.onnx'])
    const newest = double.put(NAME, files)
    double.forgetHistory(NAME)
    await done(shelf.library.pull({ name: NAME, as: 'newest' }))
    assert.equal((await shelf.list())[0]?.origin?.commit, newest)
    double.put(NAME, modelFiles('half', ['model_q4.onnx', 'model_q4f16.onnx']))
    await interrupted()
    await done(shelf.library.pull({ name: NAME, quantization: 'q4f16' }))
    const there = readdirSync(join(shelf.models, 'Small-ONNX', 'onnx'))
    assert.deepEqual(there, ['model_q4f16.onnx'])
  })

  it('keeps what an interrupted pull has brought while another name cannot be found', async () => {
    double.put(NAME, modelFiles('plain'))
    await interrupted()
    await assert.rejects(done(shelf.library.pull({ name: 'nobody/Nothing' })), { name: 'NotOnHubError' })
    assert.ok((await done(shelf.library.pull({ name: NAME }))).kept > 0)
  })

  it('leaves nothing where it turns out to be no model of ours, and names the other road', async () => {
    const files = modelFiles('plain')
    double.put(NAME, { ...files, 'tokenizer_config.json': Buffer.from('{}') })
    await assert.rejects(done(shelf.library.pull({ name: NAME })), {
      name: 'BrokenModelError',
      message: /tokenizer_config\.json has no chat_template.*Nothing of it was kept.*mesh engine add/
    })
    double.put(NAME, { ...files, 'onnx/model.onnx': Buffer.alloc(20_000) })
    await assert.rejects(done(shelf.library.pull({ name: NAME })), { name: 'BrokenModelError' })
    double.put(NAME, files)
    double.trouble('/resolve/', { status: 401, headers: { 'x-error-code': 'GatedRepo' } }, 9)
    await assert.rejects(done(shelf.library.pull({ name: NAME })), { name: 'GatedModelError' })
    assert.deepEqual(shelf.entries(), [])
  })

  it('says before the download that it is too large for the memory, and brings it nevertheless', async () => {
    double.put(NAME, modelFiles('plain'))
    shelf.device = { memoryFree: 1e6, memoryTotal: 2e6, diskFree: 1e12 }
    const all = await events(shelf.library.pull({ name: NAME }))
    const remarks = all.flatMap((event) => (event.type === 'notice' ? [event.message] : []))
    assert.match(remarks.join('\n'), /needs about 150 MB of memory, this device has 2 MB: it will hardly run here/)
    assert.deepEqual([all.findIndex(({ type }) => type === 'started'), all.at(-1)?.type], [2, 'done'])
  })

  it('refuses options that are none, whoever sent them', async () => {
    const refused = { name: 'InvalidRequestError' }
    await assert.rejects(done(shelf.library.pull({ name: 5 as never, from: 'hub' })), refused)
    await assert.rejects(done(shelf.library.pull({ name: NAME, quantization: {} as never })), refused)
    await assert.rejects(done(shelf.library.pull({ name: NAME, hub: { token: 5 } as never })), refused)
    await assert.rejects(done(shelf.library.pull({ name: NAME, hub: 'x' as never })), refused)
    double.put(NAME, modelFiles('plain'))
    await assert.rejects(done(shelf.library.pull({ name: NAME, as: '../x' })), refused)
    assert.deepEqual(shelf.entries(), [])
  })

  it('stops when the node does, and goes on in the next one', async () => {
    double.put(NAME, modelFiles('plain'))
    double.trouble('storage', { stallAfter: 100_000 })
    shelf.limits = { silenceMs: 60_000 }
    const { library } = shelf
    await assert.rejects(
      async () => {
        for await (const event of library.pull({ name: NAME })) {
          if (event.type === 'progress') library.stop()
        }
      },
      { name: 'NodeUnreachableError' }
    )
    double.clear()
    shelf.open()
    assert.ok((await done(shelf.library.pull({ name: NAME }))).kept > 0)
  })

  it('finds a disk full before anything comes, and in the middle; with room again it goes on', async function () {
    try {
      execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'pipe' })
    } catch {
      // Needs root, Linux and unshare(1).
      this.skip()
    }
    double.put(NAME, {
      ...modelFiles('plain'),
      'onnx/model.onnx_data': readFileSync(process.execPath).subarray(0, 3e6)
    })
    const root = join(shelf.root, 'small')
    const script = 'mkdir -p "$1" && mount -t tmpfs -o size=5m none "$1" && exec "$2" "$3" "$1" hub "$4"'
    const { execFile } = await import('node:child_process')
    const said = await new Promise<string>((resolve, reject) => {
      const args = ['--mount', 'sh', '-c', script, 'sh', root, process.execPath, PROCESS, double.endpoint]
      execFile('unshare', args, (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(stderr))
      })
    })
    assert.deepEqual(JSON.parse(said), {
      fullBefore: 'DiskFullError',
      filledMeanwhile: 'DiskFullError',
      listed: 0,
      filled: true,
      withRoom: 'pulled in two tries',
      entries: ['Small-ONNX']
    })
  })

  it('is in the catalogue as here, which asks nothing of the hub', async () => {
    const known = 'HuggingFaceTB/SmolLM2-135M-Instruct'
    double.put(known, modelFiles('plain', ['model_q4.onnx']))
    await done(shelf.library.pull({ name: known, as: 'smol' }))
    double.asked.length = 0
    shelf.device = { memoryFree: 1e9, memoryTotal: 4e9, diskFree: 1e12 }
    const entries = await shelf.library.catalogue()
    assert.deepEqual(double.asked, [])
    assert.equal(entries[0]?.here, 'smol')
    assert.deepEqual(
      entries.map(({ fit }) => fit),
      ['fits', 'fits', 'fits', 'tight', 'tight', 'too-large']
    )
    assert.ok(entries.every(({ bytes, memory }) => bytes > 1e8 && memory > bytes))
  })
})
