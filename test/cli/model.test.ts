import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { InvalidRequestError, ModelExistsError } from '../../src/errors.ts'
import type { ModelCopyEvent, NearbyModel } from '../../src/interface.ts'
import { Pace, progressLine, secondsLeft } from '../../cli/progress.ts'
import { parseSize } from '../../cli/size.ts'
import { commandLine } from './command-line.ts'
import { DESKTOP, SmallFake, modelInfo } from './small-fake.ts'
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

describe('mesh model pull', () => {
  const PULLED = { ...EXPORTED, outcome: 'pulled', path: '/home/models/qwen' } as const
  const hub = { endpoint: 'https://mirror.test', token: 'hf_mine', home: '/hf' }

  it('hands on what was chosen and what the environment says of the hub, and shows what is remarked', async () => {
    const mesh = fake({ type: 'notice', message: 'maker/Model of mirror.test, as q4.' }, STARTED, PROGRESS, PULLED)
    const args = [
      'model',
      'pull',
      'maker/Model',
      '--from',
      'hub',
      '--quantization',
      'q4',
      '--name',
      'qwen',
      '--replace'
    ]
    const { code, stdout, stderr } = await commandLine(args, { mesh, hub })
    assert.equal(code, 0)
    assert.equal(stdout, 'Pulled qwen: 1.7 GB.\nAsk it: mesh ask --model qwen "…"\n')
    assert.match(stderr, /^maker\/Model of mirror\.test, as q4\.$/m)
    assert.ok(!`${stdout}${stderr}`.includes('hf_mine'))
    const chosen = { name: 'maker/Model', from: 'hub', quantization: 'q4', as: 'qwen', replace: true, hub }
    assert.deepEqual(mesh.library.calls, [['pull', chosen]])
  })

  it('lists without a name chosen models, how it fits here, and the largest that does', async () => {
    const entry = {
      ...({ license: 'apache-2.0', quantization: 'q4', here: null, fit: 'fits', reason: 'enough' } as const),
      ...{ parameters: 135e6, bytes: 202e6, memory: 400e6 }
    }
    const mesh = fake()
    mesh.library.known = [
      { ...entry, repository: 'a/Small', here: 'small' },
      { ...entry, repository: 'a/Middle' },
      { ...entry, repository: 'a/Tight', fit: 'tight', reason: 'needs 2 GB of memory, 1 GB of 4 GB are free' },
      { ...entry, repository: 'a/Large', fit: 'too-large', reason: 'needs 9 GB of memory, this device has 4 GB' }
    ]
    const { stdout } = await commandLine(['model', 'pull'], { mesh })
    assert.match(stdout, /^a\/Small +135 M +q4 +202 MB +400 MB +apache-2\.0 +here, as small$/m)
    assert.match(stdout, /^a\/Tight .* tight: needs 2 GB of memory, 1 GB of 4 GB are free$/m)
    assert.match(stdout, /^a\/Large .* too large: needs 9 GB of memory, this device has 4 GB$/m)
    assert.match(stdout, /^Pull the largest that fits: mesh model pull a\/Middle$/m)
    const json = await commandLine(['model', 'pull', '--json'], { mesh })
    const listed = JSON.parse(json.stdout) as { nearby: unknown[]; catalogue: { repository: string }[] }
    assert.deepEqual([listed.nearby, listed.catalogue.length], [[], 4])
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

describe('mesh model use', () => {
  it('says what it means, and undoes it', async () => {
    const mesh = fake()
    const { code, stdout, stderr } = await commandLine(['model', 'use', 'qwen'], { mesh })
    assert.deepEqual([code, stdout], [0, 'qwen answers here from now on where no model is named.\n'])
    assert.match(stderr, /mesh model use --auto/)
    const undone = await commandLine(['model', 'use', '--auto'], { mesh })
    assert.equal(undone.stdout, 'The strongest model that fits answers here where none is named.\n')
    assert.deepEqual(mesh.library.calls, [
      ['use', { name: 'qwen' }],
      ['use', { name: null }]
    ])
    const neither = await commandLine(['model', 'use'], { mesh })
    assert.deepEqual([neither.code, neither.stderr], [2, 'The form is mesh model use NAME or mesh model use --auto.\n'])
  })

  it('is seen in the list, the status and the greeting', async () => {
    const mesh = fake()
    mesh.status_.models = [
      modelInfo({ name: 'qwen', builtIn: false, chosen: true }),
      modelInfo({ name: 'larger', builtIn: false, parameters: 8e9 })
    ]
    const { stdout, stderr } = await commandLine(['model', 'ls'], { mesh })
    assert.match(stdout, /^qwen \* /m)
    assert.match(stderr, /\* answers here where no model is named/)
    assert.match((await commandLine(['status'], { mesh })).stdout, /^answers +qwen, as you chose, /m)
  })
})

describe('the memory of a model', () => {
  const memory = { loaded: 2.4e9, perToken: 114_000, budget: 2e9, isMeasured: false, fullContext: 40_960 }

  it('is in its list and on its own page', async () => {
    const tooLarge =
      'qwen3-4b needs 2.5 GB (2.4 GB weights + 117 MB for 1,024 tokens); this device gives models 2.0 GB of its 4.0 GB.'
    const mesh = fake()
    mesh.status_.models = [
      modelInfo({ name: 'qwen3-4b', builtIn: false, tooLarge, memory, loaded: false }),
      modelInfo({
        ...{ name: 'small', builtIn: false, loaded: false, loadMs: 1300, lastUsedMs: 120_000, provider: 'cpu' },
        ...{ contextLength: 8000, rates: { prefillRate: 900, decodeRate: 42 } },
        memory: { ...memory, loaded: 0.5e9, isMeasured: true }
      })
    ]
    assert.match(
      (await commandLine(['model', 'ls'], { mesh })).stdout,
      /^qwen3-4b .* too large: needs 2\.5 GB of 2\.0 GB for models$/m
    )
    const { stdout } = await commandLine(['model', 'show', 'small'], { mesh })
    for (const line of [
      /^context +8000 tokens, as the memory allows; the model could take 40960$/m,
      /^state +ready, loads in 1\.3 s$/m,
      /^memory +500 MB measured, and 4\.7 GB for 40960 tokens, of 2\.0 GB for models$/m,
      /^last used +2 min ago$/m,
      /^speed +reads 900 and writes 42 tokens\/s$/m,
      /^runs on +cpu$/m
    ]) {
      assert.match(stdout, line)
    }
    assert.ok((await commandLine(['model', 'show', 'qwen3-4b'], { mesh })).stdout.includes(tooLarge))
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
      [
        'exprot a b',
        'mesh model knows ls, show, pull, export, import, add, use, rm, not “exprot”; did you mean export?\n'
      ],
      ['constructor', 'mesh model knows ls, show, pull, export, import, add, use, rm, not “constructor”.\n'],
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

const NEAR: NearbyModel = {
  ...{ name: 'qwen', hash: 'cd'.repeat(32), bytes: 586_000_000, parameters: 596_000_000, quantization: 'q4' },
  peers: [DESKTOP, { name: 'pi', id: '12D3KooWPi' }]
}

describe('mesh model pull', () => {
  const PULLED = { ...EXPORTED, outcome: 'pulled', from: DESKTOP } as const

  it('hands on what was chosen, and says from whom the model came', async () => {
    const mesh = fake({ ...STARTED, from: DESKTOP }, PROGRESS, { ...PULLED, kept: 1_200_000_000 })
    const words = ['model', 'pull', 'qwen', '--from', 'desktop', '--name', 'q', '--replace', '--quiet']
    const { code, stdout } = await commandLine(words, { mesh })
    assert.equal(code, 0)
    assert.equal(
      stdout,
      'Pulled qwen from desktop: 1.7 GB, 1.2 GB of it there from before.\nAsk it: mesh ask --model qwen "…"\n'
    )
    assert.deepEqual(mesh.library.calls, [['pull', { name: 'qwen', replace: true, from: 'desktop', as: 'q' }]])
  })

  it('passes on why it waits: to people as a line, to programs as an event', async () => {
    const notice: ModelCopyEvent = { type: 'notice', message: 'desktop went away.' }
    const shown = await commandLine(['model', 'pull', 'qwen'], { mesh: fake(STARTED, notice, PULLED), terminal: 100 })
    assert.match(shown.stderr, /desktop went away\./)
    const told = await commandLine(['model', 'pull', 'qwen', '--json'], { mesh: fake(STARTED, notice, PULLED) })
    const events = told.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual(events[1], { event: 'notice', message: 'desktop went away.' })
    assert.deepEqual(events.at(-1)?.from, DESKTOP)
  })

  it('says when the model is here already', async () => {
    const { stdout } = await commandLine(['model', 'pull', 'qwen'], { mesh: fake({ ...PULLED, outcome: 'known' }) })
    assert.equal(stdout, 'This model is here already, as qwen. Nothing was copied.\n')
  })

  it('without a name lists what other devices have, with the command', async () => {
    const mesh = fake()
    mesh.library.elsewhere = [NEAR]
    const { stdout } = await commandLine(['model', 'pull'], { mesh })
    assert.match(stdout, /qwen\s+586 MB\s+desktop, pi\s+mesh model pull qwen --from desktop/)
    const json = await commandLine(['model', 'pull', '--json'], { mesh })
    assert.deepEqual(JSON.parse(json.stdout), { nearby: [NEAR], catalogue: [] })
    const none = await commandLine(['model', 'pull'], { mesh: fake() })
    assert.doesNotMatch(none.stdout, /On your other devices/)
  })

  it('is told of under the list of models, and where a model is not here that another device has', async () => {
    const mesh = fake()
    mesh.library.elsewhere = [NEAR]
    const listed = await commandLine(['model', 'ls'], { mesh })
    assert.match(listed.stdout, /On your other devices\n[\s\S]*mesh model pull qwen --from desktop/)
    const json = await commandLine(['model', 'ls', '--json'], { mesh })
    assert.deepEqual(
      (JSON.parse(json.stdout) as { name: string }[]).map(({ name }) => name),
      ['mini']
    )
    const shown = await commandLine(['model', 'show', 'qwen'], { mesh })
    assert.equal(shown.code, 1)
    assert.match(shown.stderr, /no model “qwen” here\. It is on desktop, pi: mesh model pull qwen --from desktop/)
    mesh.library.events = [new InvalidRequestError('There is no file or folder /x/qwen.')]
    const imported = await commandLine(['model', 'import', 'qwen'], { mesh })
    assert.match(imported.stderr, /mesh model pull qwen --from desktop/)
    const unknown = await commandLine(['model', 'show', 'nix'], { mesh })
    assert.match(unknown.stderr, /There is no model “nix” here; there is mini/)
  })

  it('puts nothing into a command line that a shell would read otherwise', async () => {
    const mesh = fake()
    mesh.library.elsewhere = [{ ...NEAR, name: 'a$(reboot)', peers: [{ name: 'b;c', id: '12D3KooWPi' }] }]
    const { stdout } = await commandLine(['model', 'pull'], { mesh })
    assert.match(stdout, /mesh model pull cdcdcdcdcdcd --name NAME --from 12D3KooWPi/)
  })

  it('takes a name at most, and no flag of another action', async () => {
    assert.equal((await commandLine(['model', 'pull', 'a', 'b'], { mesh: fake() })).code, 2)
    assert.equal((await commandLine(['model', 'pull', 'a', '--split', '4G'], { mesh: fake() })).code, 2)
    assert.equal((await commandLine(['model', 'import', 'a', '--from', 'pi'], { mesh: fake() })).code, 2)
  })
})
