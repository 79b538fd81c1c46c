import assert from 'node:assert/strict'
import { BusyError, PromptTooLongError } from '../../src/errors.ts'
import { Conversation } from '../../cli/conversation.ts'
import { SmallFake, answerOf } from './small-fake.ts'
import { commandLine } from './command-line.ts'

describe('mesh chat', () => {
  it('takes a message a line and remembers what was said', async () => {
    const mesh = new SmallFake()
    mesh.answer = (prompt) => answerOf(`answer ${prompt.length}`)
    const { code, stdout } = await commandLine(['chat', '--system', 'Be kind.'], { mesh, input: 'one\n\ntwo\n' })
    assert.equal(code, 0)
    assert.equal(stdout, 'answer 1\nanswer 3\n')
    assert.deepEqual(mesh.asked[1]?.prompt, [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'answer 1' },
      { role: 'user', content: 'two' }
    ])
    assert.equal(mesh.asked[1].options.system, 'Be kind.')
  })

  it('leaves out the oldest turns that no longer fit, and says so', async () => {
    const mesh = new SmallFake()
    mesh.answer = (prompt) =>
      prompt.length > 3 ? [new PromptTooLongError('The prompt is too long.')] : answerOf(`answer ${prompt.length}`)
    const { code, stdout, stderr } = await commandLine(['chat'], { mesh, input: 'one\ntwo\nthree\n' })
    assert.equal(code, 0)
    assert.equal(stdout, 'answer 1\nanswer 3\nanswer 3\n')
    assert.equal(stderr, 'The oldest 2 messages no longer fit and were left out.\n')
  })

  it('fails where a single message is too long', async () => {
    const mesh = new SmallFake()
    mesh.answer = () => [new PromptTooLongError('The prompt is too long.')]
    const { code, stderr } = await commandLine(['chat'], { mesh, input: 'one\n' })
    assert.equal(code, 1)
    assert.equal(stderr, 'The prompt is too long.\n')
  })

  it('gives programs one object a line', async () => {
    const { stdout } = await commandLine(['chat', '--json'], { mesh: new SmallFake(), input: 'one\ntwo\n' })
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { answer: string }).answer)
    assert.deepEqual(answers, ['84', '84'])
  })

  it('ends at the first error without a terminal', async () => {
    const mesh = new SmallFake()
    mesh.answer = () => [new BusyError('Too many ask now.')]
    assert.deepEqual(await commandLine(['chat'], { mesh, input: 'one\ntwo\n' }), {
      code: 1,
      stdout: '',
      stderr: 'Too many ask now.\n'
    })
    assert.equal(mesh.asked.length, 1)
  })
})

describe('a conversation', () => {
  it('drops whole turns, the oldest first, and never the last question', () => {
    const conversation = new Conversation()
    conversation.add({ role: 'user', content: 'one' })
    conversation.add({ role: 'assistant', content: '1' })
    conversation.add({ role: 'user', content: 'two' })
    assert.equal(conversation.dropOldest(), 2)
    assert.equal(conversation.dropOldest(), 0)
    assert.deepEqual(conversation.messages, [{ role: 'user', content: 'two' }])
  })

  it('does not grow without end', () => {
    const conversation = new Conversation()
    const content = 'x'.repeat(100_000)
    let dropped = 0
    for (let turn = 0; turn < 10; turn++) {
      dropped += conversation.add({ role: 'user', content })
      dropped += conversation.add({ role: 'assistant', content })
    }
    assert.equal(conversation.messages.length + dropped, 20)
    assert.ok(conversation.messages.length <= 6)
    assert.equal(conversation.messages[0]?.role, 'user')
  })

  it('takes a question back that got no answer', () => {
    const conversation = new Conversation()
    conversation.add({ role: 'user', content: 'one' })
    conversation.takeBack()
    conversation.takeBack()
    assert.deepEqual(conversation.messages, [])
  })
})
