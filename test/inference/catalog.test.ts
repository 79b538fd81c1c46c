import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantizationOf, parametersOf } from '../../src/inference/describe-model.ts'
import { summarizeOnnx } from '../../src/inference/onnx-file.ts'
import { createCatalog, modelHashOf } from '../../src/inference/catalog.ts'
import type { Catalog, CatalogModel } from '../../src/inference/catalog.ts'
import { FIXTURES } from './fixture.ts'
import { onnx } from './onnx-bytes.ts'

describe('the models of a device', () => {
  let folder: string
  let store: Map<string, string>
  let catalog: Catalog
  const model = (name: string): string => join(folder, name)
  const list = async (): Promise<Map<string, CatalogModel['info']>> =>
    new Map((await catalog.list()).map(({ info }) => [info.name, info]))
  const brokenBy = async (change: (path: string) => void): Promise<string> => {
    cpSync(join(FIXTURES, 'models', 'plain'), model('it'), { recursive: true })
    change(model('it'))
    return (await list()).get('it')?.broken ?? 'not broken'
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ownmesh-models-'))
    store = new Map()
    catalog = createCatalog({
      modelFolders: () => [],
      userFolder: folder,
      measurements: { get: (key) => store.get(key), set: (key, value) => void store.set(key, value) }
    })
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('are the folders that are there now, and tell what they hold', async () => {
    assert.equal((await list()).size, 0)
    cpSync(join(FIXTURES, 'models', 'plain'), model('first'), { recursive: true })
    mkdirSync(model('notes'))
    const [info] = [...(await list()).values()]
    const { hash, bytes, ...rest } = info ?? assert.fail('no model')
    assert.deepEqual(rest, {
      name: 'first',
      builtIn: false,
      parameters: 38816,
      quantization: 'fp32',
      contextLength: 256,
      broken: null,
      graph: 'onnx/model.onnx'
    })
    assert.match(hash, /^[0-9a-f]{64}$/)
    assert.ok(bytes > 200_000)
    rmSync(model('first'), { recursive: true })
    assert.equal((await list()).size, 0)
  })

  it('have one hash wherever they lie, and another when a file that matters changes', async () => {
    cpSync(join(FIXTURES, 'models', 'plain'), model('one'), { recursive: true })
    cpSync(join(FIXTURES, 'models', 'plain'), model('two'), { recursive: true })
    writeFileSync(join(model('two'), 'README.md'), 'words about it')
    const before = await list()
    assert.equal(before.get('one')?.hash, before.get('two')?.hash)
    appendFileSync(join(model('two'), 'tokenizer_config.json'), ' ')
    const after = await list()
    assert.equal(after.get('one')?.hash, before.get('one')?.hash)
    assert.notEqual(after.get('two')?.hash, before.get('two')?.hash)
  })

  it('have the hash that is made of the contents of the files they name', async () => {
    cpSync(join(FIXTURES, 'models', 'plain'), model('it'), { recursive: true })
    writeFileSync(join(model('it'), 'README.md'), 'words about it')
    const [found] = await catalog.list()
    const contents = (found?.files ?? []).map((path) => ({
      path,
      sha256: createHash('sha256')
        .update(readFileSync(join(model('it'), path)))
        .digest('hex')
    }))
    assert.ok(contents.length >= 4 && contents.every(({ path }) => path !== 'README.md'))
    assert.equal(modelHashOf(contents.reverse()), found?.info.hash)
  })

  it('that are hidden are under way, and no models yet', async () => {
    cpSync(join(FIXTURES, 'models', 'plain'), model('.incoming-0a1b2c'), { recursive: true })
    assert.equal((await list()).size, 0)
  })

  it('are hashed once: afterwards the store knows', async () => {
    cpSync(join(FIXTURES, 'models', 'plain'), model('it'), { recursive: true })
    await list()
    const key = [...store.keys()].find((kept) => kept.startsWith('sha256') && kept.includes('model.onnx'))
    store.set(key ?? assert.fail('the hash was not kept'), 'kept')
    const fresh = createCatalog({
      modelFolders: () => [],
      userFolder: folder,
      measurements: { get: (kept) => store.get(kept), set: () => assert.fail('hashed again') }
    })
    const [again] = await fresh.list()
    assert.equal(again?.info.broken, null)
    assert.notEqual(again.info.hash, (await list()).get('it')?.hash)
  })

  it('are named as broken, with the file, when one is missing', async () => {
    for (const name of ['config.json', 'tokenizer.json', join('onnx', 'model.onnx')]) {
      const broken = await brokenBy((path) => {
        rmSync(join(path, name))
      })
      assert.equal(broken, `${join(model('it'), name)} is missing.`)
    }
    const broken = await brokenBy((path) => {
      rmSync(join(path, 'tokenizer_config.json'))
    })
    assert.match(broken, /tokenizer_config\.json has no chat_template and .*chat_template\.jinja is missing/)
  })

  it('are named as broken when a file is damaged', async () => {
    const json = await brokenBy((path) => {
      writeFileSync(join(path, 'config.json'), '{"vocab_size":')
    })
    assert.match(json, /config\.json is not valid JSON: /)
    const cut = await brokenBy((path) => {
      truncateSync(join(path, 'onnx', 'model.onnx'), 100_000)
    })
    assert.match(cut, /onnx.model\.onnx cannot be read: it ends too early/)
    const page = await brokenBy((path) => {
      writeFileSync(join(path, 'onnx', 'model.onnx'), '<html>not found</html>')
    })
    assert.match(page, /onnx.model\.onnx cannot be read: it /)
  })

  it('are named as broken when the weights beside the graph are missing, or lie outside', async () => {
    cpSync(join(FIXTURES, 'models', 'parts'), model('whole'), { recursive: true })
    assert.equal((await list()).get('whole')?.broken, null)
    rmSync(join(model('whole'), 'onnx', 'model.onnx_data_1'))
    assert.equal(
      (await list()).get('whole')?.broken,
      `${model('whole')}/onnx/model.onnx_data_1 is missing; model.onnx keeps its weights there. ` +
        'Copy or download it into the same folder.'
    )
    const outside = await brokenBy((path) => {
      writeFileSync(join(path, 'onnx', 'model.onnx'), onnx({ external: [{ location: '../../../../etc/passwd' }] }))
    })
    assert.match(outside, /refers to weights outside of the model/)
  })

  it('prefer the graph that its maker calls the model, then 4 bits, then 8', async () => {
    cpSync(join(FIXTURES, 'models', 'plain'), model('it'), { recursive: true })
    const graph = (name: string): string => join(model('it'), 'onnx', name)
    const chosen = async (): Promise<string | null | undefined> => (await list()).get('it')?.quantization
    cpSync(graph('model.onnx'), graph('model_fp16.onnx'))
    cpSync(graph('model.onnx'), graph('model_q4f16.onnx'))
    cpSync(graph('model.onnx'), graph('model_quantized.onnx'))
    assert.equal(await chosen(), 'fp32')
    const info = (await list()).get('it')
    assert.equal(info?.graph, 'onnx/model.onnx')
    assert.deepEqual(info.otherGraphs, ['onnx/model_fp16.onnx', 'onnx/model_q4f16.onnx', 'onnx/model_quantized.onnx'])
    for (const [gone, next] of [
      ['model.onnx', 'q4f16'],
      ['model_q4f16.onnx', 'q8'],
      ['model_quantized.onnx', 'fp16']
    ] as const) {
      rmSync(graph(gone))
      assert.equal(await chosen(), next)
    }
  })
})

describe('what a model is', () => {
  it('is read from the head of its graph', async () => {
    const summary = await summarizeOnnx(join(FIXTURES, 'models', 'fused', 'onnx', 'model.onnx'))
    assert.equal(summary.operators.get('GroupQueryAttention'), 2)
    assert.equal(summary.matMulBits, null)
    assert.deepEqual(summary.externalFiles, [])
    assert.equal(quantizationOf('onnx/model.onnx', { ...summary, matMulBits: 4 }), 'q4')
    assert.equal(quantizationOf('onnx/model_int8.onnx', summary), 'q8')
  })

  it('is counted from its configuration where that is Llama-like', () => {
    // TinyLlama 1.1B, whose card says 1,100,048,384.
    const tinyLlama = {
      vocab_size: 32000,
      hidden_size: 2048,
      intermediate_size: 5632,
      num_hidden_layers: 22,
      num_attention_heads: 32,
      num_key_value_heads: 4,
      tie_word_embeddings: false
    }
    assert.equal(parametersOf(tinyLlama), 1_100_048_384)
    assert.equal(parametersOf({ ...tinyLlama, num_local_experts: 8 }), null)
    assert.equal(parametersOf({ vocab_size: 32000 }), null)
  })
})
