import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { ModelExistsError } from '../../src/errors.ts'
import type { ModelCopyEvent } from '../../src/interface.ts'
import { Pace, progressLine, secondsLeft } from '../../cli/progress.ts'
import { parseSize } from '../../cli/size.ts'
import { commandLine } from './command-line.ts'
import { SmallFake, modelInfo } from './small-fake.ts'
import { Terminal } from './terminal.ts'

const TOTAL = 1_700_000_000
const COPY = { name: 'qwen', path: '/stick/qwen.meshmodel', bytes: TOTAL }
const STARTED: ModelCopyEvent = { type: 'started', ...COPY, files: 7 }
const PROGRESS: ModelCopyEvent = { type: 'progress', bytes: 586_000_000, total: TOTAL, kept: 0 }
const EXPORTED = { type: 'done', outcome: 'exported', ...COPY, hash: 'ab'.repeat(32), kept: 0 } as const
const IMPORTED = { ...EXPORTED, outcome: 'imported' } as const

function fake(...events: (ModelCopyEvent | Error)[]): SmallFake {
  const mesh = new SmallFake()
  mesh.library.events = events
  return mesh
}

describe('mesh model export', () => {
  it('hands on absolute paths and what was chosen, and says how the other device takes it', async () => {
    const mesh = fake(STARTED, PROGRESS, EXPORTED)
    const { code, stdout } = await commandLine(
      ['model', 'export', 'qwen', 'stick', '--name', 'q', '--split', '4G', '--replace', '--quiet'],
      { mesh }
    )
    assert.equal(code, 0)
    assert.equal(
      stdout,
      'Exported qwen to /stick/qwen.meshmodel: 1.7 GB.\nOn the other device: mesh model import /stick/qwen.meshmodel\n'
    )
    assert.deepEqual(mesh.library.calls, [
      ['export', { name: 'qwen', path: resolve('stick'), as: 'q', partBytes: 4e9, replace: true }]
    ])
  })

  it('tells programs the progress as lines of JSON: with --json on standard output, else on standard error', async () => {
    const json = await commandLine(['model', 'export', 'qwen', '/stick', '--json'], {
      mesh: fake(STARTED, PROGRESS, EXPORTED)
    })
    const lines = json.stdout.trimEnd().split('\n')
    const [started, progress, done] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual([started?.event, progress?.event, done?.event], ['started', 'progress', 'done'])
    assert.deepEqual([progress?.bytes, progress?.total, progress?.kept], [586_000_000, TOTAL, 0])
    assert.deepEqual([done?.path, done?.hash], [EXPORTED.path, EXPORTED.hash])
    assert.equal(json.stderr, '')
    const piped = await commandLine(['model', 'export', 'qwen', '/stick'], { mesh: fake(STARTED, PROGRESS, EXPORTED) })
    assert.equal((JSON.parse(piped.stderr) as { event: string }).event, 'progress')
    assert.match(piped.stdout, /^Exported/)
    const quiet = await commandLine(['model', 'export', 'qwen', '/stick', '--quiet'], {
      mesh: fake(STARTED, PROGRESS, EXPORTED)
    })
    assert.equal(quiet.stderr, '')
  })

  it('shows a bar on a terminal, which is gone at the end', async () => {
    const { stderr } = await commandLine(['model', 'export', 'qwen', '/stick'], {
      mesh: fake(STARTED, PROGRESS, EXPORTED),
      terminal: 100
    })
    assert.match(stderr, /34% ▕██████ {14}▏ 586 MB\/1\.7 GB/)
    assert.match(stderr, /\r\u001b\[K$/)
  })

  it('says, when it was interrupted, that the same command goes on', async () => {
    const { code, stderr } = await commandLine(['model', 'export', 'qwen', '/stick'], {
      mesh: fake(STARTED, PROGRESS, PROGRESS, EXPORTED),
      meanwhile: (interruption) => {
        interruption.interrupt()
      }
    })
    assert.equal(code, 130)
    assert.match(stderr, /Stopped\. What was copied is kept: the same command goes on from there\.\n$/)
  })
})

describe('mesh model import', () => {
  it('says what came, and what was there from before', async () => {
    const mesh = fake(STARTED, PROGRESS, { ...IMPORTED, kept: 1_200_000_000 })
    const { code, stdout } = await commandLine(['model', 'import', 'x.tar', '--quiet'], { mesh })
    assert.equal(code, 0)
    assert.equal(stdout, 'Imported qwen: 1.7 GB, 1.2 GB of it there from before.\nAsk it: mesh ask --model qwen "…"\n')
    assert.deepEqual(mesh.library.calls, [['import', { path: resolve('x.tar'), replace: false }]])
  })

  it('says when the model is here already', async () => {
    const { code, stdout } = await commandLine(['model', 'import', '/x', '--name', 'a'], {
      mesh: fake({ ...IMPORTED, outcome: 'known', name: 'other' })
    })
    assert.deepEqual([code, stdout], [0, 'This model is here already, as other. Nothing was copied.\n'])
  })

  it('fails with the words of the device, and when it hears no end', async () => {
    const taken = await commandLine(['model', 'import', '/x', '--quiet'], {
      mesh: fake(STARTED, new ModelExistsError('There is another model called qwen.'))
    })
    assert.deepEqual(taken, { code: 1, stdout: '', stderr: 'There is another model called qwen.\n' })
    const cut = await commandLine(['model', 'import', '/x', '--quiet'], { mesh: fake(STARTED) })
    assert.equal(cut.code, 1)
    assert.match(cut.stderr, /Repeat the command/)
  })
})

describe('mesh model add', () => {
  it('says that nothing was copied', async () => {
    const mesh = fake()
    const { code, stdout } = await commandLine(['model', 'add', 'data/qwen', '--name', 'qwen'], { mesh })
    assert.equal(code, 0)
    assert.equal(stdout, `Added qwen, 3.4 MB. It stays in ${resolve('data/qwen')}; nothing was copied.\n`)
    assert.deepEqual(mesh.library.calls, [['add', { path: resolve('data/qwen'), name: 'qwen' }]])
  })

  it('is seen in the list and on its own page', async () => {
    const mesh = fake()
    mesh.status_.models = [modelInfo({ name: 'qwen', builtIn: false, path: '/data/qwen' })]
    assert.match((await commandLine(['model', 'ls'], { mesh })).stdout, /loaded, in \/data\/qwen\n/)
    assert.match((await commandLine(['model', 'show', 'qwen'], { mesh })).stdout, /^folder +\/data\/qwen$/m)
  })
})

describe('mesh model rm', () => {
  const holding = (path?: string): SmallFake => {
    const mesh = fake()
    const model = modelInfo({ name: 'qwen', builtIn: false, ...(path !== undefined && { path }) })
    mesh.status_.models = [model]
    mesh.library.answer = model
    return mesh
  }

  it('asks, and does nothing at a no', async () => {
    for (const [answer, code, shown] of [
      ['n', 1, 'Nothing was removed.'],
      ['y', 0, 'Erased qwen.']
    ] as const) {
      const mesh = holding()
      const terminal = new Terminal(['model', 'rm', 'qwen'], mesh)
      assert.match(await terminal.until('Remove qwen?'), /qwen \(3\.4 MB\) will be erased from this device\./)
      terminal.type(`${answer}\r`)
      assert.equal(await terminal.exit, code)
      await terminal.until(shown)
      assert.equal(mesh.library.calls.length, answer === 'y' ? 1 : 0)
    }
  })

  it('takes a yes beforehand, and needs one where nobody can be asked', async () => {
    const refused = await commandLine(['model', 'rm', 'qwen'], { mesh: holding(), inputKind: 'silent' })
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /needs a yes: mesh model rm qwen --yes\n$/)
    const mesh = holding('/data/qwen')
    assert.equal((await commandLine(['model', 'rm', 'qwen', '--yes'], { mesh })).stdout, 'Took qwen off the list.\n')
    assert.deepEqual(mesh.library.calls, [['remove', { name: 'qwen' }]])
    assert.equal((await commandLine(['model', 'rm', 'nix', '--yes'], { mesh })).code, 1)
  })
})

