import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { Bench, entry } from './fixture.ts'
import { exo, llamaCpp, lmStudio, ollama, other, send, vllm } from './scripted-server.ts'
import { engineUrl } from '../../../src/inference/served/index.ts'
import { findEngines, USUAL_PORTS } from '../../../src/inference/served/find.ts'
import { ENGINE_STARTS } from '../../../cli/engine-starts.ts'
import type { Paths } from './scripted-server.ts'

describe('a look at another engine', () => {
  let bench: Bench

  beforeEach(() => {
    bench = new Bench()
  })

  afterEach(async () => {
    await bench.close()
  })

  async function look(paths: Paths, parameters: number | null = null) {
    const server = await bench.server({ paths })
    const served = bench.served()
    const info = await served.add(entry(server, { parameters }))
    return { info, models: await served.models(), server, served }
  }

  it('knows Ollama, what each model is, and which it leaves out', async () => {
    const { info, models } = await look(ollama())
    assert.equal(info.kind, 'ollama')
    assert.deepEqual(
      models.map(({ name, parameters, quantization, contextLength, loaded, startsOnly }) => ({
        name,
        parameters,
        quantization,
        contextLength,
        loaded,
        carriesOn: startsOnly !== true
      })),
      [
        // Its file gives a context; its template leaves a begun answer open.
        {
          name: 'llama3.1:8b',
          parameters: 8_030_261_248,
          quantization: 'Q4_K_M',
          contextLength: 16_384,
          loaded: false,
          carriesOn: true
        },
        // What it was loaded with counts; a model that thinks does not carry on for certain.
        {
          name: 'qwen3:4b',
          parameters: 4_022_468_096,
          quantization: 'Q4_K_M',
          contextLength: 8192,
          loaded: true,
          carriesOn: false
        }
      ]
    )
    assert.ok(
      info.remarks.some((remark) => remark.includes('cloud')),
      info.remarks.join(' ')
    )
    assert.ok(
      info.remarks.some((remark) => remark.includes('logs')),
      info.remarks.join(' ')
    )
  })

  it('gives one Ollama model the same hash on two devices, and another where its digest is another', async () => {
    const hashes = await Promise.all(
      ['aa11', 'aa11', 'bb22'].map(async (digest) => (await look(ollama({ digest }))).models[0]!.hash)
    )
    assert.match(hashes[0]!, /^[0-9a-f]{64}$/)
    assert.equal(hashes[0], hashes[1])
    assert.notEqual(hashes[0], hashes[2])
  })

  it('takes an Ollama template that closes a begun answer for one that cannot carry on', async () => {
    for (const [template, carries] of [
      [
        '{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n',
        false
      ],
      ['{{ if .System }}{{ .System }}{{ end }}{{ .Prompt }} {{ .Response }}<|end|>', true],
      ['{{ .Prompt }}', false]
    ] as const) {
      const { models } = await look(ollama({ template }))
      assert.equal(models[0]!.startsOnly !== true, carries, template)
    }
  })

  it('knows llama.cpp, and asks it what it makes of a begun answer', async () => {
    const { info, models } = await look(llamaCpp())
    assert.equal(info.kind, 'llama.cpp')
    const { name, parameters, contextLength, bytes, loaded, startsOnly, quantization } = models[0]!
    assert.deepEqual(
      { name, parameters, contextLength, bytes, loaded, quantization },
      {
        name: 'Llama-3.2-1B-Instruct-Q4_K_M',
        parameters: 1_235_814_432,
        contextLength: 8192,
        bytes: 799_862_912,
        loaded: true,
        quantization: 'Q4_K_M'
      }
    )
    assert.equal(startsOnly, undefined)
    assert.equal((await look(llamaCpp({ prefills: false }))).models[0]!.startsOnly, true)
  })

  it('waits while llama.cpp loads its model, and has it then', async () => {
    const loading = { status: 503, body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } } }
    const server = await bench.server({
      paths: {
        '/v1/models': (_request: unknown, response: ServerResponse) => {
          send(response, loading)
        }
      }
    })
    const served = bench.served()
    const info = await served.add(entry(server))
    assert.deepEqual([info.state, (await served.models()).length], ['loading', 0])
    server.paths = llamaCpp()
    await bench.until(() => served.list()[0]!.state === 'up')
    assert.equal((await served.models()).length, 1)
  })

  it('knows LM Studio, and takes no more context than its models are loaded with', async () => {
    const { info, models } = await look(lmStudio())
    assert.equal(info.kind, 'lm-studio')
    assert.deepEqual(
      models.map(({ name, parameters, contextLength, loaded, startsOnly }) => ({
        name,
        parameters,
        contextLength,
        loaded,
        startsOnly
      })),
      [
        { name: 'qwen2.5-7b-instruct', parameters: 7e9, contextLength: 4096, loaded: false, startsOnly: true },
        { name: 'gemma-3-12b-it', parameters: 12e9, contextLength: 12_000, loaded: true, startsOnly: true }
      ]
    )
  })

  it('knows vLLM, and exo with the models that it runs', async () => {
    const v = await look(vllm('Qwen/Qwen3-32B'))
    assert.deepEqual([v.info.kind, v.models[0]!.parameters, v.models[0]!.contextLength], ['vllm', 32e9, 32_768])
    assert.equal(v.models[0]!.startsOnly, undefined)
    const e = await look(exo('mlx-community/Qwen3-30B-A3B-4bit'))
    assert.deepEqual([e.info.kind, e.models.map(({ parameters }) => parameters)], ['exo', [30e9]])
    const idle = await look(exo())
    assert.equal(idle.models.length, 0)
    assert.ok(idle.info.remarks.some((remark) => remark.includes('dashboard')))
  })

  it('takes any other server, with the size in the name, else that of its owner, else none', async () => {
    const models = ['my-13b', 'secret']
    const { info, models: known } = await look(other(...models), 70e9)
    assert.deepEqual([info.kind, known.map(({ parameters }) => parameters)], ['other', [13e9, 70e9]])
    assert.equal((await look(other('secret'))).models[0]!.parameters, null)
  })

  it('leaves out what answers nothing or cannot be shown, and more than a notice can carry', async () => {
    const { models } = await look(other('text-embedding-3', 'whisper-1', 'bad\u001bname', 'x'.repeat(300), 'good-7b'))
    assert.deepEqual(
      models.map(({ name }) => name),
      ['good-7b']
    )
    const many = await look(other(...Array.from({ length: 500 }, (_, index) => `model-${index}`)))
    assert.equal(many.models.length, 32)
    assert.ok(many.info.remarks.some((remark) => remark.includes('500')))
  })

  it('finds known engines at their ports on loopback, but none that is in use or that it does not know', async () => {
    const known = await bench.server({ paths: vllm('a-1b', 'b-1b') })
    const unknown = await bench.server({ paths: other('c') })
    const used = await bench.server({ paths: vllm('d') })
    const ports = [known, unknown, used].map(({ port }) => port)
    const found = await findEngines([`http://localhost:${used.port}`], {}, ports)
    assert.deepEqual(found, [{ kind: 'vllm', name: 'vllm', url: known.url, models: 2 }])
    assert.deepEqual(used.asked, [])
    await assert.rejects(findEngines([], { signal: AbortSignal.abort(new Error('enough')) }, ports), /enough/)
  })

  it('finds them where the help says that they are', () => {
    const ports = Object.fromEntries(ENGINE_STARTS.map(({ name, url }) => [name, Number(new URL(url).port)]))
    assert.deepEqual(ports, USUAL_PORTS)
  })

  it('takes an address in the forms in which people write it, and no secret in it', () => {
    for (const text of ['http://box:11434', 'http://box:11434/', 'http://box:11434/v1', ' http://BOX:11434/v1/ ']) {
      assert.equal(engineUrl(text), 'http://box:11434')
    }
    assert.equal(engineUrl('https://gate/llm/v1'), 'https://gate/llm')
    for (const text of [
      '',
      'box:11434',
      'ftp://box',
      'http://',
      'http://me:secret@box',
      'http://box?key=secret',
      'http://box#x'
    ]) {
      assert.throws(
        () => engineUrl(text),
        (error: Error) => {
          assert.equal(error.name, 'InvalidRequestError')
          return true
        }
      )
    }
  })
})
