import assert from 'node:assert/strict'
import { AnswerInterruptedError, NobodyCanAnswerError, NotAllowedError, UnknownPeerError } from '../../src/errors.ts'
import { DESKTOP, LAPTOP, SmallFake, answerOf, meshStatus } from './small-fake.ts'
import { commandLine } from './command-line.ts'

const moved = { type: 'moved', from: DESKTOP, to: LAPTOP, reason: 'its connection was reset' } as const
const accepted = { type: 'accepted', peer: DESKTOP, model: { name: 'qwen3-4b', hash: 'cd'.repeat(32) } } as const
const waiting = { type: 'waiting', peer: DESKTOP, loaded: null, prefilled: null } as const

function fake(...answer: ReturnType<SmallFake['answer']>): SmallFake {
  const mesh = new SmallFake()
  mesh.answer = () => answer
  return mesh
}

describe('mesh ask', () => {
  it('writes the answer to standard output and nothing else', async () => {
    const mesh = fake(...answerOf('It is ', '84.'))
    assert.deepEqual(await commandLine(['ask', 'What', 'is', '12', 'times', '7?'], { mesh }), {
      code: 0,
      stdout: 'It is 84.\n',
      stderr: ''
    })
    assert.equal(mesh.asked[0]?.prompt, 'What is 12 times 7?')
    assert.equal(mesh.stopped, 1)
  })

  it('shows on a terminal what it waits for, and at the end who answered', async () => {
    const mesh = fake(
      { ...waiting, place: 2 },
      { ...waiting, place: 0, loaded: 0.35 },
      { ...waiting, place: 0, prefilled: 0.6 },
      ...answerOf('84')
    )
    const { stdout, stderr } = await commandLine(['ask', 'x'], { mesh, terminal: 80 })
    assert.equal(stdout, '84\n')
    assert.deepEqual(stderr.split('\r\u001b[K'), [
      '',
      'desktop: 2 before you',
      'desktop: loading the model 35 %',
      'desktop: reading the question, 60 %',
      'desktop · qwen3-4b',
      '— desktop · qwen3-4b · 42 tokens/s\n'
    ])
  })

  it('hands its flags to the mesh', async () => {
    const mesh = fake(...answerOf('84'))
    await commandLine(
      [
        ...['ask', 'x', '--peer', 'pi', '--model', 'mini', '--max-tokens', '5', '--temperature', '0.5'],
        ...['--system', 'Be short.', '--seed', '7', '--prefer', 'speed']
      ],
      { mesh }
    )
    const { signal, ...options } = mesh.asked[0]!.options
    assert.ok(signal instanceof AbortSignal)
    assert.deepEqual(options, {
      peer: 'pi',
      model: 'mini',
      maxTokens: 5,
      temperature: 0.5,
      system: 'Be short.',
      seed: 7,
      prefer: 'speed'
    })
  })

  it('adds what is piped in to the prompt', async () => {
    const mesh = fake(...answerOf('84'))
    await commandLine(['ask', 'Summarise'], { mesh, input: 'a long text\n' })
    await commandLine(['ask'], { mesh, input: 'only this\n' })
    assert.deepEqual(
      mesh.asked.map(({ prompt }) => prompt),
      ['Summarise\n\na long text', 'only this']
    )
  })

  it('refuses more than 1 MiB of input, and nothing at all', async () => {
    const mesh = fake(...answerOf('84'))
    const long = await commandLine(['ask'], { mesh, input: 'x'.repeat(1024 * 1024 + 1) })
    assert.equal(long.code, 2)
    assert.equal(long.stderr, 'Standard input is longer than 1 MiB, more than a question may be; send a part of it.\n')
    const nothing = await commandLine(['ask'], { mesh, input: ' \n' })
    assert.equal(nothing.code, 2)
    assert.equal(nothing.stderr, 'Ask something: mesh ask "What is 12 times 7?"\n')
    assert.deepEqual(mesh.asked, [])
  })

  it('says when it answers alone because no mesh is here', async () => {
    const mesh = fake(...answerOf('84'))
    mesh.status_ = meshStatus({ state: 'visiting' })
    const { stderr } = await commandLine(['ask', 'x'], { mesh })
    assert.equal(stderr, 'No mesh here yet (mesh join starts one): this device answers alone.\n')
    assert.equal((await commandLine(['ask', 'x', '--quiet'], { mesh })).stderr, '')
  })

  it('says when another device carries on', async () => {
    const mesh = fake({ type: 'text', text: 'It ' }, { ...moved, sameModel: true }, ...answerOf('is 84.'))
    const { stdout, stderr } = await commandLine(['ask', 'x'], { mesh })
    assert.equal(stdout, 'It is 84.\n')
    assert.equal(stderr, 'desktop went away, laptop carries on\n')
    mesh.answer = () => [{ ...moved, sameModel: false }, ...answerOf('84.')]
    assert.equal(
      (await commandLine(['ask', 'x'], { mesh })).stderr,
      'desktop went away, laptop carries on with another model\n'
    )
  })

  it('gives programs one object', async () => {
    const { stdout, stderr } = await commandLine(['ask', 'x', '--json'], { mesh: fake(...answerOf('It is ', '84.')) })
    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(stdout), {
      answer: 'It is 84.',
      model: 'qwen3-4b',
      peer: DESKTOP,
      finishReason: 'stop',
      promptTokens: 9,
      answerTokens: 2,
      timeToFirstTokenMs: 80,
      tokensPerSecond: 42.4,
      memories: [],
      failovers: 0
    })
  })

  it('keeps what came of an interrupted answer', async () => {
    const broken = new AnswerInterruptedError('The answer broke off: nobody is left to carry on.')
    const mesh = fake(accepted, { type: 'text', text: 'It is' }, broken)
    assert.deepEqual(await commandLine(['ask', 'x'], { mesh }), {
      code: 3,
      stdout: 'It is\n',
      stderr: 'The answer broke off: nobody is left to carry on.\n'
    })
    const data = await commandLine(['ask', 'x', '--json'], { mesh })
    assert.equal(data.code, 3)
    assert.deepEqual(JSON.parse(data.stdout), {
      answer: 'It is',
      model: 'qwen3-4b',
      peer: DESKTOP,
      interrupted: true,
      memories: []
    })
    assert.deepEqual(JSON.parse(data.stderr), {
      error: { name: 'AnswerInterruptedError', message: 'The answer broke off: nobody is left to carry on.' }
    })
  })

  it('tells by its exit code what went wrong', async () => {
    for (const [error, code] of [
      [new NobodyCanAnswerError('Nobody can answer.'), 3],
      [new NotAllowedError('This is not your node.'), 4],
      [new UnknownPeerError('There is no pi.'), 1]
    ] as const) {
      const outcome = await commandLine(['ask', 'x'], { mesh: fake(error) })
      assert.deepEqual(outcome, { code, stdout: '', stderr: `${error.message}\n` })
    }
  })

  it('shows a trace of an error of our own only with --verbose', async () => {
    const mesh = fake(new TypeError('x is not a function'))
    assert.equal((await commandLine(['ask', 'x'], { mesh })).stderr, 'x is not a function\n')
    assert.match(
      (await commandLine(['ask', 'x', '--verbose'], { mesh })).stderr,
      /^TypeError: x is not a function\n +at/
    )
  })

  it('ends with 130 when it is interrupted, and keeps what had come', async () => {
    const mesh = fake({ type: 'text', text: 'It is' }, 'wait')
    const outcome = await commandLine(['ask', 'x'], {
      mesh,
      meanwhile: ({ interrupt }, { stdout }) => {
        stdout.once('data', interrupt)
      }
    })
    assert.deepEqual(outcome, { code: 130, stdout: 'It is\n', stderr: '' })
    assert.equal(mesh.stopped, 1)
  })

  it('first shows who could answer with --why', async () => {
    const mesh = fake(...answerOf('84'))
    mesh.rows = [
      { peer: DESKTOP, here: false, model: 'qwen3-4b', eligible: true, expectedMs: 12_400, reason: 'the largest' }
    ]
    const { stdout, stderr } = await commandLine(['ask', 'x', '--why'], { mesh })
    assert.equal(stdout, '84\n')
    const { why } = JSON.parse((await commandLine(['ask', 'x', '--why', '--json'], { mesh })).stdout) as {
      why: unknown
    }
    assert.deepEqual(why, mesh.rows)
    assert.equal(stderr, 'DEVICE   MODEL     EXPECTED  REASON\ndesktop  qwen3-4b      12 s  the largest\n')
  })

  it('lets no answer move the cursor of a terminal, and changes none for a program', async () => {
    const mesh = fake(...answerOf('\u001b[2Jgone'))
    assert.equal((await commandLine(['ask', 'x'], { mesh, terminal: 80 })).stdout, '[2Jgone\n')
    assert.equal((await commandLine(['ask', 'x'], { mesh })).stdout, '\u001b[2Jgone\n')
  })
})
