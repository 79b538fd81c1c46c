import { createInterface } from 'node:readline'
import { PromptTooLongError } from '../../src/errors.ts'
import type { AskOptions, Mesh } from '../../src/interface.ts'
import { answerData, gatherAnswer, noAnswer, showAnswer, type Answer } from '../answer.ts'
import { ASK_FLAGS, askOptions } from '../ask-flags.ts'
import { Conversation } from '../conversation.ts'
import { count } from '../human.ts'
import type { Output } from '../output.ts'
import { Prompt } from '../prompt.ts'
import { EXIT } from '../exit-codes.ts'
import { defineVerb, withMesh } from '../verb.ts'

export const chat = defineVerb({
  name: 'chat',
  summary: 'hold a conversation with the mesh',
  group: 'Everyday',
  usage: '',
  words: { min: 0, max: 0 },
  flags: ASK_FLAGS,
  notes: () => [
    'The conversation is forgotten when it ends. Without a terminal every line of standard input is one message.'
  ],
  async run({ doors, home, log, input, output, interruption, values }) {
    const { signal } = interruption
    const options = askOptions(values)
    const conversation = new Conversation()
    return withMesh(doors.visitMesh({ ...home, log, signal }), async (mesh) => {
      if (input.kind === 'terminal' && output.interactive && !output.json) {
        output.note('Ctrl-C stops an answer, Ctrl-D leaves.')
        const prompt = new Prompt({
          input: input.stream,
          output,
          label: 'chat> ',
          answer: (line, { signal }) => say(line, conversation, mesh, output, { ...options, signal })
        })
        await prompt.run({ signal })
        return EXIT.done
      }
      for await (const line of createInterface({ input: input.stream, signal })) {
        if (line.trim() !== '') {
          await say(line, conversation, mesh, output, { ...options, signal })
        }
      }
      signal.throwIfAborted()
      return EXIT.done
    })
  }
})

/** One turn. The oldest turns are left out, and that is said, until the rest fits the model's context. */
async function say(
  content: string,
  conversation: Conversation,
  mesh: Mesh,
  output: Output,
  options: AskOptions
): Promise<void> {
  let dropped = conversation.add({ role: 'user', content })
  for (;;) {
    const answer = noAnswer()
    try {
      const events = mesh.ask(conversation.messages, options)
      await (output.json ? gatherAnswer(events, answer) : showAnswer(events, output, answer, options))
      break
    } catch (error) {
      const gone = error instanceof PromptTooLongError && answer.text === '' ? conversation.dropOldest() : 0
      if (gone === 0) {
        if (answer.text === '') {
          conversation.takeBack()
        }
        throw error
      }
      dropped += gone
    } finally {
      keep(answer, conversation, output)
    }
  }
  if (dropped > 0) {
    output.note(`The oldest ${count(dropped, 'message')} no longer fit and were left out.`)
  }
}

/** What was answered, in part or in full, belongs to the conversation. */
function keep(answer: Answer, conversation: Conversation, output: Output): void {
  if (answer.text !== '') {
    conversation.add({ role: 'assistant', content: answer.text })
  }
  if (output.json && (answer.summary !== null || answer.text !== '')) {
    output.data(answerData(answer))
  }
}
