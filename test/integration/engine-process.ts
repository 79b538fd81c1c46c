/**
 * A server with the OpenAI API in a process of its own, as an engine beside a device: `node engine-process.js PORT`.
 * Its model counts, a number each few milliseconds, from where the answer stands; so a reader sees at once what was lost
 * or said twice. Calls itself vLLM, which carries on from a begun answer. Prints its port when it listens.
 */
import {
  beginStream,
  event,
  finished,
  piece,
  ScriptedServer,
  usage,
  vllm
} from '../inference/served/scripted-server.ts'
import { LAST_NUMBER, SERVED_MODEL } from './counter.ts'

const EACH_MS = 20

const server = await ScriptedServer.start({
  port: Number(process.argv[2]),
  host: '0.0.0.0',
  paths: vllm(SERVED_MODEL),
  chat: ({ body, closed }, response) => {
    const last = body.messages.at(-1)
    const begun = last?.role === 'assistant' ? last.content : ''
    let number = begun.split(' ').filter((word) => word !== '').length
    beginStream(response)
    const timer = setInterval(() => {
      number++
      // As a tokenizer has it: the space belongs to the word after it.
      if (number <= LAST_NUMBER) response.write(piece(`${number === 1 ? '' : ' '}${number}`))
      else {
        clearInterval(timer)
        response.end([piece(' '), finished(), usage(9, LAST_NUMBER + 1), event('[DONE]')].join(''))
      }
    }, EACH_MS)
    closed.addEventListener('abort', () => {
      clearInterval(timer)
      process.stdout.write('closed\n')
    })
  }
})
process.stdout.write(`${server.port}\n`)
