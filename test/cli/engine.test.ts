import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { engineInfo, engineModel } from '../fixtures/fake-engines.ts'
import { narrator } from '../../cli/narrator.ts'
import { readModelSize } from '../../cli/model-size.ts'
import { commandLine, type Outcome } from './command-line.ts'
import { SmallFake } from './small-fake.ts'

const URL = 'http://127.0.0.1:11434'

async function command(mesh: SmallFake, ...args: string[]): Promise<Outcome> {
  return await commandLine(['engine', ...args], { mesh, inputKind: 'silent' })
}

describe('mesh engine', () => {
  let mesh: SmallFake

  beforeEach(() => {
    mesh = new SmallFake()
  })

  it('adds one, names what it has, and says that it may keep logs', async () => {
    const { code, stdout, stderr } = await command(mesh, 'add', 'ollama', URL)
    assert.deepEqual(
      { code, stdout, stderr },
      {
        code: 0,
        stdout: `ollama (Ollama) at ${URL} answers for this device now, with 1 model: qwen3:4b.\n`,
        stderr: 'ollama is another program: it may keep logs.\n'
      }
    )
    assert.deepEqual(mesh.engines.asked, [{ name: 'ollama', url: URL }])
  })

  it('hands over where the key is, as a whole path, and the size in weights', async () => {
    await command(mesh, 'add', 'gate', 'https://gate/v1', '--key-file', 'keys/gate', '--size', '70b')
    assert.deepEqual(mesh.engines.asked, [
      { name: 'gate', url: 'https://gate/v1', keyFile: resolve('keys/gate'), parameters: 70e9 }
    ])
  })

  it('asks for the size of a model that does not tell it', async () => {
    mesh.engines.add = () =>
      Promise.resolve(engineInfo({ kind: 'other', models: [engineModel({ name: 'x', parameters: null })] }))
    const { stderr } = await command(mesh, 'add', 'ollama', URL)
    assert.match(stderr, new RegExp(`How large x is is not known.*mesh engine add ollama ${URL} --size 8b`))
  })

  it('says what is wrong where it cannot be added, and ends with 1', async () => {
    const { code, stderr } = await command(mesh, 'add', 'ollama', 'http://127.0.0.1:9')
    assert.deepEqual([code, stderr], [1, 'ollama does not answer at http://127.0.0.1:9: nothing listens there.\n'])
  })

  it('lists each model with its speed and whether it carries on, and why one is not there', async () => {
    mesh.engines.added = [
      engineInfo({
        models: [
          engineModel(),
          engineModel({
            name: 'phi4:14b',
            parameters: 14e9,
            decodeRate: 9.1,
            measured: true,
            carriesOn: false,
            reason: 'out of memory'
          })
        ]
      }),
      engineInfo({ name: 'studio', kind: 'lm-studio', state: 'down', reason: 'studio does not answer.' }),
      engineInfo({ name: 'empty', kind: 'exo', models: [] })
    ]
    mesh.engines.found = [{ kind: 'vllm', name: 'vllm', url: 'http://127.0.0.1:8000', models: 2 }]
    const { stdout } = await command(mesh, 'ls')
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'ENGINE  MODEL     PARAMETERS  TOKENS/S  CARRIES ON  STATE',
      'ollama  qwen3:4b       4.0 B       ~26  yes         offered',
      'ollama  phi4:14b        14 B       9.1  no          failed: out of memory',
      'studio  –                                           down: studio does not answer.',
      `empty   –                                           no model: ${URL}`,
      'To start studio: lms server start',
      'vLLM runs on this device (2 models). To let it answer: mesh engine add vllm http://127.0.0.1:8000'
    ])
    const { stdout: json } = await command(mesh, '--json')
    assert.deepEqual(JSON.parse(json), mesh.engines.added)
  })

  it('says that there is none, and where to read on', async () => {
    const { stdout } = await command(mesh)
    assert.equal(
      stdout,
      'No other engine answers for this device, and none was found at its usual port.\n' +
        'How to start and add one: mesh engine --help\n'
    )
  })

  it('removes one, and knows when there is none', async () => {
    await command(mesh, 'add', 'ollama', URL)
    assert.match((await command(mesh, 'rm', 'ollama')).stdout, /no longer answers for this device/)
    const { code, stderr } = await command(mesh, 'rm', 'ollama')
    assert.deepEqual([code, stderr], [1, 'No engine here is called ollama.\n'])
    await command(mesh, 'add', 'ollama', URL)
    assert.deepEqual(JSON.parse((await command(mesh, 'rm', 'ollama', '--json')).stdout), { removed: 'ollama' })
  })

  it('refuses what it does not know, with the nearest that it does', async () => {
    const wrong: [string[], RegExp][] = [
      [['ad', 'x', URL], /did you mean add\?/],
      [['add', 'x'], /The forms are mesh engine ls, mesh engine add NAME URL and mesh engine rm NAME/],
      [['rm'], /The forms are/],
      [['ls', 'x'], /The forms are/],
      [['add', 'x', URL, '--size', 'large'], /--size is a number of weights, such as 8b or 500m, not “large”/],
      [['ls', '--size', '8b'], /--size belongs to mesh engine add/],
      [['add', 'x', URL, 'more'], /does not know what to do with “more”/]
    ]
    for (const [args, told] of wrong) {
      const { code, stderr } = await command(mesh, ...args)
      assert.equal(code, 2, args.join(' '))
      assert.match(stderr, told)
    }
    assert.deepEqual(mesh.engines.asked, [])
  })

  it('has the lines that start each kind in its help', async () => {
    const { stdout } = await command(mesh, '--help')
    for (const start of [
      'ollama serve',
      'llama-server -hf',
      'lms server start',
      'vllm serve',
      'mesh engine add exo http://127.0.0.1:52415'
    ]) {
      assert.ok(stdout.includes(start), start)
    }
    assert.match(stdout, /logs/)
  })

  it('reads sizes as people write them', () => {
    const sizes = { '8b': 8e9, '0.6B': 6e8, '500m': 5e8, '1.5 b': 1.5e9, '7000000000': 7e9, '1t': 1e12 }
    for (const [text, size] of Object.entries(sizes)) assert.equal(readModelSize(text), size)
    for (const text of ['', 'b', '-8b', '8x', '0b', 'eight', '8b8', 'Infinity']) assert.equal(readModelSize(text), null)
  })

  it('is offered for an engine that was found, with the command', () => {
    const tell = narrator({ hint: (line) => `mesh ${line}` })
    const engine = { kind: 'ollama', name: 'ollama', url: URL, models: 3 } as const
    assert.equal(
      tell({ type: 'engine-found', engine }),
      `Ollama runs on this device (3 models). To let it answer: mesh engine add ollama ${URL}`
    )
  })
})
