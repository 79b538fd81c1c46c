import assert from 'node:assert/strict'
import { narrator } from '../../cli/narrator.ts'
import type { AskEvent } from '../../src/interface.ts'
import { answerOf, LAPTOP, SmallFake } from './small-fake.ts'
import { commandLine } from './command-line.ts'

const DAY = new Date().toISOString().slice(0, 10)

describe('the verbs of memories', () => {
  let mesh: SmallFake

  const run = (args: string[], more: Parameters<typeof commandLine>[1] = {}) =>
    commandLine(args, { mesh, input: '', ...more })

  beforeEach(() => {
    mesh = new SmallFake()
  })

  describe('mesh remember', () => {
    it('takes words, what they are, and where they come from', async () => {
      const flags = ['--kind', 'note', '--tag', 'keys', '--tag', 'house', '--source', 'Ann']
      const { code, stdout } = await run(['remember', 'The', 'key is blue', ...flags])
      assert.deepEqual([code, stdout], [0, 'Remembered (mem00000).\n'])
      const { text, kind, tags, source } = mesh.memory.memories[0]!
      assert.deepEqual([text, kind, tags, source], ['The key is blue', 'note', ['keys', 'house'], 'Ann'])
    })

    it('takes standard input with - and without words, and gives programs the id', async () => {
      const first = await run(['remember', '-', '--json'], { input: 'one\ntwo\n' })
      assert.deepEqual(JSON.parse(first.stdout), { id: 'mem0000000000001' })
      await run(['remember'], { input: 'three' })
      assert.deepEqual(
        mesh.memory.memories.map(({ text }) => text),
        ['one\ntwo', 'three']
      )
    })

    it('says what to write where nothing was given', async () => {
      const { code, stderr } = await run(['remember'], { input: ' \n' })
      assert.equal(code, 2)
      assert.match(stderr, /Say what to remember: mesh remember "The bike key/)
    })
  })

  describe('with something remembered', () => {
    beforeEach(async () => {
      await mesh.memory.remember({ text: 'The bike key is blue', tags: ['keys'] })
      await mesh.memory.remember({ text: 'The shed\nis locked', kind: 'note', source: 'Ann' })
    })

    it('mesh recall shows what fits, the device by its name', async () => {
      const { code, stdout } = await run(['recall', 'blue', 'key'])
      assert.equal(code, 0)
      assert.equal(
        stdout,
        `ID        DAY         BY      KIND  TEXT\nmem00000  ${DAY}  laptop  fact  The bike key is blue #keys\n`
      )
      const nothing = await run(['recall', 'submarine'])
      assert.deepEqual([nothing.code, nothing.stdout], [0, 'Nothing of that is remembered.\n'])
    })

    it('mesh recall --json gives id, text and score, and what else is known', async () => {
      const { stdout } = await run(['recall', '--json', '--limit', '1', 'is'])
      const [found, ...more] = JSON.parse(stdout) as Record<string, unknown>[]
      assert.deepEqual(more, [])
      const { id, text, score, device, deviceId } = found!
      assert.deepEqual(
        [id, text, score, device, deviceId],
        ['mem0000000000001', 'The bike key is blue', 1, 'laptop', LAPTOP.id]
      )
    })

    it('mesh memory ls lists the newest first, and for programs in the shape that was promised', async () => {
      const { stdout } = await run(['memory'])
      assert.deepEqual(
        stdout.split('\n').map((line) => line.slice(30)),
        ['KIND  TEXT', 'note  The shed is locked', 'fact  The bike key is blue #keys', '']
      )
      const data = JSON.parse((await run(['memory', 'ls', '--json', '--kind', 'fact'])).stdout) as object[]
      assert.equal(data.length, 1)
      assert.deepEqual(Object.keys(data[0]!).slice(0, 6), ['id', 'text', 'kind', 'tags', 'device', 'time'])
      mesh.memory.memories = []
      assert.equal((await run(['memory', 'ls'])).stdout, 'Nothing is remembered here yet: mesh remember TEXT\n')
    })

    it('mesh memory show, edit and tag show one of them', async () => {
      const shown = await run(['memory', 'show', 'mem0000000000002'])
      assert.equal(
        shown.stdout,
        `id       mem0000000000002\ntext     The shed\nis locked\nkind     note\ntags     –\nsource   Ann\nwritten  ${DAY} on laptop\n`
      )
      const edited = await run(['memory', 'edit', 'mem0000000000002', 'The', 'shed is open', '--kind', 'fact'])
      assert.match(edited.stdout, /The shed is open\nkind +fact/)
      assert.match((await run(['memory', 'tag', 'mem0000000000002', '#house', 'old'])).stdout, /house, old/)
      assert.match((await run(['memory', 'tag', 'mem0000000000002', '--remove', 'old'])).stdout, /tags +house\n/)
      assert.equal((await run(['memory', 'edit', 'mem0000000000002'])).code, 2)
    })

    it('mesh memory history, undo, notices and reindex tell what there is to tell', async () => {
      await mesh.memory.edit({ id: 'mem0000000000001', text: 'The bike key is red' })
      const history = await run(['memory', 'history', 'mem0000000000001'])
      assert.deepEqual(
        history.stdout
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => line.slice(18)),
        ['laptop  written  The bike key is blue #keys', 'laptop  edited   The bike key is red #keys']
      )
      assert.equal(
        (await run(['memory', 'undo', 'mem0000000000001'])).stdout,
        'It is as it was: The bike key is blue #keys\n'
      )
      assert.match((await run(['memory', 'notices'])).stdout, /^Never in the last 30 days/)
      mesh.memory.found = [{ id: 'not0000000000001', time: Date.now(), count: 500, from: LAPTOP }]
      assert.equal(
        (await run(['memory', 'notices'])).stdout,
        `${DAY}: 500 memories vanished, by laptop. mesh memory undo not0000000000001\n`
      )
      assert.equal((await run(['memory', 'reindex'])).stdout, 'The index was built again, of 2 memories.\n')
    })

    it('mesh memory refuses what is no action, too few words, and a flag of another action', async () => {
      const outcomes = [['lss'], ['show'], ['tag', 'x'], ['ls', 'x'], ['show', 'x', '--remove']]
      for (const words of outcomes) assert.equal((await run(['memory', ...words])).code, 2, words.join(' '))
      assert.match((await run(['memory', 'lss'])).stderr, /did you mean ls\?/)
      assert.match((await run(['memory', 'show', 'x', '--remove'])).stderr, /mesh memory show has no flag --remove/)
    })

    it('mesh forget needs a yes, and shows first what it means', async () => {
      const asked = await run(['forget', 'bike', 'key'])
      assert.equal(asked.code, 2)
      assert.match(asked.stderr, /forgotten[^]*mem00000 {2}The bike key is blue[^]*mesh forget bike key --yes/)
      assert.equal(mesh.memory.memories.length, 2)
      const done = await run(['forget', 'bike', 'key', '--yes'])
      assert.deepEqual([done.code, done.stdout], [0, 'Forgot 1 memory.\n'])
      assert.match(done.stderr, /mesh memory undo mem00000/)
      assert.equal(mesh.memory.memories.length, 1)
    })

    it('mesh forget with words means only what has all of them', async () => {
      const { code, stdout } = await run(['forget', 'bike', 'submarine', '--yes'])
      assert.deepEqual([code, stdout], [1, 'Nothing is remembered that has all of these words.\n'])
      assert.equal(mesh.memory.memories.length, 2)
    })

    it('mesh forget takes an id, and with --now promises no undo', async () => {
      const { stdout, stderr } = await run(['forget', 'mem0000000000002', '--now', '--yes', '--json'])
      assert.deepEqual(JSON.parse(stdout), [{ id: 'mem0000000000002', text: 'The shed\nis locked' }])
      assert.equal(stderr, '')
      const asked = await run(['forget', 'mem0000000000001', '--now'])
      assert.match(asked.stderr, /erased at once, for good/)
    })
  })

  describe('in an answer', () => {
    const memory = {
      text: 'The dog is\ncalled Rex',
      kind: 'fact' as const,
      tags: [],
      source: null,
      time: 0,
      device: null
    }
    const remembering = (given: boolean): AskEvent[] => {
      const [accepted, ...rest] = answerOf('Rex')
      return [
        accepted!,
        { type: 'memories', given, memories: [{ id: 'abcdefgh01234567', score: 2, ...memory }] },
        ...rest
      ]
    }

    it('are for the reader where the model was given none', async () => {
      mesh.answer = () => remembering(false)
      const { stdout } = await run(['ask', 'my dog?'])
      assert.equal(stdout, 'Rex\nFrom your memories:\n  The dog is called Rex\n')
    })

    it('are named with --why where the model was given them, and not without', async () => {
      mesh.answer = () => remembering(true)
      const why = await run(['ask', '--why', 'my dog?'])
      assert.equal(why.stdout, 'Rex\n')
      assert.match(why.stderr, /Put before the question, from your memories:\nabcdefgh {2}The dog is called Rex\n/)
      assert.equal((await run(['ask', 'my dog?'])).stderr, '')
    })

    it('are in the JSON either way, and an empty list where there are none', async () => {
      const memories = async () => {
        const { stdout } = await run(['ask', '--json', 'my dog?'])
        return (JSON.parse(stdout) as { memories: object[] }).memories
      }
      for (const given of [true, false]) {
        mesh.answer = () => remembering(given)
        assert.deepEqual(await memories(), [{ id: 'abcdefgh01234567', text: 'The dog is\ncalled Rex', score: 2 }])
      }
      mesh.answer = () => answerOf('84')
      assert.deepEqual(await memories(), [])
    })

    it('are not wanted with --no-memory', async () => {
      await run(['ask', '--no-memory', 'my dog?'])
      assert.equal(mesh.asked.at(-1)?.options.memories, false)
      await run(['ask', 'my dog?'])
      assert.equal(mesh.asked.at(-1)?.options.memories, undefined)
    })
  })

  it('a serving node tells of many that vanished, and of single changes nothing', () => {
    const tell = narrator({ hint: (line) => `mesh ${line}` })
    assert.equal(tell({ type: 'memory-changed', added: ['x'], changed: [], forgotten: [], from: LAPTOP }), undefined)
    const notice = { id: 'not0000000000001', time: 0, count: 500, from: LAPTOP }
    assert.equal(
      tell({ type: 'memories-vanished', notice }),
      '500 memories vanished at once (by laptop). To bring them back: mesh memory undo not0000000000001'
    )
  })
})