describe('the forms of mesh model', () => {
  it('are told to whoever uses another', async () => {
    for (const [line, words] of [
      ['export qwen', 'The form is mesh model export NAME PATH.\n'],
      ['import', 'The form is mesh model import PATH.\n'],
      ['rm a b', 'The form is mesh model rm NAME.\n'],
      ['ls --replace', 'mesh model ls has no flag --replace.\n'],
      ['import x --split 4G', 'mesh model import has no flag --split.\n'],
      ['exprot a b', 'mesh model knows ls, show, export, import, add, use, rm, not “exprot”; did you mean export?\n'],
      ['constructor', 'mesh model knows ls, show, export, import, add, use, rm, not “constructor”.\n'],
      ['export a b --split 4X', '--split is a size such as 4G or 700M, not “4X”.\n']
    ] as const) {
      const { code, stderr } = await commandLine(['model', ...line.split(' ')], { mesh: fake() })
      assert.deepEqual([code, stderr], [2, words])
    }
  })
})

describe('a size', () => {
  it('is read as it stands on disks', () => {
    for (const [text, bytes] of [
      ['4G', 4e9],
      ['700 MB', 7e8],
      ['1.5GiB', 1.5 * 2 ** 30],
      ['64k', 64_000],
      ['123456', 123_456],
      ['2tb', 2e12]
    ] as const) {
      assert.equal(parseSize(text, '--split'), bytes)
    }
    for (const text of ['', '4X', 'G', '-1G', '0', '1e9', '99999999999T'])
      assert.throws(() => parseSize(text, '--split'))
  })
})

describe('the progress of a copy', () => {
  it('is one line: how far, how much, how fast, how long', () => {
    const line = (bytes: number, total: number, pace: number | null): string => progressLine({ bytes, total }, pace)
    assert.equal(line(586e6, 1.7e9, 4.6e6), '34% ▕██████              ▏ 586 MB/1.7 GB 4.6 MB/s 4m03s')
    assert.equal(line(0, 1.7e9, null), '0% ▕                    ▏ 0 bytes/1.7 GB')
    assert.equal(line(9, 9, 9), '100% ▕████████████████████▏ 9 bytes/9 bytes 9 bytes/s 0s')
    assert.equal(line(0, 0, 0), '100% ▕████████████████████▏ 0 bytes/0 bytes 0 bytes/s')
    assert.equal(line(0, 36e9, 5e6).slice(-6), ' 2h00m')
    assert.equal(secondsLeft({ bytes: 0, total: 100 }, 0), null)
  })

  it('has the pace of the last five seconds', () => {
    const pace = new Pace()
    assert.equal(pace.look(0, 0), null)
    assert.equal(pace.look(1000, 1000), 1000)
    for (let second = 2; second <= 20; second++) pace.look(1000 + (second - 1) * 10, second * 1000)
    assert.equal(pace.look(1000 + 20 * 10, 21_000), 10)
  })
})
