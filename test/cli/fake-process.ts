// The command with a fake mesh, as a process of its own: signals, pipes and the end of a process are real here.
import { setImmediate } from 'node:timers/promises'
import { main } from '../../cli/main.ts'
import type { AskEvent } from '../../src/interface.ts'
import { SmallFake, answerOf } from './small-fake.ts'

const mesh = new SmallFake()
// As a node's sockets would, this keeps the process alive.
const socket = setInterval(() => undefined, 1000)
mesh.stop = () => {
  clearInterval(socket)
  return Promise.resolve()
}
switch (process.env.FAKE) {
  case 'endless':
    mesh.answer = () => [{ type: 'text', text: 'It is' }, 'wait']
    break
  case 'long':
    mesh.ask = wordsWithoutEnd
    break
  case 'echo':
    mesh.answer = (prompt) => answerOf(typeof prompt === 'string' ? prompt : '')
    break
  case 'stuck':
    // A node that takes for ever to stop.
    mesh.stop = () => new Promise(() => undefined)
    break
}
async function* wordsWithoutEnd(): AsyncGenerator<AskEvent> {
  for (;;) {
    await setImmediate()
    yield { type: 'text', text: 'word ' }
  }
}

const open = (): Promise<SmallFake> => Promise.resolve(mesh)
await main(process.argv.slice(2), { createMesh: open, attachMesh: open, visitMesh: open })