describe('a chat that is kept', () => {
  let mesh: SmallFake

  beforeEach(() => {
    mesh = new SmallFake()
    mesh.answer = (prompt) => answerOf(`answer ${prompt.length}`)
  })

  const kept = () =>
    [...mesh.conversations.kept.values()].map(({ title, messages }) => [
      title,
      ...messages.map(({ role, content, model }) => `${role} ${content} ${model ?? ''}`.trim())
    ])

  it('is a conversation from its first answer on, titled by its first question', async () => {
    await commandLine(['chat'], { mesh, input: 'one\ntwo\n' })
    assert.deepEqual(kept(), [
      ['one', 'user one', 'assistant answer 1 qwen3-4b', 'user two', 'assistant answer 3 qwen3-4b']
    ])
    mesh.answer = () => [new Error('nobody')]
    await commandLine(['chat'], { mesh, input: 'three\n' })
    assert.equal(kept().length, 1)
  })

  it('goes on with --resume: the last one, or that of an id', async () => {
    await commandLine(['chat'], { mesh, input: 'one\n' })
    await commandLine(['chat'], { mesh, input: 'other\n' })
    const { stdout } = await commandLine(['chat', '--resume', '--json'], { mesh, input: 'more\n' })
    assert.deepEqual(mesh.asked.at(-1)?.prompt, [
      { role: 'user', content: 'other' },
      { role: 'assistant', content: 'answer 1' },
      { role: 'user', content: 'more' }
    ])
    const [first, last] = [...mesh.conversations.kept.keys()]
    assert.equal((JSON.parse(stdout) as { conversation: string }).conversation, last)
    await commandLine(['chat', '--resume', first!], { mesh, input: 'again\n' })
    assert.deepEqual(
      kept().map((each) => each.length),
      [5, 5]
    )
  })

  it('is listed, and forgotten after a yes', async () => {
    const empty = await commandLine(['chat', '--list'], { mesh, input: '' })
    assert.equal(empty.stdout, 'No conversation is kept yet: mesh chat\n')
    await commandLine(['chat'], { mesh, input: `${'long '.repeat(30)}\n` })
    const [id] = [...mesh.conversations.kept.keys()]
    const { stdout } = await commandLine(['chat', '--list'], { mesh, input: '' })
    assert.match(stdout, /^ID +DAY +MESSAGES +TITLE\ncon00000 .* 2 {2}(long ){11}long…\n$/)
    assert.equal((await commandLine(['chat', '--forget', id!], { mesh, input: '' })).code, 2)
    const done = await commandLine(['chat', '--forget', id!, '--yes'], { mesh, input: '' })
    assert.deepEqual([done.code, done.stdout, mesh.conversations.kept.size], [0, 'Forgot the conversation.\n', 0])
  })

  it('is kept nowhere with --no-keep', async () => {
    await commandLine(['chat', '--no-keep'], { mesh, input: 'one\n' })
    assert.deepEqual(kept(), [])
  })

  it('refuses an id without --resume, and two ways at once', async () => {
    for (const args of [['abc'], ['--forget'], ['--list', '--resume'], ['--resume', '--no-keep']]) {
      assert.equal((await commandLine(['chat', ...args], { mesh, input: '' })).code, 2, args.join(' '))
    }
  })
})
