import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalEngine } from '../../src/inference/index.ts'
import type { ModelInfo } from '../../src/interface.ts'
import { FIXTURES, answer, ask, hashOf, place, testEngine } from './fixture.ts'
import { field, onnx, varint } from './onnx-bytes.ts'

const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'
const PAST = [
  { name: 'past_key_values.0.key', shape: ['batch', 2, 'past', 16] },
  { name: 'past_key_values.0.value', shape: ['batch', 2, 'past', 16] }
]
const PRESENT = PAST.map(({ name, shape }) => ({ name: name.replace('past_key_values', 'present'), shape }))
const IDS = [{ name: 'input_ids' }, { name: 'attention_mask' }]
const LOGITS = { name: 'logits', shape: ['batch', 'sequence', 268] }

describe('a bad model folder', () => {
  let folder: string
  let it_: string
  let engine: LocalEngine

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ownmesh-bad-'))
    it_ = join(folder, 'it')
    engine = testEngine({ places: [place('plain')], userFolder: folder })
  })
  afterEach(async () => {
    await engine.stop()
    rmSync(folder, { recursive: true })
  })

  const listed = async (): Promise<ModelInfo> =>
    (await engine.models()).find(({ name }) => name === 'it') ?? assert.fail('not listed')
  const copied = (from = 'plain'): void => {
    cpSync(join(FIXTURES, 'models', from), it_, { recursive: true })
  }
  const changed = (name: string, change: (json: Record<string, unknown>) => void): void => {
    const json = JSON.parse(readFileSync(join(it_, name), 'utf8')) as Record<string, unknown>
    change(json)
    writeFileSync(join(it_, name), JSON.stringify(json))
  }
  /** Its listing says so, and who asks it is told the same; the engine goes on answering with others. */
  const refused = async (reason: RegExp): Promise<void> => {
    const { broken, hash } = await listed()
    assert.match(broken ?? 'listed as usable', reason)
    await assert.rejects(engine.measure(hash), { name: 'BrokenModelError', message: broken ?? '' })
  }

  const graphs = [
    {
      what: 'an encoder',
      bytes: onnx({ inputs: [...IDS, { name: 'token_type_ids' }], outputs: [{ name: 'last_hidden_state' }] }),
      why: /model\.onnx cannot be run: it is an encoder \(output last_hidden_state\), which turns text into numbers/
    },
    {
      what: 'the decoder of an encoder-decoder',
      bytes: onnx({ inputs: [...IDS, { name: 'encoder_hidden_states' }, ...PAST], outputs: [LOGITS, ...PRESENT] }),
      why: /it is the decoder of an encoder-decoder model \(input encoder_hidden_states\); only decoder-only/
    },
    {
      what: 'a vision model',
      bytes: onnx({ inputs: [{ name: 'pixel_values' }], outputs: [{ name: 'logits' }] }),
      why: /it is a model that looks at pictures \(input pixel_values\)/
    },
    {
      what: 'a speech model',
      bytes: onnx({ inputs: [{ name: 'input_features' }], outputs: [{ name: 'last_hidden_state' }] }),
      why: /it is a model that listens to sound \(input input_features\)/
    },
    {
      what: 'a recurrent model',
      bytes: onnx({ inputs: [...IDS, { name: 'past_conv.0' }, ...PAST], outputs: [LOGITS, ...PRESENT] }),
      why: /it is a recurrent model/
    },
    {
      what: 'a graph without a cache',
      bytes: onnx({ inputs: IDS, outputs: [LOGITS] }),
      why: /no key\/value cache \(inputs past_key_values\.…\); export it with one/
    },
    {
      what: 'a graph that needs an unknown input',
      bytes: onnx({ inputs: [...IDS, { name: 'speaker' }, ...PAST], outputs: [LOGITS, ...PRESENT] }),
      why: /it needs the input speaker, which only other kinds of models have/
    },
    { what: 'an empty graph file', bytes: Buffer.alloc(0), why: /model\.onnx cannot be read: it is empty; copy or/ },
    { what: 'a garbage graph file', bytes: Buffer.from('<html>not found</html>'), why: /cannot be read: it / },
    {
      what: 'a note of git-lfs',
      bytes: Buffer.from(POINTER),
      why: /model\.onnx is a note of git-lfs .*: git lfs pull$/
    },
    {
      what: 'a name of a megabyte in the graph',
      bytes: onnx({ nodes: ['x'.repeat(2 ** 20)] }),
      why: /cannot be read: it holds a name of 1048576 bytes, which no model has/
    },
    {
      what: 'a graph of millions of empty nodes',
      bytes: field(7, Buffer.alloc(2 * 2_100_000, Buffer.of(1 * 8 + 2, 0))),
      why: /cannot be read: it has more parts than any model/
    },
    {
      what: 'a tensor of millions of dimensions',
      bytes: field(7, field(5, field(1, Buffer.alloc(2_100_000, 1)))),
      why: /cannot be read: it has more parts than any model/
    },
    {
      what: 'a field that claims to be larger than the file',
      bytes: Buffer.concat([varint(7 * 8 + 2), varint(2 ** 40), Buffer.from('x')]),
      why: /cannot be read: it ends too early; copy or download it again/
    },
    {
      what: 'weights in thousands of files',
      bytes: onnx({ external: Array.from({ length: 1001 }, (_, n) => ({ location: `w${n}` })) }),
      why: /cannot be read: it keeps its weights in more files than any model/
    }
  ]
  for (const { what, bytes, why } of graphs) {
    it(`with ${what} says so`, async () => {
      copied()
      writeFileSync(join(it_, 'onnx', 'model.onnx'), bytes)
      await refused(why)
    })
  }

  const layouts = [
    {
      what: 'an encoder-decoder layout',
      change: () => {
        renameSync(join(it_, 'onnx', 'model.onnx'), join(it_, 'onnx', 'decoder_model_merged.onnx'))
      },
      why: /holds an encoder-decoder or merged decoder \(decoder_model_merged\.onnx\)/
    },
    {
      what: 'a model of several parts',
      change: () => {
        renameSync(join(it_, 'onnx', 'model.onnx'), join(it_, 'onnx', 'vision_encoder.onnx'))
      },
      why: /holds a model of several parts \(vision_encoder\.onnx\)/
    },
    {
      what: 'its graph in the wrong place',
      change: () => {
        renameSync(join(it_, 'onnx', 'model.onnx'), join(it_, 'model.onnx'))
      },
      why: /model\.onnx is missing\. model\.onnx lies in the folder itself: make a folder onnx there and move/
    },
    {
      what: 'weights for other engines',
      change: () => {
        renameSync(join(it_, 'onnx', 'model.onnx'), join(it_, 'model.safetensors'))
      },
      why: /missing\. model\.safetensors \(LlamaForCausalLM\) is for other engines: take the ONNX version .*mesh engine --help/
    }
  ]
  for (const { what, change, why } of layouts) {
    it(`with ${what} says what to do`, async () => {
      copied()
      change()
      await refused(why)
    })
  }

  it('whose weights are cut short names the file and both sizes', async () => {
    copied('parts')
    const path = join(it_, 'onnx', 'model.onnx_data_1')
    truncateSync(path, 1000)
    await refused(/model\.onnx_data_1 is cut short: it has 1000 bytes, and model\.onnx needs \d+\. Copy or download/)
    writeFileSync(path, POINTER)
    await refused(/model\.onnx_data_1 is a note of git-lfs/)
  })

  const contradictions = [
    {
      what: 'a vocabulary of another model',
      file: 'tokenizer.json',
      change: (json: Record<string, unknown>) => {
        Object.assign((json as { model: { vocab: object } }).model.vocab, { stranger: 268 })
      },
      why: /does not fit: tokenizer\.json has tokens up to number 268, and the graph knows 268/
    },
    {
      what: 'layers that the graph has not',
      file: 'config.json',
      change: (json: Record<string, unknown>) => (json.num_hidden_layers = 7),
      why: /does not fit: config\.json says 7 layers, and the graph has a cache for 2/
    },
    {
      what: 'heads that the graph has not',
      file: 'config.json',
      change: (json: Record<string, unknown>) => (json.num_key_value_heads = 8),
      why: /does not fit: config\.json says 8 key\/value heads, and the graph has 2/
    },
    {
      what: 'heads of another size',
      file: 'config.json',
      change: (json: Record<string, unknown>) => (json.head_dim = 64),
      why: /does not fit: config\.json says heads of 64, and the graph has heads of 16/
    },
    {
      what: 'a tokenizer of an unknown type',
      file: 'tokenizer.json',
      change: (json: Record<string, unknown>) => Object.assign(json.model as object, { type: 'Telepathy' }),
      why: /tokenizer\.json cannot be used: tokenizers of the type Telepathy are not known here/
    },
    {
      what: 'a tokenizer without a vocabulary',
      file: 'tokenizer.json',
      change: (json: Record<string, unknown>) => (json.model = { type: 'BPE', vocab: null }),
      why: /tokenizer\.json cannot be used: it has no vocabulary/
    },
    {
      what: 'a decoder of an unknown type',
      file: 'tokenizer.json',
      change: (json: Record<string, unknown>) => (json.decoder = { type: 'CTC' }),
      why: /tokenizer\.json cannot be used: decoder CTC is not supported/
    },
    {
      what: 'a chat template that does not compile',
      file: 'tokenizer_config.json',
      change: (json: Record<string, unknown>) => (json.chat_template = '{% for message in %}'),
      why: /chat template of .* cannot be used: .*Copy or download it again/
    },
    {
      what: 'no chat template',
      file: 'tokenizer_config.json',
      change: (json: Record<string, unknown>) => delete json.chat_template,
      why: /has no chat_template and .* a base model without one cannot take messages\. Take the instruct/
    }
  ]
  for (const { what, file, change, why } of contradictions) {
    it(`with ${what} says so`, async () => {
      copied()
      changed(file, change)
      await refused(why)
    })
  }

  it('with an embedding smaller than its vocabulary says so, whatever the logits are', async () => {
    copied()
    const gather = field(
      1,
      Buffer.concat([field(1, 'table'), field(1, 'input_ids'), field(2, 'x'), field(4, 'Gather')])
    )
    const table = field(5, Buffer.concat([Buffer.of(8, 100), Buffer.of(8, 32), Buffer.of(16, 1), field(8, 'table')]))
    const whole = onnx({ inputs: [...IDS, ...PAST], outputs: [{ ...LOGITS, shape: [] }, ...PRESENT] })
    // The graph is the only field: its content begins after the number and a length of two bytes.
    writeFileSync(join(it_, 'onnx', 'model.onnx'), field(7, Buffer.concat([gather, table, whole.subarray(3)])))
    await refused(/tokens up to number \d+, and the graph knows 100/)
  })

  it('with files larger or deeper than any is not read', async () => {
    copied()
    // Sparse: a gigabyte that takes no room.
    truncateSync(join(it_, 'config.json'), 2 ** 30)
    await refused(/config\.json is 1024 MB large, which none is/)
    cpSync(join(FIXTURES, 'models', 'plain', 'config.json'), join(it_, 'config.json'))
    truncateSync(join(it_, 'tokenizer.json'), 2 ** 30)
    await refused(/tokenizer\.json is 1024 MB large, which none is/)
    writeFileSync(join(it_, 'tokenizer.json'), '{"model":' + '['.repeat(1_000_000))
    await refused(/tokenizer\.json is nested deeper than any such file/)
    writeFileSync(join(it_, 'tokenizer.json'), '{"model":{"vocab":{"' + '['.repeat(100) + '\\"{":')
    await refused(/tokenizer\.json is not valid JSON/)
    writeFileSync(join(it_, 'config.json'), '')
    await refused(/config\.json is empty; copy or download it again/)
    rmSync(join(it_, 'config.json'))
    mkdirSync(join(it_, 'config.json'))
    await refused(/config\.json cannot be read: EISDIR/)
  })

  it('with figures beyond all reason does not tell them on', async () => {
    copied()
    changed('config.json', (json) => Object.assign(json, { max_position_embeddings: 1e300, hidden_size: 1e300 }))
    const { broken, contextLength, parameters } = await listed()
    assert.deepEqual({ broken, contextLength, parameters }, { broken: null, contextLength: 2 ** 30, parameters: null })
  })

  it('that only loading finds out about is listed as broken from then on, and the engine lives', async () => {
    copied()
    // Well-formed as far as its head tells; what its nodes do is nonsense.
    const ends = { inputs: [...IDS, ...PAST], outputs: [LOGITS, ...PRESENT] }
    changed('config.json', (json) => (json.num_hidden_layers = 1))
    writeFileSync(join(it_, 'onnx', 'model.onnx'), onnx({ ...ends, nodes: ['Levitate'] }))
    const { broken, hash } = await listed()
    assert.equal(broken, null)
    await assert.rejects(engine.measure(hash), {
      name: 'BrokenModelError',
      message: /onnx.model\.onnx cannot be loaded: /
    })
    await refused(/onnx.model\.onnx cannot be loaded: /)
    const { text } = await answer(
      engine.generate(ask(await hashOf(engine, 'plain'), 'hello', { sampling: { maxTokens: 4 } }))
    )
    assert.notEqual(text, '')
  })
})
