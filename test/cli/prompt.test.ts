import assert from 'node:assert/strict'
import { HomeInUseError } from '../../src/errors.ts'
import { SmallFake, answerOf, membershipStatus, peer } from './small-fake.ts'
import { CTRL_C, CTRL_D, Terminal } from './terminal.ts'

function withPeer(): SmallFake {
  const mesh = new SmallFake()
  mesh.status_.peers = [peer()]
  mesh.status_.membership = membershipStatus({ state: 'member', members: 2 })
  return mesh
}

describe('the prompt of mesh join', () => {
  it('greets, takes questions one after another, and leaves with Ctrl-D, the node stopped', async () => {
    const mesh = withPeer()
    const terminal = new Terminal(['join'], mesh)
    assert.match(
      await terminal.until('ask> '),
      /This is laptop\. In amber-otter\. Found desktop \(by mDNS and beacon\)\.\n/
    )
    terminal.type('What is 12 times 7?\r')
    assert.match(await terminal.until('tokens/s\n'), /84\n— desktop · qwen3-4b · 42 tokens\/s\n$/)
    await terminal.until('ask> ')
    terminal.type('Really?\r')
    await terminal.until('84\n')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(
      mesh.asked.map(({ prompt }) => prompt),
      ['What is 12 times 7?', 'Really?']
    )
    assert.equal(mesh.stopped, 1)
  })

  it('stops the answer at the first Ctrl-C and leaves at the second', async () => {
    const mesh = withPeer()
    mesh.answer = () => [{ type: 'text', text: 'It is' }, 'wait']
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('ask> ')
    terminal.type('x\r')
    await terminal.until('It is')
    terminal.type(CTRL_C)
    assert.match(await terminal.until('ask> '), /^\n\(stopped\)\n/)
    assert.equal(mesh.stopped, 0)
    terminal.type(CTRL_C)
    assert.equal(await terminal.exit, 0)
    assert.equal(mesh.stopped, 1)
  })

  it('counts the Ctrl-C that leaves: one more while the node stops ends the process', async () => {
    const terminal = new Terminal(['join'], withPeer())
    await terminal.until('ask> ')
    terminal.type(CTRL_C)
    await terminal.exit
    assert.equal(terminal.killed, 0)
    terminal.interruption.interrupt()
    assert.equal(terminal.killed, 1)
  })

  it('clears a line that was begun at Ctrl-C', async () => {
    const mesh = withPeer()
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('ask> ')
    terminal.type(`abandoned${CTRL_C}kept\r`)
    await terminal.until('84\n')
    terminal.type(CTRL_D)
    await terminal.exit
    assert.equal(mesh.asked[0]?.prompt, 'kept')
  })

  it('shows who goes above the line that is being typed', async () => {
    const mesh = withPeer()
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('ask> ')
    terminal.type('half a quest')
    await terminal.until('quest')
    mesh.emit({ type: 'peer-lost', peer: peer(), reason: 'its connection was reset' })
    const shown = await terminal.until('ask> half a quest')
    assert.match(shown, /^\r\u001b\[Jdesktop is gone: its connection was reset\n/)
    terminal.type(`ion${CTRL_D}\r`)
    await terminal.until('84\n')
    terminal.type(CTRL_D)
    await terminal.exit
    assert.equal(mesh.asked[0]?.prompt, 'half a question')
  })

  it('moves a line that is longer than the terminal as a whole', async () => {
    const mesh = withPeer()
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('ask> ')
    const line = 'word '.repeat(20)
    terminal.type(`${line}end`)
    await terminal.until('end')
    for (const reason of ['reset', 'reset again']) {
      mesh.emit({ type: 'peer-lost', peer: peer(), reason })
      // One row up to where the line began; then all is written anew, and nothing above it is touched.
      const note = `\u001b[1A\r\u001b[Jdesktop is gone: ${reason}\n`
      assert.ok((await terminal.until(`${reason}\n`)).endsWith(note))
      assert.equal(await terminal.until('ask> '), '\u001b[1G\u001b[0Jask> ')
      await terminal.until('end')
    }
    terminal.type(`${CTRL_C}${CTRL_D}`)
    await terminal.exit
  })

  it('keeps who goes during an answer until its end', async () => {
    const mesh = withPeer()
    mesh.answer = () => [{ type: 'text', text: 'It is ' }, 'wait']
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('ask> ')
    terminal.type('x\r')
    await terminal.until('It is ')
    mesh.emit({ type: 'peer-lost', peer: peer(), reason: 'reset' })
    terminal.type(CTRL_C)
    assert.match(await terminal.until('ask> '), /^\n\(stopped\)\ndesktop is gone: reset\n/)
    terminal.type(CTRL_D)
    await terminal.exit
  })

  it('takes what is typed or pasted during an answer after it', async () => {
    const mesh = withPeer()
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('ask> ')
    terminal.type('one\rtwo\rthr')
    const shown = await terminal.until('ask> thr')
    assert.match(shown, /^[^]*one\r\n(?:(?!two|thr)[^])*84\n— .*\nask> two\n(?:(?!thr)[^])*84\n— .*\n[^]*ask> thr$/)
    terminal.type(`ee\r`)
    await terminal.until('84\n')
    terminal.type(CTRL_D)
    await terminal.exit
    assert.deepEqual(
      mesh.asked.map(({ prompt }) => prompt),
      ['one', 'two', 'three']
    )
  })

  it('goes on after an error', async () => {
    const mesh = withPeer()
    const answers = [[new Error('Nobody can answer.')], answerOf('84')]
    mesh.answer = () => answers.shift() ?? []
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('ask> ')
    terminal.type('one\r')
    assert.match(await terminal.until('ask> '), /Nobody can answer\.\n/)
    terminal.type('two\r')
    await terminal.until('84\n')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 0)
  })

  it('ends when the node is stopped elsewhere, and by a signal', async () => {
    const stopped = withPeer()
    const first = new Terminal(['join'], stopped)
    await first.until('ask> ')
    stopped.emit({ type: 'stopping' })
    stopped.end()
    assert.equal(await first.exit, 0)
    assert.match(first.rest(), /The node on this device is stopping\.\n/)
    const second = new Terminal(['join'], withPeer())
    await second.until('ask> ')
    second.interruption.interrupt()
    assert.equal(await second.exit, 0)
  })

  it('may be stopped while it looks for others', async () => {
    const mesh = new SmallFake()
    mesh.status_.membership = membershipStatus({ state: 'looking', members: 0 })
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('Looking for your other devices')
    terminal.interruption.interrupt()
    assert.equal(await terminal.exit, 0)
    assert.equal(mesh.stopped, 1)
  })

  it('leaves nothing behind', async () => {
    const mesh = withPeer()
    const terminal = new Terminal(['join'], mesh)
    await terminal.until('ask> ')
    terminal.type(CTRL_D)
    await terminal.exit
    assert.deepEqual(terminal.keys.listenerCount('keypress'), 0)
    assert.equal(terminal.keys.isPaused(), true)
    assert.match(terminal.rest(), /\n/)
  })

  it('asks the node that already runs, and leaves it running', async () => {
    const mesh = withPeer()
    const terminal = new Terminal(['join'], mesh, {
      createMesh: () => Promise.reject(new HomeInUseError('Process 4711 serves this home.'))
    })
    assert.match(
      await terminal.until('ask> '),
      /laptop already runs here; this prompt asks it\. Ctrl-D leaves it running\.\n/
    )
    terminal.type('x\r')
    await terminal.until('84\n')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.shutdowns, [])
  })
})

describe('the prompt of mesh chat', () => {
  it('keeps the part of an answer that was stopped, and goes on', async () => {
    const mesh = new SmallFake()
    const answers: ReturnType<SmallFake['answer']>[] = [[{ type: 'text', text: 'It is' }, 'wait'], answerOf('84')]
    mesh.answer = () => answers.shift() ?? []
    const terminal = new Terminal(['chat'], mesh)
    await terminal.until('chat> ')
    terminal.type('one\r')
    await terminal.until('It is')
    terminal.type(CTRL_C)
    await terminal.until('chat> ')
    terminal.type('two\r')
    await terminal.until('84\n')
    terminal.type(CTRL_D)
    assert.equal(await terminal.exit, 0)
    assert.deepEqual(mesh.asked[1]?.prompt, [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'It is' },
      { role: 'user', content: 'two' }
    ])
  })
})
