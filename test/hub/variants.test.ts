import assert from 'node:assert/strict'
import { bytesOf, filesFor, usableVariants, variantsOf, type HubFile, type HubModel } from '../../src/hub/index.ts'

function modelOf(...paths: string[]): HubModel {
  const files = paths.map((path): HubFile => ({ path, bytes: 10, digest: { kind: 'git-blob', hex: 'ab'.repeat(20) } }))
  return { repository: 'maker/Model', commit: 'cd'.repeat(20), license: null, files }
}

const LAYOUT = ['config.json', 'tokenizer.json']

describe('what a model of the hub has', () => {
  it('are its graphs, each with the files that hold its weights', () => {
    const { files } = modelOf(
      ...['onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model_q4f16.onnx', 'onnx/model_q4f16.onnx_data'],
      ...[
        'onnx/model_q4f16.onnx_data_1',
        'onnx/model_quantized.onnx',
        'onnx/model_q4.onnx',
        'onnx/model_fp16.onnx.data'
      ],
      ...[
        'onnx/model_fp16.onnx',
        'onnx/model_q4.onnx_data.zstd',
        'onnx/other.onnx',
        'model.onnx',
        'onnx/deep/model.onnx'
      ]
    )
    const found = variantsOf(files).map(({ quantization, files: own }) => [
      quantization,
      ...own.map(({ path }) => path)
    ])
    assert.deepEqual(found, [
      ['fp32', 'onnx/model.onnx', 'onnx/model.onnx_data'],
      ['q4f16', 'onnx/model_q4f16.onnx', 'onnx/model_q4f16.onnx_data', 'onnx/model_q4f16.onnx_data_1'],
      ['q8', 'onnx/model_quantized.onnx'],
      ['q4', 'onnx/model_q4.onnx'],
      ['fp16', 'onnx/model_fp16.onnx', 'onnx/model_fp16.onnx.data']
    ])
  })

  it('is fetched with what the engine reads, its licence and its card, and nothing else', () => {
    const model = modelOf(
      ...[
        ...LAYOUT,
        'tokenizer_config.json',
        'generation_config.json',
        'chat_template.jinja',
        'vocab.json',
        'merges.txt'
      ],
      ...['LICENSE', 'LICENSE.txt', 'USE_POLICY.md', 'README.md', 'model.safetensors', 'onnx/model_q4.onnx'],
      ...['onnx/model_q4.onnx_data', 'onnx/model.onnx', 'licenses/evil']
    )
    const [variant] = usableVariants(model, 'q4')
    const files = filesFor(model, variant!)
    assert.deepEqual(files.map(({ path }) => path).sort(), [
      ...['LICENSE', 'LICENSE.txt', 'README.md', 'USE_POLICY.md', 'chat_template.jinja', 'config.json'],
      ...[
        'generation_config.json',
        'onnx/model_q4.onnx',
        'onnx/model_q4.onnx_data',
        'tokenizer.json',
        'tokenizer_config.json'
      ]
    ])
    assert.equal(bytesOf(files), 110)
  })

  it('is asked for by its quantization; another one lists those that are there', () => {
    const model = modelOf(...LAYOUT, 'onnx/model_q4.onnx', 'onnx/model.onnx', 'onnx/model_int8.onnx')
    assert.equal(usableVariants(model).length, 3)
    assert.deepEqual(
      usableVariants(model, 'int8').map(({ quantization }) => quantization),
      ['int8']
    )
    assert.throws(() => usableVariants(model, 'q4f16'), {
      name: 'UnknownQuantizationError',
      message: 'maker/Model is not there as q4f16. It is there as fp32, int8, q4.'
    })
  })

  const others: [string[], RegExp][] = [
    [['model-q4.gguf', 'config.json'], /as GGUF only/],
    [['model.safetensors', ...LAYOUT], /weights for other programs only/],
    [['onnx/decoder_model_merged.onnx', ...LAYOUT], /several parts/],
    [['model.onnx', 'genai_config.json', ...LAYOUT], /in another place/],
    [['README.md'], /it has no graph/],
    [['onnx/model.onnx', 'config.json'], /no tokenizer\.json/]
  ]
  for (const [paths, reason] of others) {
    it(`says of ${paths[0]!} which layout is needed, and names the other road`, () => {
      assert.throws(
        () => usableVariants(modelOf(...paths)),
        (error: Error) => {
          assert.equal(error.name, 'NotOnnxError')
          assert.match(error.message, reason)
          assert.match(error.message, /config\.json, tokenizer\.json and onnx\/model\.onnx.*mesh engine add/)
          return true
        }
      )
    })
  }
})
